import type { MutationBuffer } from '@tidb-js/binlog';
import { type ColumnInput, encodeHandle, encodeRow, type Handle } from '@tidb-js/binlog/codec';
import { type IndexInfo, SchemaState, type TableInfo } from '@tidb-js/ddl-jobs';
import { StorageError } from '../../storage/errors.js';
import type { Transaction } from '../../storage/types.js';
import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import { toColumnInput } from '../table/column-value.js';
import { entryHandle, type IndexEntry, indexEntry } from '../table/index-entry.js';
import { keyText, shown } from '../table/key-text.js';
import { decodeStoredRow, handleOfRow, layoutOf, rowKey, type TableLayout } from '../table/layout.js';
import { castForColumn, type WriteRules } from '../types/column-cast.js';
import { toText } from '../types/text.js';
import type { Row, SqlValue } from '../types/value.js';

/** What a write meets when a unique key is taken. */
export interface Conflict {
  readonly handle: Handle;
  readonly row: Row;
  readonly keyName: string;
  readonly values: string;
}

/**
 * Writes rows of one table into a transaction: the row, its index entries, its part of the binlog. Indexes and columns on their way in
 * or out are kept as their schema states ask: a delete-only index loses entries and gains none, a write-only one is written in full.
 */
export class RowWriter {
  readonly layout: TableLayout;
  private readonly deletable: readonly IndexInfo[];
  private readonly insertable: readonly IndexInfo[];

  constructor(
    readonly table: TableInfo,
    private readonly txn: Transaction,
    private readonly mutations: MutationBuffer,
    private readonly evaluation: Evaluation,
    private readonly rules: WriteRules,
    /** Error 1062 for keys that are checked when the transaction commits, by key. */
    private readonly uniqueKeys: Map<string, () => SqlError>,
  ) {
    this.layout = layoutOf(table);
    const own = table.index_info.filter((index) => !(index.is_primary && table.is_common_handle));
    this.deletable = own.filter((index) => index.state !== SchemaState.None);
    this.insertable = own.filter(
      ({ state }) =>
        state === SchemaState.Public || state === SchemaState.WriteOnly || state === SchemaState.WriteReorganization,
    );
  }

  /** Fills columns that a schema change computes from the one they replace. */
  private complete(row: Row): Row {
    for (const column of this.layout.writable) {
      const from = column.change_state_info;
      if (column.state === SchemaState.Public || from === null || from === undefined) continue;
      row[column.offset] = castForColumn(
        row[from.relative_col_offset] ?? null,
        column.name.O,
        column.type,
        this.rules,
        1,
      );
    }
    return row;
  }

  /** The row that already has a unique key of this one; undefined when there is none. */
  async conflict(row: Row, handle: Handle | undefined): Promise<Conflict | undefined> {
    const zone = this.evaluation.session.timeZone;
    if (handle !== undefined && (this.table.pk_is_handle || this.table.is_common_handle)) {
      const key = rowKey(this.layout, handle);
      const value = await this.txn.get(key);
      if (value !== undefined)
        return {
          handle,
          row: decodeStoredRow(this.layout, handle, value, zone),
          keyName: 'PRIMARY',
          values: this.primaryText(row),
        };
    }
    for (const index of this.insertable) {
      if (!index.is_unique) continue;
      const entry = indexEntry(this.layout.physicalId, this.table, index, row, handle ?? 0n, zone);
      if (!entry.distinct) continue;
      const value = await this.txn.get(entry.key);
      if (value === undefined) continue;
      const found = entryHandle(this.table, index, entry.key, value);
      const stored = await this.txn.get(rowKey(this.layout, found));
      if (stored === undefined) continue;
      return {
        handle: found,
        row: decodeStoredRow(this.layout, found, stored, zone),
        keyName: index.idx_name.O,
        values: keyText(this.table, index, row),
      };
    }
    return undefined;
  }

  /** Error 1062 in TiDB's words. */
  duplicate(conflict: Pick<Conflict, 'keyName' | 'values'>): SqlError {
    return new SqlError(
      1062,
      `Duplicate entry '${conflict.values}' for key '${this.table.name.O}.${conflict.keyName}'`,
    );
  }

  /** Writes a new row. The caller has looked for conflicts, or `check` leaves that to the commit. */
  insert(row: Row, handle: Handle): void {
    const whole = this.complete(row);
    this.txn.set(rowKey(this.layout, handle), encodeRow(this.table, this.input(whole)));
    for (const index of this.insertable) this.put(this.entry(index, whole, handle));
    this.mutations.insert(this.table, this.input(whole), handle);
  }

  /** Writes a new row whose keys are checked when the transaction commits: no read is made. Error 1062 then names the key. */
  insertUnchecked(row: Row, handle: Handle): void {
    const whole = this.complete(row);
    const value = encodeRow(this.table, this.input(whole));
    const key = rowKey(this.layout, handle);
    if (this.table.pk_is_handle || this.table.is_common_handle) {
      this.insertKey(key, value, () => this.duplicate({ keyName: 'PRIMARY', values: this.primaryText(whole) }));
    } else this.txn.set(key, value);
    for (const index of this.insertable) {
      const entry = this.entry(index, whole, handle);
      if (!entry.distinct) this.put(entry);
      else {
        const error = () => this.duplicate({ keyName: index.idx_name.O, values: keyText(this.table, index, whole) });
        this.insertKey(entry.key, entry.value, error);
      }
    }
    this.mutations.insert(this.table, this.input(whole), handle);
  }

  private insertKey(key: Buffer, value: Buffer, error: () => SqlError): void {
    try {
      this.txn.insert(key, value);
    } catch (cause) {
      throw StorageError.is(cause) && cause.code === 'KEY_EXISTS' ? error() : cause;
    }
    this.uniqueKeys.set(key.toString('latin1'), error);
  }

  delete(row: Row, handle: Handle): void {
    this.txn.delete(rowKey(this.layout, handle));
    for (const index of this.deletable) this.txn.delete(this.entry(index, row, handle).key);
    this.mutations.delete(this.table, this.input(row, true), handle);
  }

  /** Changes a row; a change of its handle moves it, also to where its collation sees no difference. Error 1062 when a unique key is taken. */
  async update(before: Row, after: Row, handle: Handle): Promise<void> {
    const zone = this.evaluation.session.timeZone;
    const whole = this.complete(after);
    const moved = handleOfRow(this.layout, whole, zone) ?? handle;
    if (!sameHandle(moved, handle) || this.rewritesHandle(before, whole)) {
      this.delete(before, handle);
      const conflict = await this.conflict(whole, moved);
      if (conflict !== undefined) throw this.duplicate(conflict);
      this.insert(whole, moved);
      return;
    }
    this.txn.set(rowKey(this.layout, handle), encodeRow(this.table, this.input(whole)));
    for (const index of this.deletable) {
      const old = this.entry(index, before, handle);
      const fresh = this.insertable.includes(index) ? this.entry(index, whole, handle) : undefined;
      if (fresh?.key.equals(old.key) === true && fresh.value.equals(old.value)) continue;
      if (fresh?.distinct === true && !fresh.key.equals(old.key) && (await this.txn.get(fresh.key)) !== undefined) {
        throw this.duplicate({ keyName: index.idx_name.O, values: keyText(this.table, index, whole) });
      }
      this.txn.delete(old.key);
      if (fresh !== undefined) this.put(fresh);
    }
    this.mutations.update(this.table, this.input(before), this.input(whole), handle);
  }

  private rewritesHandle(before: Row, after: Row): boolean {
    const text = (value: SqlValue | undefined) => (value === null || value === undefined ? null : toText(value));
    return this.layout.clustered.some(({ column: { offset } }) => text(before[offset]) !== text(after[offset]));
  }

  private entry(index: IndexInfo, row: Row, handle: Handle): IndexEntry {
    return indexEntry(this.layout.physicalId, this.table, index, row, handle, this.evaluation.session.timeZone);
  }

  private put({ key, value }: IndexEntry): void {
    this.txn.set(key, value);
  }

  /** The row by column names, as the codec takes it. Virtual columns belong to deleted rows only. */
  private input(row: Row, withVirtual = false): Record<string, ColumnInput> {
    const zone = this.evaluation.session.timeZone;
    const input: Record<string, ColumnInput> = {};
    for (const column of this.table.cols) {
      const isVirtual = column.generated_expr_string !== '' && !column.generated_stored;
      if (isVirtual && !withVirtual) continue;
      input[column.name.O] = toColumnInput(row[column.offset] ?? null, column, zone);
    }
    return input;
  }

  private primaryText(row: Row): string {
    const { handleColumn, clustered } = this.layout;
    const columns = handleColumn === undefined ? clustered.map(({ column }) => column) : [handleColumn];
    const { primary } = this;
    return columns
      .map((column, at) => shown(row[column.offset] ?? null, column, primary?.idx_cols[at]?.length))
      .join('-');
  }

  private get primary(): IndexInfo | undefined {
    return this.table.index_info.find((index) => index.is_primary);
  }
}

export function sameHandle(a: Handle, b: Handle): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') return a === b;
  return encodeHandle(a).equals(encodeHandle(b));
}
