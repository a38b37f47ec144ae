import { decodeTableKey, rowPrefix } from '@tidb-js/binlog/codec';
import {
  DdlError,
  type IndexInfo,
  type ReorgBackend,
  type ReorgBatch,
  type ReorgRange,
  type ReorgTask,
} from '@tidb-js/ddl-jobs';
import { entryHandle, type IndexEntry, indexEntry } from '../sql/table/index-entry.js';
import { decodeStoredRow, layoutOf, rowKey, type TableLayout } from '../sql/table/layout.js';
import { TimeZone } from '../sql/types/time-zone.js';
import type { SqlValue } from '../sql/types/value.js';
import { StorageError } from '../storage/errors.js';
import type { Pair, Storage, Transaction } from '../storage/types.js';

interface CallOptions {
  readonly signal: AbortSignal;
}

/** Entries hold times in UTC, whatever zone a session has. */
export const UTC = TimeZone.named('UTC');

/** How often a batch is done again at once when writers change its rows meanwhile; each time with half as many rows. */
const TRIES = 8;

/**
 * Fills new indexes from the rows of a table. A batch reads rows and writes their entries in one transaction that locks the rows, so a
 * row that a writer changes meanwhile makes the batch fail and be done again: the writer, who maintains the index already, wins.
 */
export class IndexBackfill implements ReorgBackend {
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
        return await this.attempt(task, range, size, signal);
      } catch (error) {
        if (!StorageError.is(error) || !error.retryable || attempt >= TRIES) throw error;
        size = Math.max(1, size >> 1);
      }
    }
  }

  private async attempt(task: ReorgTask, range: ReorgRange, size: number, signal: AbortSignal): Promise<ReorgBatch> {
    await using transaction = await this.storage.begin({ signal });
    const rows: Pair[] = [];
    for await (const row of transaction.scan(range, { limit: size, signal })) rows.push(row);
    const layout: TableLayout = { ...layoutOf(task.table), physicalId: range.physicalId };
    const entries = rows.flatMap((row) => entriesOf(layout, task.indexes, row));
    await this.write(layout, entries, transaction, signal);
    transaction.lockKeys(rows.map(({ key }) => key));
    await transaction.commit({ signal });
    const last = rows.at(-1);
    const next = rows.length < size || last === undefined ? undefined : Buffer.concat([last.key, Buffer.of(0)]);
    return { rows: rows.length, next };
  }

  /** Entries that are there already are left; one of another row under a distinct key ends the job. */
  private async write(
    layout: TableLayout,
    entries: readonly RowEntry[],
    transaction: Transaction,
    signal: AbortSignal,
  ): Promise<void> {
    const present = await transaction.snapshot.batchGet(
      entries.map(({ entry }) => entry.key),
      { signal },
    );
    for (const [at, { index, entry, row, key }] of entries.entries()) {
      const there = transaction.buffered(entry.key) ?? present[at];
      if (there !== undefined && entry.distinct) {
        const owner = rowKey(layout, entryHandle(layout.table, index, entry.key, there));
        if (!owner.equals(key)) throw duplicate(layout, index, row);
      }
      transaction.set(entry.key, entry.value);
    }
  }
}

interface RowEntry {
  readonly index: IndexInfo;
  readonly entry: IndexEntry;
  readonly row: readonly SqlValue[];
  /** The row's own key. */
  readonly key: Buffer;
}

function entriesOf(layout: TableLayout, indexes: readonly IndexInfo[], { key, value }: Pair): RowEntry[] {
  const place = decodeTableKey(key);
  if (place.kind !== 'row')
    throw new StorageError('CORRUPT', `the key ${key.toString('hex')} is no row of a table`, { key });
  const row = decodeStoredRow(layout, place.handle, value, UTC);
  return indexes.map((index) => ({
    index,
    row,
    key,
    entry: indexEntry(layout.physicalId, layout.table, index, row, place.handle, UTC),
  }));
}

function duplicate({ table }: TableLayout, index: IndexInfo, row: readonly SqlValue[]): DdlError {
  const values = index.idx_cols.map(({ offset }) => String(row[offset] ?? 'NULL')).join('-');
  return new DdlError('DUPLICATE_ENTRY', `Duplicate entry '${values}' for key '${table.name.O}.${index.idx_name.O}'`);
}

/** What this cannot fill must be refused: an element that looks public and lacks rows would be a wrong result. */
function refuseWhatIsMissing({ table, indexes, column }: ReorgTask): void {
  if (column !== undefined) {
    throw new DdlError(
      'UNSUPPORTED',
      `Unsupported modify column: the rows of '${table.name.O}' would have to be rewritten`,
    );
  }
  for (const { idx_cols, idx_name } of indexes) {
    for (const { offset, name } of idx_cols) {
      const part = table.cols[offset];
      if (part !== undefined && part.generated_expr_string !== '' && !part.generated_stored) {
        throw new DdlError('UNSUPPORTED', `Unsupported add index '${idx_name.O}' on the virtual column '${name.O}'`);
      }
    }
  }
}
