import type { FieldType } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { TypeName } from '../parse/ast.js';
import { charsetNamed, collationKey, collationNamed, maxBytesPerChar } from '../types/charset.js';
import { Flag, isBlobType, makeType, Tp } from '../types/field-type.js';

/** Character set and collation that a column has when it names none. */
export interface CharsetDefaults {
  readonly charset: string;
  readonly collate: string;
}

const INTEGERS: Readonly<Record<string, readonly [number, number, number]>> = {
  tinyint: [Tp.Tiny, 4, 3],
  smallint: [Tp.Short, 6, 5],
  mediumint: [Tp.Int24, 9, 8],
  int: [Tp.Long, 11, 10],
  bigint: [Tp.LongLong, 20, 20],
};

const BLOBS: Readonly<Record<string, readonly [number, number]>> = {
  tinyblob: [Tp.TinyBlob, 255],
  blob: [Tp.Blob, 65_535],
  mediumblob: [Tp.MediumBlob, 16_777_215],
  longblob: [Tp.LongBlob, 4_294_967_295],
  tinytext: [Tp.TinyBlob, 255],
  text: [Tp.Blob, 65_535],
  mediumtext: [Tp.MediumBlob, 16_777_215],
  longtext: [Tp.LongBlob, 4_294_967_295],
};

/** The type of a column from its definition. Errors name the column and the limit: 1074, 1425, 1426, 1427, 1439, 1291, 1063. */
export function columnType(column: string, name: TypeName, defaults: CharsetDefaults): FieldType {
  const signs = (name.unsigned ? Flag.Unsigned : 0) | (name.zerofill ? Flag.ZeroFill : 0);
  const integer = INTEGERS[name.name];
  if (integer !== undefined) {
    const [tp, signed, unsigned] = integer;
    const width = name.length ?? (name.unsigned ? unsigned : signed);
    return makeType(tp, { Flag: signs, Flen: width, Decimal: 0 });
  }
  const blob = BLOBS[name.name];
  if (blob !== undefined) return blobType(column, name, blob, defaults);
  const fsp = name.length ?? 0;
  switch (name.name) {
    case 'bool':
    case 'boolean':
      return makeType(Tp.Tiny, { Flen: 1, Decimal: 0 });
    case 'bit': {
      const bits = name.length ?? 1;
      if (bits > 64) throw tooWide(column, 64);
      if (bits === 0) throw new SqlError(3013, `Invalid size for column '${column}'.`);
      return makeType(Tp.Bit, { Flag: Flag.Unsigned, Flen: bits, Decimal: 0 });
    }
    case 'decimal':
      return decimalColumn(column, name, signs);
    case 'float':
    case 'double':
      return realColumn(column, name, signs);
    case 'year':
      if (name.length !== undefined && name.length !== 4)
        throw new SqlError(1818, 'Supports only YEAR or YEAR(4) column');
      return makeType(Tp.Year, { Flag: Flag.Unsigned | Flag.ZeroFill, Flen: 4, Decimal: 0 });
    case 'date':
      return makeType(Tp.Date, { Flag: Flag.Binary, Flen: 10, Decimal: 0 });
    case 'time':
      return makeType(Tp.Duration, {
        Flag: Flag.Binary,
        Flen: fsp === 0 ? 10 : 11 + fsp,
        Decimal: checkedFsp(column, fsp),
      });
    case 'datetime':
    case 'timestamp':
      return makeType(name.name === 'datetime' ? Tp.DateTime : Tp.Timestamp, {
        Flag: Flag.Binary,
        Flen: fsp === 0 ? 19 : 20 + fsp,
        Decimal: checkedFsp(column, fsp),
      });
    case 'json':
      return makeType(Tp.Json, { Flag: Flag.Binary, Flen: 4_294_967_295, Decimal: 0 });
    case 'enum':
    case 'set':
      return elementsType(column, name, defaults);
    default:
      return stringColumn(column, name, defaults);
  }
}

function checkedFsp(column: string, fsp: number): number {
  if (fsp > 6) throw new SqlError(1426, `Too big precision ${fsp} specified for column '${column}'. Maximum is 6.`);
  return fsp;
}

function tooWide(column: string, max: number): SqlError {
  return new SqlError(1439, `Display width out of range for column '${column}' (max = ${max})`);
}

function decimalColumn(column: string, name: TypeName, signs: number): FieldType {
  const precision = name.length === undefined || name.length === 0 ? 10 : name.length;
  const scale = name.decimals ?? 0;
  if (scale > 30) throw new SqlError(1425, `Too big scale ${scale} specified for column '${column}'. Maximum is 30.`);
  if (precision > 65)
    throw new SqlError(1426, `Too big precision ${precision} specified for column '${column}'. Maximum is 65.`);
  if (scale > precision) throw scaleBeyond(column);
  return makeType(Tp.NewDecimal, { Flag: signs, Flen: precision, Decimal: scale });
}

function scaleBeyond(column: string): SqlError {
  return new SqlError(1427, `For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '${column}').`);
}

function realColumn(column: string, name: TypeName, signs: number): FieldType {
  const { length, decimals } = name;
  if (decimals !== undefined && length !== undefined) {
    if (length > 255) throw tooWide(column, 255);
    if (decimals > 30)
      throw new SqlError(1425, `Too big scale ${decimals} specified for column '${column}'. Maximum is 30.`);
    if (decimals > length) throw scaleBeyond(column);
    return makeType(name.name === 'float' ? Tp.Float : Tp.Double, { Flag: signs, Flen: length, Decimal: decimals });
  }
  if (length !== undefined && length > 53)
    throw new SqlError(1063, `Incorrect column specifier for column '${column}'`);
  const isDouble = name.name === 'double' || (length ?? 0) > 24;
  return makeType(isDouble ? Tp.Double : Tp.Float, { Flag: signs, Flen: isDouble ? 22 : 12, Decimal: -1 });
}

/** The character set of a column, from its own words or from its table. */
export function resolveCharset(
  charset: string | undefined,
  collate: string | undefined,
  defaults: CharsetDefaults,
): CharsetDefaults {
  if (collate !== undefined) {
    const collation = collationNamed(collate);
    if (charset !== undefined && charsetNamed(charset).name !== collation.charset) {
      throw new SqlError(1253, `COLLATION '${collation.name}' is not valid for CHARACTER SET '${charset}'`);
    }
    return { charset: collation.charset, collate: collation.name };
  }
  if (charset === undefined) return defaults;
  const found = charsetNamed(charset);
  return { charset: found.name, collate: found.defaultCollation };
}

function textCharset(name: TypeName, defaults: CharsetDefaults): CharsetDefaults {
  const { charset, collate } = resolveCharset(name.charset, name.collate, defaults);
  return {
    charset,
    collate: name.binary && name.collate === undefined ? charsetNamed(charset).defaultCollation : collate,
  };
}

function elementsType(column: string, name: TypeName, defaults: CharsetDefaults): FieldType {
  const { charset, collate } = textCharset(name, defaults);
  const elements = (name.elements ?? []).map((each) => each.replace(/ +$/, ''));
  const isSet = name.name === 'set';
  const seen = new Set<string>();
  for (const element of elements) {
    const key = collationKey(element, collate);
    if (seen.has(key))
      throw new SqlError(1291, `Column '${column}' has duplicated value '${element}' in ${isSet ? 'SET' : 'ENUM'}`);
    if (isSet && element.includes(',')) throw new SqlError(1367, `Illegal set '${element}' value found during parsing`);
    seen.add(key);
  }
  if (isSet && elements.length > 64) throw new SqlError(1097, `Too many strings for column ${column} and SET`);
  const lengths = elements.map((each) => [...each].length);
  const flen = isSet
    ? lengths.reduce((sum, each) => sum + each, 0) + Math.max(elements.length - 1, 0)
    : Math.max(0, ...lengths);
  return makeType(isSet ? Tp.Set : Tp.Enum, {
    Flen: flen,
    Decimal: 0,
    Charset: charset,
    Collate: collate,
    Elems: elements,
  });
}

function stringColumn(column: string, name: TypeName, defaults: CharsetDefaults): FieldType {
  const isFixed = name.name === 'char' || name.name === 'binary';
  const { charset, collate } =
    name.name === 'binary' || name.name === 'varbinary'
      ? { charset: 'binary', collate: 'binary' }
      : textCharset(name, defaults);
  const length = name.length ?? 1;
  const max = isFixed ? 255 : Math.floor(65_535 / maxBytesPerChar(charset));
  if (length > max)
    throw new SqlError(1074, `Column length too big for column '${column}' (max = ${max}); use BLOB or TEXT instead`);
  return makeType(isFixed ? Tp.String : Tp.VarChar, {
    Flag: charset === 'binary' ? Flag.Binary : 0,
    Flen: length,
    Decimal: 0,
    Charset: charset,
    Collate: collate,
  });
}

function blobType(
  column: string,
  name: TypeName,
  [tp, flen]: readonly [number, number],
  defaults: CharsetDefaults,
): FieldType {
  const binary = name.name.endsWith('blob');
  const { charset, collate } = binary ? { charset: 'binary', collate: 'binary' } : textCharset(name, defaults);
  let chosen: readonly [number, number] = [tp, flen];
  if (name.length !== undefined) {
    if (name.length > 4_294_967_295) throw tooWide(column, 4_294_967_295);
    const bytes = name.length * maxBytesPerChar(charset);
    chosen = Object.values(BLOBS).find(([, limit]) => bytes <= limit) ?? [Tp.LongBlob, 4_294_967_295];
  }
  return makeType(chosen[0], {
    Flag: charset === 'binary' ? Flag.Binary : 0,
    Flen: chosen[1],
    Decimal: 0,
    Charset: charset,
    Collate: collate,
  });
}

/** Types that need a prefix length in an index, and take no default. */
export function isLong({ Tp: tp }: FieldType): boolean {
  return isBlobType(tp) || tp === Tp.Json;
}
