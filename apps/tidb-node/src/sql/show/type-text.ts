import type { FieldType } from '@tidb-js/ddl-jobs';
import { Flag, Tp } from '../types/field-type.js';

const INTEGER_NAMES: Readonly<Record<number, string>> = {
  [Tp.Tiny]: 'tinyint',
  [Tp.Short]: 'smallint',
  [Tp.Int24]: 'mediumint',
  [Tp.Long]: 'int',
  [Tp.LongLong]: 'bigint',
};

const BLOB_SIZES: Readonly<Record<number, string>> = {
  [Tp.TinyBlob]: 'tiny',
  [Tp.Blob]: '',
  [Tp.MediumBlob]: 'medium',
  [Tp.LongBlob]: 'long',
};

/** The name of a type alone: 'varchar', 'int' (information_schema's DATA_TYPE). */
export function typeName(type: FieldType): string {
  const integer = INTEGER_NAMES[type.Tp];
  if (integer !== undefined) return integer;
  const size = BLOB_SIZES[type.Tp];
  const binary = type.Charset === 'binary';
  if (size !== undefined) return size + (binary ? 'blob' : 'text');
  switch (type.Tp) {
    case Tp.Float:
      return 'float';
    case Tp.Double:
      return 'double';
    case Tp.NewDecimal:
      return 'decimal';
    case Tp.Date:
      return 'date';
    case Tp.DateTime:
      return 'datetime';
    case Tp.Timestamp:
      return 'timestamp';
    case Tp.Duration:
      return 'time';
    case Tp.Year:
      return 'year';
    case Tp.Bit:
      return 'bit';
    case Tp.Json:
      return 'json';
    case Tp.Enum:
      return 'enum';
    case Tp.Set:
      return 'set';
    case Tp.String:
      return binary ? 'binary' : 'char';
    case Tp.Null:
      return 'binary';
    default:
      return binary ? 'varbinary' : 'varchar';
  }
}

/** A type in full: 'int(10) unsigned', "enum('x','y')". */
export function typeText(type: FieldType): string {
  const name = typeName(type);
  const signs = `${(type.Flag & Flag.Unsigned) !== 0 ? ' unsigned' : ''}${(type.Flag & Flag.ZeroFill) !== 0 ? ' zerofill' : ''}`;
  switch (type.Tp) {
    case Tp.Tiny:
    case Tp.Short:
    case Tp.Int24:
    case Tp.Long:
    case Tp.LongLong:
      return `${name}(${type.Flen})${signs}`;
    case Tp.Float:
    case Tp.Double:
      return type.Decimal >= 0 ? `${name}(${type.Flen},${type.Decimal})${signs}` : name + signs;
    case Tp.NewDecimal:
      return `${name}(${type.Flen},${Math.max(type.Decimal, 0)})${signs}`;
    case Tp.DateTime:
    case Tp.Timestamp:
    case Tp.Duration:
      return type.Decimal > 0 ? `${name}(${type.Decimal})` : name;
    case Tp.Year:
    case Tp.Bit:
    case Tp.String:
    case Tp.VarChar:
    case Tp.VarString:
      return `${name}(${type.Flen})`;
    case Tp.Enum:
    case Tp.Set:
      return `${name}(${(type.Elems ?? []).map((each) => `'${each.replaceAll("'", "''")}'`).join(',')})`;
    default:
      return name;
  }
}
