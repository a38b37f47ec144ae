export { BinlogError, type BinlogErrorCode, type BinlogErrorOptions } from '../errors.js';
export { type ColumnInput, type ColumnValue, fromDatum, toDatum } from './column-value.js';
export { type Datum, decodeDatums, encodeKey, encodeValue, nullDatum } from './datum.js';
export { type DecimalValue, decimalBytes, decimalOf, maxDecimalDigits } from './decimal.js';
export { defaultValue } from './default-value.js';
export { generalCiKey, generalCiWeight } from './general-ci.js';
export { Json, type JsonNumbers, type JsonValue } from './json.js';
export {
  decodeHandle,
  decodeTableKey,
  encodeHandle,
  encodeIndexKey,
  encodeMetaKey,
  encodeRowKey,
  type Handle,
  indexPrefix,
  type MetaKeyKind,
  rowPrefix,
  type TableKey,
  tablePrefix,
} from './keys.js';
export {
  type CollationKey,
  type CollationOptions,
  type DecodeRowOptions,
  decodeRow,
  type EncodeRowOptions,
  encodeRow,
  handleOf,
  keyDatum,
  type Row,
  type RowInput,
} from './row.js';
export type { Cell } from './row-v1.js';
export { datumOfRaw, encodeRowV2, type RawCell, readRowV2 } from './row-v2.js';
export {
  type CaseInsensitiveName,
  ColumnFlag,
  type ColumnInfo,
  ColumnState,
  ColumnType,
  type FieldTypeInfo,
  type IndexColumnInfo,
  type IndexInfo,
  type TableInfo,
} from './table-info.js';
export {
  dateText,
  durationText,
  packTime,
  parseDuration,
  parseTime,
  type TimeParts,
  timeText,
  unpackTime,
} from './time.js';
