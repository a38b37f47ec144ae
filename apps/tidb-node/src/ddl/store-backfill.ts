import { type ColumnInput, decodeTableKey, encodeRow, rowPrefix } from '@tidb-js/binlog/codec';
import {
  type ColumnInfo,
  type CountedWarning,
  DdlError,
  type IndexInfo,
  type ReorgBackend,
  type ReorgBatch,
  type ReorgRange,
  type ReorgTask,
} from '@tidb-js/ddl-jobs';
import { SqlError } from '../sql/errors.js';
import { sqlModesOf, strictnessOf } from '../sql/sql-mode.js';
import { toColumnInput } from '../sql/table/column-value.js';
import { entryHandle, type IndexEntry, indexEntry } from '../sql/table/index-entry.js';
import { keyText } from '../sql/table/key-text.js';
import { decodeStoredRow, layoutOf, rowKey, type TableLayout } from '../sql/table/layout.js';
import { castForColumn, isNotNull, type WriteRules, zeroValue } from '../sql/types/column-cast.js';
import { toText } from '../sql/types/text.js';
import { TimeZone, UTC } from '../sql/types/time-zone.js';
import type { SqlValue } from '../sql/types/value.js';
import { StorageError } from '../storage/errors.js';
import type { KeyRange, Pair, Snapshot, Storage, Timestamp, Transaction } from '../storage/types.js';

interface CallOptions {
  readonly signal: AbortSignal;
}

/** How the values of a task are converted, and what that warned of. */
class Conversion {
  readonly zone: TimeZone;
  readonly rules: WriteRules;
  private readonly warned = new Map<number, CountedWarning>();

  /** A job that does not say how is held to the strictest rules. */
  constructor({ session }: ReorgTask) {
    this.zone = session === undefined ? UTC : TimeZone.at(session.location);
    const { strict, noZeroDate, noZeroInDate } =
      session === undefined
        ? { strict: true, noZeroDate: true, noZeroInDate: true }
        : strictnessOf(sqlModesOf(session.sqlMode));
    this.rules = {
      strict,
      noZeroDate,
      noZeroInDate,
      wording: 'query',
      zone: this.zone,
      warn: (code, message) => {
        const first = { class: 20, code, message, rfccode: `types:${code}` };
        const { warning = first, count = 0 } = this.warned.get(code) ?? {};
        this.warned.set(code, { warning, count: count + 1 });
      },
    };
  }

  get warnings(): readonly CountedWarning[] {
    return [...this.warned.values()];
  }
}

/** How often a batch is done again at once when writers change its rows meanwhile; each time with half as many rows. */
const TRIES = 8;

/** The rows of a batch, as of a point in time. */
interface RowPage {
  readonly asOf: Timestamp;
  readonly rows: readonly Pair[];
}

/** A page that was asked for before its batch was, by one run of a backfill. */
interface PageAhead {
  readonly task: ReorgTask;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly size: number;
  readonly page: Promise<RowPage>;
}

/**
 * Fills new indexes and rewritten columns from the rows of a table, and checks that rows fit a narrower column. A row that a writer changes while
 * its batch is at work makes the batch fail and be done again: the writer, who maintains the new element already, wins. Rows that are rewritten are
 * locked for that by a transaction; entries of indexes alone, which nobody reads yet, are put without locks while the next rows are read.
 */
export class StoreBackfill implements ReorgBackend {
  private ahead: PageAhead | undefined;

  constructor(private readonly storage: Storage) {}

  async range(task: ReorgTask, physicalId: number, { signal }: CallOptions): Promise<ReorgRange | undefined> {
    refuseWhatIsMissing(task);
    const start = rowPrefix(BigInt(physicalId));
    const end = Buffer.from(start);
    end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
    for await (const first of this.storage.latest().scan({ start, end }, { limit: 1, signal })) {
      return { physicalId, start: first.key, end };
    }
    return undefined;
  }

  /** One part: the number of rows between two keys is not known without reading them. */
  async split(_task: ReorgTask, range: ReorgRange): Promise<readonly ReorgRange[]> {
    return [range];
  }

  async backfill(
    task: ReorgTask,
    range: ReorgRange,
    { batchSize, signal }: CallOptions & { readonly batchSize: number },
  ): Promise<ReorgBatch> {
    refuseWhatIsMissing(task);
    let size = batchSize;
    for (let attempt = 1; ; attempt++) {
      try {
        if (task.column !== undefined || task.check !== undefined) return await this.rewrite(task, range, size, signal);
        return await this.fill(task, range, size, signal);
      } catch (error) {
        if (!StorageError.is(error) || !error.retryable || attempt >= TRIES) throw error;
        size = Math.max(1, size >> 1);
      }
    }
  }

  private async fill(task: ReorgTask, range: ReorgRange, size: number, signal: AbortSignal): Promise<ReorgBatch> {
    const { asOf, rows } = await this.page(task, range, size, signal);
    const next = nextStart(rows, size);
    if (next !== undefined) this.readAhead(task, { ...range, start: next }, size, signal);
    const layout: TableLayout = { ...layoutOf(task.table), physicalId: range.physicalId };
    const entries = rows.flatMap((row) => entriesOf(layout, task.indexes, row));
    await this.refuseDuplicates(layout, entries, asOf, signal);
    const puts = entries.map(({ entry, key }) => ({
      key: entry.key,
      value: entry.value,
      // An entry that is not distinct names its row, so nobody touches it who does not touch the row.
      guards: entry.distinct ? [key, entry.key] : [key],
    }));
    await this.storage.putUnread(puts, asOf, { signal });
    return { rows: rows.length, next };
  }

  /**
   * The first rows of a range: those read ahead, or, when a batch is done again, as they are now. What another run read ahead is of no use: rows
   * may have come since that no index of this one's was written for.
   */
  private page(task: ReorgTask, { start, end }: ReorgRange, size: number, signal: AbortSignal): Promise<RowPage> {
    const { ahead } = this;
    this.ahead = undefined;
    const fits =
      ahead?.task === task &&
      ahead.size === size &&
      Buffer.compare(ahead.start, start) === 0 &&
      Buffer.compare(ahead.end, end) === 0;
    return fits ? ahead.page : this.read({ start, end }, size, signal);
  }

  private readAhead(task: ReorgTask, { start, end }: ReorgRange, size: number, signal: AbortSignal): void {
    const page = this.read({ start, end }, size, signal);
    // Who asks for the page hears of its error; perhaps nobody does.
    page.catch(() => undefined);
    this.ahead = { task, start, end, size, page };
  }

  private async read(range: KeyRange, size: number, signal: AbortSignal): Promise<RowPage> {
    const snapshot = await this.storage.present({ signal });
    return { asOf: snapshot.ts, rows: await rowsIn(snapshot, range, size, signal) };
  }

  /** An entry of another row under a distinct key ends the job, whether it is stored or in the same batch. */
  private async refuseDuplicates(
    layout: TableLayout,
    entries: readonly RowEntry[],
    asOf: Timestamp,
    signal: AbortSignal,
  ): Promise<void> {
    const distinct = entries.filter(({ entry }) => entry.distinct);
    if (distinct.length === 0) return;
    const keys = distinct.map(({ entry }) => entry.key);
    const stored = await this.storage.snapshot(asOf).batchGet(keys, { signal });
    const owners = new Map<string, Buffer>();
    for (const [at, { index, entry, row, key }] of distinct.entries()) {
      const place = entry.key.toString('latin1');
      const there = owners.get(place) ?? stored[at];
      owners.set(place, entry.value);
      if (there !== undefined && !rowKey(layout, entryHandle(layout.table, index, entry.key, there)).equals(key))
        throw duplicate(layout, index, row);
    }
  }

  private async rewrite(task: ReorgTask, range: ReorgRange, size: number, signal: AbortSignal): Promise<ReorgBatch> {
    await using transaction = await this.storage.begin({ signal });
    const rows = await rowsIn(transaction, range, size, signal);
    const layout: TableLayout = { ...layoutOf(task.table), physicalId: range.physicalId };
    // The entries are those of the rows as they become: a rewritten column is in its indexes with its new value.
    const conversion = new Conversion(task);
    const fittedRows = rows.map((row) => fitColumns(task, layout, row, transaction, conversion));
    const entries = fittedRows.flatMap((row) => entriesOf(layout, task.indexes, row));
    await this.refuseDuplicates(layout, entries, transaction.startTs, signal);
    for (const { entry } of entries) transaction.set(entry.key, entry.value);
    transaction.lockKeys(rows.map(({ key }) => key));
    await transaction.commit({ signal });
    return { rows: rows.length, next: nextStart(rows, size), warnings: conversion.warnings };
  }
}

async function rowsIn(source: Snapshot, range: KeyRange, limit: number, signal: AbortSignal): Promise<Pair[]> {
  const rows: Pair[] = [];
  for await (const row of source.scan(range, { limit, signal })) rows.push(row);
  return rows;
}

/** Where the batch after these rows begins; undefined after the last. */
function nextStart(rows: readonly Pair[], size: number): Buffer | undefined {
  const last = rows.at(-1);
  return rows.length < size || last === undefined ? undefined : Buffer.concat([last.key, Buffer.of(0)]);
}

interface RowEntry {
  readonly index: IndexInfo;
  readonly entry: IndexEntry;
  readonly row: readonly SqlValue[];
  /** The row's own key. */
  readonly key: Buffer;
}

/** A row in the zone of a session, or in UTC, which entries hold their times in. */
function rowOf(layout: TableLayout, { key, value }: Pair, zone = UTC) {
  const place = decodeTableKey(key);
  if (place.kind !== 'row')
    throw new StorageError('CORRUPT', `the key ${key.toString('hex')} is no row of a table`, { key });
  return { handle: place.handle, row: decodeStoredRow(layout, place.handle, value, zone) };
}

function entriesOf(layout: TableLayout, indexes: readonly IndexInfo[], pair: Pair): RowEntry[] {
  const { handle, row } = rowOf(layout, pair);
  return indexes.map((index) => {
    if (index.is_primary && index.idx_cols.some(({ offset }) => (row[offset] ?? null) === null))
      throw new DdlError('INVALID_USE_OF_NULL', 'Invalid use of NULL value');
    const entry = indexEntry(layout.physicalId, layout.table, index, row, handle, UTC);
    return { index, row, key: pair.key, entry };
  });
}

/** Checks a row against a narrower column, and writes the value of a column that is rewritten; the row as it is then. */
function fitColumns(
  { check, column }: ReorgTask,
  layout: TableLayout,
  pair: Pair,
  transaction: Transaction,
  { zone, rules }: Conversion,
): Pair {
  if (check === undefined && column === undefined) return pair;
  const { row } = rowOf(layout, pair, zone);
  // What stays as it is has to fit.
  if (check !== undefined) fitted(row[check.from.offset] ?? null, check.from, check.to, { ...rules, strict: true });
  if (column === undefined) return pair;
  const target = layout.byId.get(column.to.id) ?? column.to;
  row[target.offset] = fitted(row[column.from.offset] ?? null, column.from, target, rules);
  const input: Record<string, ColumnInput> = {};
  for (const each of layout.table.cols) {
    const isVirtual = each.generated_expr_string !== '' && !each.generated_stored;
    if (!isVirtual) input[each.name.O] = toColumnInput(row[each.offset] ?? null, each, zone);
  }
  const value = encodeRow(layout.table, input);
  transaction.set(pair.key, value);
  return { ...pair, value };
}

/** A value of one column as another holds it. */
function fitted(value: SqlValue, from: ColumnInfo, to: ColumnInfo, rules: WriteRules): SqlValue {
  if (value === null) {
    if (isNotNull(to.type)) throw dataTruncated(1265, `Data truncated for column '${from.name.O}' at row 1`);
    return null;
  }
  const told = (code: number, message: string) => inRewrite(code, message, from.name.O, value);
  const warn = (code: number, message: string) => rules.warn(...told(code, message));
  try {
    return castForColumn(value, from.name.O, to.type, { ...rules, warn }, 1);
  } catch (cause) {
    if (!SqlError.is(cause)) throw cause;
    if (cause.errno === 3140 && !rules.strict) {
      rules.warn(cause.errno, cause.message);
      return isNotNull(to.type) ? zeroValue(to.type) : null;
    }
    throw dataTruncated(...told(cause.errno, cause.message), cause);
  }
}

/** TiDB's words for what does not fit, when there is no statement whose rows could be counted. */
function inRewrite(
  code: number,
  message: string,
  name: string,
  value: Exclude<SqlValue, null>,
): [code: number, message: string] {
  if (code === 1265 || code === 1406) return [1265, `Data truncated for column '${name}', value is '${toText(value)}'`];
  if (code === 1264) return [1264, `Out of range value for column '${name}', the value is '${toText(value)}'`];
  return [code, message.replace(/^Incorrect date value/, 'Incorrect datetime value')];
}

function dataTruncated(errno: number, message: string, cause?: SqlError): DdlError {
  const { sqlState } = new SqlError(errno, message);
  return new DdlError('DATA_TRUNCATED', message, { cause, errno, sqlState });
}

function duplicate({ table }: TableLayout, index: IndexInfo, row: readonly SqlValue[]): DdlError {
  return new DdlError(
    'DUPLICATE_ENTRY',
    `Duplicate entry '${keyText(table, index, row)}' for key '${table.name.O}.${index.idx_name.O}'`,
  );
}

/** What this cannot fill must be refused: an element that looks public and lacks rows would be a wrong result. */
function refuseWhatIsMissing({ table, indexes }: ReorgTask): void {
  for (const { idx_cols, idx_name } of indexes) {
    for (const { offset, name } of idx_cols) {
      const part = table.cols[offset];
      if (part !== undefined && part.generated_expr_string !== '' && !part.generated_stored) {
        throw new DdlError('UNSUPPORTED', `Unsupported add index '${idx_name.O}' on the virtual column '${name.O}'`);
      }
    }
  }
}
