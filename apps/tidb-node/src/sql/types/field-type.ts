import { ColumnFlag, type FieldType as StoredType } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { ResultColumn } from '../types.js';
import { collationId, collationNamed, maxBytesPerChar } from './charset.js';

/** The type of a column or an expression. */
export type FieldType = StoredType & {
  /** How weakly its collation holds against another's: 0 said by COLLATE, 2 a column's (also where nothing is said), 4 a literal's. */
  readonly coercibility?: number;
};

/** MySQL's type bytes. */
export const Tp = {
  Tiny: 1,
  Short: 2,
  Long: 3,
  Float: 4,
  Double: 5,
  Null: 6,
  Timestamp: 7,
  LongLong: 8,
  Int24: 9,
  Date: 10,
  Duration: 11,
  DateTime: 12,
  Year: 13,
  VarChar: 15,
  Bit: 16,
  Json: 245,
  NewDecimal: 246,
  Enum: 247,
  Set: 248,
  TinyBlob: 249,
  MediumBlob: 250,
  LongBlob: 251,
  Blob: 252,
  VarString: 253,
  String: 254,
} as const;

/** Column flags beyond those that schema changes need. */
export const Flag = {
  ...ColumnFlag,
  Blob: 16,
  ZeroFill: 64,
  Binary: 128,
  Enum: 256,
  Timestamp: 1024,
  Set: 2048,
  OnUpdateNow: 8192,
  IsBoolean: 1 << 19,
} as const;

/** How values of a type are computed with. */
export type EvaluationKind = 'int' | 'real' | 'decimal' | 'string' | 'datetime' | 'duration' | 'json';

export function makeType(tp: number, more: Partial<FieldType> = {}): FieldType {
  return { Tp: tp, Flag: 0, Flen: -1, Decimal: -1, Charset: 'binary', Collate: 'binary', Elems: null, ...more };
}

export const INT_TYPE = makeType(Tp.LongLong, { Flag: Flag.Binary, Flen: 20, Decimal: 0 });
export const UINT_TYPE = makeType(Tp.LongLong, { Flag: Flag.Binary | Flag.Unsigned, Flen: 20, Decimal: 0 });
export const BOOLEAN_TYPE = makeType(Tp.LongLong, { Flag: Flag.Binary | Flag.IsBoolean, Flen: 1, Decimal: 0 });
export const DOUBLE_TYPE = makeType(Tp.Double, { Flag: Flag.Binary, Flen: 23, Decimal: -1 });
export const NULL_TYPE = makeType(Tp.Null, { Flag: Flag.Binary, Flen: 0, Decimal: 0 });
export const JSON_TYPE = makeType(Tp.Json, {
  Flag: Flag.Binary,
  Flen: 4_194_304,
  Charset: 'utf8mb4',
  Collate: 'utf8mb4_bin',
});
export const DATE_TYPE = makeType(Tp.Date, { Flag: Flag.Binary, Flen: 10, Decimal: 0 });

export function stringType(length: number, collate = 'utf8mb4_bin'): FieldType {
  const { charset } = collationNamed(collate);
  return makeType(Tp.VarString, { Flen: length, Decimal: 31, Charset: charset, Collate: collate });
}

/** The collation that texts of these types are compared by, and their result has; numbers have no say. Error 1267 when none is stronger. */
export function commonCollation(
  types: readonly FieldType[],
  operation: string,
): { readonly collate: string; readonly coercibility: number } {
  let best: { readonly collate: string; readonly charset: string; readonly coercibility: number } | undefined;
  for (const type of types) {
    if (!isStringType(type) && type.Elems === null) continue;
    const { Collate: collate, Charset: charset, coercibility = 2 } = type;
    if (best === undefined || coercibility < best.coercibility) best = { collate, charset, coercibility };
    else if (coercibility === best.coercibility && collate !== best.collate) {
      best = between(best, { collate, charset, coercibility }, operation);
    }
  }
  return best ?? { collate: 'utf8mb4_bin', coercibility: 4 };
}

interface Candidate {
  readonly collate: string;
  readonly charset: string;
  readonly coercibility: number;
}

/** Of two collations that hold equally: bytes before text, a _bin one before others of its character set, utf8mb4 before the rest. */
function between(a: Candidate, b: Candidate, operation: string): Candidate {
  const wins = (one: Candidate, other: Candidate) =>
    one.charset === 'binary' ||
    (one.charset === other.charset && one.collate.endsWith('_bin')) ||
    (one.charset !== other.charset && one.charset === 'utf8mb4') ||
    (one.charset === 'utf8' && (other.charset === 'latin1' || other.charset === 'ascii')) ||
    (one.charset === 'latin1' && other.charset === 'ascii');
  if (a.coercibility > 0 && wins(a, b)) return a;
  if (a.coercibility > 0 && wins(b, a)) return b;
  const shown = ({ collate, coercibility }: Candidate) => `(${collate},${COERCIBILITY[coercibility] ?? 'COERCIBLE'})`;
  throw new SqlError(1267, `Illegal mix of collations ${shown(a)} and ${shown(b)} for operation '${operation}'`);
}

const COERCIBILITY: readonly string[] = [
  'EXPLICIT',
  'NONE',
  'IMPLICIT',
  'SYSCONST',
  'COERCIBLE',
  'NUMERIC',
  'IGNORABLE',
];

/** A text of so many characters that is made from texts of these types. */
export function textType(length: number, types: readonly FieldType[], operation: string): FieldType {
  const { collate, coercibility } = commonCollation(types, operation);
  return collate === 'binary' ? bytesType(length) : { ...stringType(length, collate), coercibility };
}

export function bytesType(length: number): FieldType {
  return makeType(Tp.VarString, { Flag: Flag.Binary, Flen: length, Decimal: 31 });
}

export function decimalType(precision: number, scale: number): FieldType {
  return makeType(Tp.NewDecimal, {
    Flag: Flag.Binary,
    Flen: Math.min(Math.max(precision, scale, 1), 65),
    Decimal: Math.min(scale, 30),
  });
}

export function dateTimeType(fsp: number): FieldType {
  return makeType(Tp.DateTime, { Flag: Flag.Binary, Flen: fsp === 0 ? 19 : 20 + fsp, Decimal: fsp });
}

export function durationType(fsp: number): FieldType {
  return makeType(Tp.Duration, { Flag: Flag.Binary, Flen: fsp === 0 ? 10 : 11 + fsp, Decimal: fsp });
}

export function isUnsigned(type: FieldType): boolean {
  return (type.Flag & Flag.Unsigned) !== 0;
}

export function isIntegerType({ Tp: tp }: FieldType): boolean {
  return tp === Tp.Tiny || tp === Tp.Short || tp === Tp.Int24 || tp === Tp.Long || tp === Tp.LongLong;
}

/** CHAR, VARCHAR, BINARY, VARBINARY and the TEXT and BLOB types. */
export function isStringType({ Tp: tp }: FieldType): boolean {
  return tp === Tp.VarChar || tp === Tp.VarString || tp === Tp.String || isBlobType(tp);
}

/** A type of bytes, not characters. */
export function isBinaryString(type: FieldType): boolean {
  return isStringType(type) && type.Charset === 'binary';
}

export function isBlobType(tp: number): boolean {
  return tp >= Tp.TinyBlob && tp <= Tp.Blob;
}

export function evaluationKind(type: FieldType): EvaluationKind {
  switch (type.Tp) {
    case Tp.Tiny:
    case Tp.Short:
    case Tp.Int24:
    case Tp.Long:
    case Tp.LongLong:
    case Tp.Year:
    case Tp.Bit:
      return 'int';
    case Tp.Float:
    case Tp.Double:
      return 'real';
    case Tp.NewDecimal:
      return 'decimal';
    case Tp.Date:
    case Tp.DateTime:
    case Tp.Timestamp:
      return 'datetime';
    case Tp.Duration:
      return 'duration';
    case Tp.Json:
      return 'json';
    default:
      return 'string';
  }
}

/** The definition of a result's column, as TiDB sends it for a value of this type. */
export function resultColumn(type: FieldType, names: Pick<ResultColumn, 'name'> & Partial<ResultColumn>): ResultColumn {
  const text = isStringType(type) || type.Tp === Tp.Enum || type.Tp === Tp.Set;
  const width = widthOf(type, text);
  const protocolType = type.Tp === Tp.VarChar ? Tp.VarString : type.Tp;
  const isEnum = type.Tp === Tp.Enum || type.Tp === Tp.Set;
  return {
    orgName: '',
    table: '',
    orgTable: '',
    db: '',
    type: isEnum ? Tp.String : protocolType,
    charset: text || type.Tp === Tp.Json ? collationId(type.Collate) : 63,
    length: width,
    flags: protocolFlags(type),
    decimals: type.Decimal < 0 ? (text ? 31 : evaluationKind(type) === 'real' ? 31 : 0) : type.Decimal,
    ...names,
  };
}

/** Bytes of the widest value; a decimal's sign and point count. */
function widthOf(type: FieldType, text: boolean): number {
  const width = Math.max(type.Flen, 0);
  if (type.Tp === Tp.NewDecimal) return width + 1 + (type.Decimal > 0 ? 1 : 0);
  const bytes = text ? maxBytesPerChar(type.Charset) : 1;
  return Math.min(width, Math.floor(4_294_967_295 / bytes)) * bytes;
}

/** The flags of the protocol's two bytes. */
function protocolFlags(type: FieldType): number {
  let flags = type.Flag & 0xffff;
  if (type.Tp === Tp.Enum) flags |= Flag.Enum;
  if (type.Tp === Tp.Set) flags |= Flag.Set;
  return flags;
}
