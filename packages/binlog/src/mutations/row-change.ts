import type { Handle } from '../codec/keys.js';
import type { Row } from '../codec/row.js';
import type { TableInfo } from '../codec/table-info.js';
import { BinlogError } from '../errors.js';
import { MutationType, type TableMutation } from '../wire/binlog.js';
import {
  decodeDeletedId,
  decodeDeletedPk,
  decodeDeletedRow,
  decodeInsertedRow,
  decodeUpdatedRow,
} from './row-layout.js';

/** One row's change. `handle` is what the binlog says of the row's handle. */
export type RowChange =
  | { readonly type: 'insert'; readonly after: Row; readonly handle: Handle | undefined }
  | {
      readonly type: 'update';
      /** Undefined in binlogs of TiDB before February 2017, for tables with a primary key. */
      readonly before: Row | undefined;
      readonly after: Row;
      readonly handle: Handle | undefined;
    }
  | { readonly type: 'delete'; readonly before: Row; readonly handle: Handle | undefined };

/**
 * The changes of one table, in the order in which the transaction made them. Reads every layout since October 2016. A binlog without
 * a `sequence` (before November 2016) gives inserts, updates, deletes.
 *
 * @throws BinlogError `MALFORMED` when the sequence and the lists do not fit each other, or a row does not fit the table.
 */
export function decodeChanges(table: TableInfo, mutation: TableMutation): RowChange[] {
  const lists = [
    { type: MutationType.Insert, rows: mutation.insertedRows.values(), decode: insert },
    { type: MutationType.Update, rows: mutation.updatedRows.values(), decode: update },
    { type: MutationType.DeleteID, rows: mutation.deletedIds.values(), decode: deleteById },
    { type: MutationType.DeletePK, rows: mutation.deletedPks.values(), decode: deleteByPk },
    { type: MutationType.DeleteRow, rows: mutation.deletedRows.values(), decode: deleteRow },
  ] as const;
  const next = (list: (typeof lists)[number]): RowChange | undefined => {
    const { value, done } = list.rows.next();
    if (done === true || value === undefined) return undefined;
    return list.decode(table, value as Uint8Array & bigint);
  };
  const changes: RowChange[] = [];
  const misfit = (what: string) =>
    new BinlogError('MALFORMED', `table ${table.name.O}: the sequence of changes and the rows do not fit: ${what}`);
  for (const type of mutation.sequence) {
    const list = lists.find((candidate) => candidate.type === type);
    if (list === undefined) throw misfit(`${type} is no kind of change`);
    const change = next(list);
    if (change === undefined) throw misfit(`no row is left for a change of kind ${type}`);
    changes.push(change);
  }
  for (const list of lists) {
    for (let change = next(list); change !== undefined; change = next(list)) {
      if (mutation.sequence.length > 0) throw misfit(`a row of kind ${list.type} is not in the sequence`);
      changes.push(change);
    }
  }
  return changes;
}

function insert(table: TableInfo, bytes: Uint8Array): RowChange {
  const { row, handle } = decodeInsertedRow(table, bytes);
  return { type: 'insert', after: row, handle };
}

function update(table: TableInfo, bytes: Uint8Array): RowChange {
  const { before, after } = decodeUpdatedRow(table, bytes);
  return { type: 'update', before: before?.row, after: after.row, handle: after.handle };
}

function deleteRow(table: TableInfo, bytes: Uint8Array): RowChange {
  const { row, handle } = decodeDeletedRow(table, bytes);
  return { type: 'delete', before: row, handle };
}

function deleteById(table: TableInfo, id: bigint): RowChange {
  const { row, handle } = decodeDeletedId(table, id);
  return { type: 'delete', before: row, handle };
}

function deleteByPk(table: TableInfo, bytes: Uint8Array): RowChange {
  const { row, handle } = decodeDeletedPk(table, bytes);
  return { type: 'delete', before: row, handle };
}
