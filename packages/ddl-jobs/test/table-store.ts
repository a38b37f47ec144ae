import {
  type ColumnInfo,
  DdlError,
  type IndexInfo,
  type ReorgBackend,
  type ReorgBatch,
  type ReorgRange,
  type ReorgTask,
  SchemaState,
  type TableInfo,
} from '../src/index.js';

export type Value = number | string | null;
/** A row as it lies in the store: by column id, so that a column that was added later is simply not there. */
type Row = Map<number, Value>;

const { DeleteOnly, WriteOnly, WriteReorganization, Public } = SchemaState;
const writable = (state: SchemaState) => state === Public || state === WriteOnly || state === WriteReorganization;
const deletable = (state: SchemaState) => writable(state) || state === DeleteOnly;

/**
 * Rows and index entries in memory, maintained by the rules of F1 from whatever TableInfo a node has: delete only is removed with its row and never
 * added, write only is maintained and never read. Several nodes with different versions of the table may use one store.
 */
export class TableStore {
  readonly rows = new Map<number, Row>();
  /** Per index id the entries: index key → handle. */
  readonly entries = new Map<number, Map<string, number>>();

  insert(table: TableInfo, handle: number, values: Readonly<Record<string, Value>>): boolean {
    if (this.rows.has(handle)) {
      return false;
    }
    const row: Row = new Map();
    for (const column of table.cols.filter((each) => writable(each.state))) {
      row.set(column.id, this.#written(table, column, values));
    }
    this.#checkUnique(table, handle, row);
    this.rows.set(handle, row);
    this.#index(table, handle, row, writable);
    return true;
  }

  update(table: TableInfo, handle: number, values: Readonly<Record<string, Value>>): boolean {
    const old = this.rows.get(handle);
    if (old === undefined) {
      return false;
    }
    const row: Row = new Map();
    for (const column of table.cols.filter((each) => writable(each.state))) {
      const kept = old.get(column.id);
      const source = sourceOf(table, column);
      const isNew = column.name.O in values || (source !== undefined && source.name.O in values);
      row.set(column.id, isNew || kept === undefined ? this.#written(table, column, values, old) : kept);
    }
    this.#checkUnique(table, handle, row);
    this.#unindex(table, handle, old);
    this.rows.set(handle, row);
    this.#index(table, handle, row, writable);
    return true;
  }

  delete(table: TableInfo, handle: number): boolean {
    const old = this.rows.get(handle);
    if (old === undefined) {
      return false;
    }
    this.#unindex(table, handle, old);
    this.rows.delete(handle);
    return true;
  }

  /** All rows as a node with this table sees them, by handle. */
  read(table: TableInfo): Map<number, Record<string, Value>> {
    const columns = table.cols.filter((column) => column.state === Public);
    return new Map(
      [...this.rows]
        .sort(([a], [b]) => a - b)
        .map(([handle, row]) => [
          handle,
          Object.fromEntries(columns.map((column) => [column.name.O, columnValue(row, column)])),
        ]),
    );
  }

  /** What is wrong between the rows and a public index, in words; undefined when they agree. */
  disagreement(table: TableInfo): string | undefined {
    for (const index of table.index_info.filter((each) => each.state === Public)) {
      const wanted = new Map<string, number>();
      for (const [handle, row] of this.rows) {
        wanted.set(entryKey(table, index, handle, row), handle);
      }
      const got = this.entries.get(index.id) ?? new Map();
      for (const key of new Set([...wanted.keys(), ...got.keys()])) {
        if (wanted.get(key) !== got.get(key)) {
          return `index ${index.idx_name.O}: entry ${key} points at ${got.get(key)}, the row says ${wanted.get(key)}`;
        }
      }
    }
    return undefined;
  }

  /** Deletes what indexes that no longer exist have left, as the delete-range worker does. */
  deleteRanges(table: TableInfo): void {
    for (const id of this.entries.keys()) {
      if (!table.index_info.some((index) => index.id === id)) {
        this.entries.delete(id);
      }
    }
  }

  /** Does one row of a backfill: doing it again changes nothing, and the row is taken as it is now. */
  backfillRow(task: Pick<ReorgTask, 'table' | 'indexes' | 'column' | 'check'>, handle: number): void {
    const row = this.rows.get(handle);
    if (row === undefined) {
      return;
    }
    if (task.check !== undefined && columnValue(row, task.check.from) === null) {
      throw new DdlError('DATA_TRUNCATED', `Data truncated for column '${task.check.from.name.O}' at row 1`);
    }
    if (task.column !== undefined) {
      row.set(task.column.to.id, convert(columnValue(row, task.column.from), task.column.to));
    }
    for (const index of task.indexes) {
      const holdsNull = index.idx_cols.some(({ name }) => {
        const column = task.table.cols.find((each) => each.name.L === name.L);
        return column !== undefined && columnValue(row, column) === null;
      });
      if (index.is_primary && holdsNull) {
        throw new DdlError('INVALID_USE_OF_NULL', 'Invalid use of NULL value');
      }
      const key = entryKey(task.table, index, handle, row);
      const entries = this.#entriesOf(index);
      const other = entries.get(key);
      if (index.is_unique && other !== undefined && other !== handle) {
        throw duplicate(task.table, index, row);
      }
      entries.set(key, handle);
    }
  }

  #written(table: TableInfo, column: ColumnInfo, values: Readonly<Record<string, Value>>, old?: Row): Value {
    const given = values[column.name.O];
    if (given !== undefined) {
      return given;
    }
    const source = sourceOf(table, column);
    if (source !== undefined) {
      return convert(
        values[source.name.O] ?? (old === undefined ? defaultOf(source) : columnValue(old, source)),
        column,
      );
    }
    return defaultOf(column);
  }

  #index(table: TableInfo, handle: number, row: Row, which: (state: SchemaState) => boolean): void {
    for (const index of table.index_info.filter((each) => which(each.state))) {
      this.#entriesOf(index).set(entryKey(table, index, handle, row), handle);
    }
  }

  #unindex(table: TableInfo, handle: number, row: Row): void {
    for (const index of table.index_info.filter((each) => deletable(each.state))) {
      const entries = this.#entriesOf(index);
      const key = entryKey(table, index, handle, row);
      if (entries.get(key) === handle) {
        entries.delete(key);
      }
    }
  }

  #checkUnique(table: TableInfo, handle: number, row: Row): void {
    for (const index of table.index_info.filter((each) => each.is_unique && writable(each.state))) {
      const other = this.#entriesOf(index).get(entryKey(table, index, handle, row));
      if (other !== undefined && other !== handle) {
        throw duplicate(table, index, row);
      }
    }
  }

  #entriesOf(index: IndexInfo): Map<string, number> {
    const entries = this.entries.get(index.id) ?? new Map<string, number>();
    this.entries.set(index.id, entries);
    return entries;
  }
}

/** A store as the owner's worker sees it. Handles are the keys, 4 bytes. */
export class StoreBackend implements ReorgBackend {
  readonly store: TableStore;
  /** Called before each batch: a test's place to wait, to fail, to change rows. */
  onBatch: (range: ReorgRange, batch: number) => Promise<void> | void = () => {};
  batches = 0;
  rows = 0;

  constructor(store: TableStore) {
    this.store = store;
  }

  async range(_task: ReorgTask, physicalId: number): Promise<ReorgRange | undefined> {
    const handles = [...this.store.rows.keys()].sort((a, b) => a - b);
    const [first, last] = [handles[0], handles.at(-1)];
    return first === undefined || last === undefined
      ? undefined
      : { physicalId, start: keyOf(first), end: keyOf(last + 1) };
  }

  async split(_task: ReorgTask, range: ReorgRange, parts: number): Promise<readonly ReorgRange[]> {
    const [start, end] = [handleOf(range.start), handleOf(range.end)];
    const size = Math.max(1, Math.ceil((end - start) / parts));
    const ranges: ReorgRange[] = [];
    for (let at = start; at < end; at += size) {
      ranges.push({ ...range, start: keyOf(at), end: keyOf(Math.min(at + size, end)) });
    }
    return ranges;
  }

  async backfill(task: ReorgTask, range: ReorgRange, options: { readonly batchSize: number }): Promise<ReorgBatch> {
    this.batches++;
    await this.onBatch(range, this.batches);
    const end = handleOf(range.end);
    let rows = 0;
    for (let handle = handleOf(range.start); handle < end; handle++) {
      if (rows === options.batchSize) {
        return { rows, next: keyOf(handle) };
      }
      if (this.store.rows.has(handle)) {
        this.store.backfillRow(task, handle);
        rows++;
        this.rows++;
      }
    }
    return { rows, next: undefined };
  }
}

function sourceOf(table: TableInfo, column: ColumnInfo): ColumnInfo | undefined {
  return column.change_state_info === null ? undefined : table.cols[column.change_state_info.relative_col_offset];
}

function defaultOf(column: ColumnInfo): Value {
  const value = column.default ?? column.origin_default;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function columnValue(row: Row, column: ColumnInfo): Value {
  const value = row.get(column.id);
  const origin = column.origin_default;
  return value !== undefined ? value : typeof origin === 'string' || typeof origin === 'number' ? origin : null;
}

/** To the type of a column: whole numbers to text and back. */
function convert(value: Value, column: ColumnInfo): Value {
  if (value === null) {
    return null;
  }
  return column.type.Tp === 15 ? String(value) : Number(value);
}

function entryKey(table: TableInfo, index: IndexInfo, handle: number, row: Row): string {
  const values = index.idx_cols.map((part) => {
    const column = table.cols.find((each) => each.name.L === part.name.L);
    return column === undefined ? null : columnValue(row, column);
  });
  const distinct = index.is_unique && !values.includes(null);
  return JSON.stringify(distinct ? values : [...values, { handle }]);
}

function duplicate(table: TableInfo, index: IndexInfo, row: Row): DdlError {
  const [part] = index.idx_cols;
  const column = table.cols.find((each) => each.name.L === part?.name.L);
  const value = column === undefined ? '' : columnValue(row, column);
  return new DdlError('DUPLICATE_ENTRY', `Duplicate entry '${value}' for key '${table.name.O}.${index.idx_name.O}'`);
}

function keyOf(handle: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(handle);
  return key;
}

function handleOf(key: Uint8Array): number {
  return Buffer.from(key).readUInt32BE();
}
