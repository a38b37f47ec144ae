import type { ColumnInfo, IndexInfo, TableInfo } from '@tidb-js/ddl-jobs';
import { isBinaryString } from '../types/field-type.js';
import { toBytes, toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';

/** The key of a row in an index, as the error of a duplicate shows it. */
export function keyText(table: TableInfo, index: Pick<IndexInfo, 'idx_cols'>, row: readonly SqlValue[]): string {
  return index.idx_cols.map(({ offset, length }) => shown(row[offset] ?? null, table.cols[offset], length)).join('-');
}

/** A part of a key as an error shows it: as much as the index holds, and of bytes those that are no printable ASCII by their numbers. */
export function shown(value: SqlValue, column: ColumnInfo | undefined, length = -1): string {
  if (value === null) return 'NULL';
  const isBytes = Buffer.isBuffer(value) || (column !== undefined && isBinaryString(column.type));
  if (!isBytes) return length < 0 ? toText(value) : [...toText(value)].slice(0, length).join('');
  const bytes = length < 0 ? toBytes(value) : toBytes(value).subarray(0, length);
  return [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
