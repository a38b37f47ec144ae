import type { TableInfo } from '@tidb-js/ddl-jobs';
import { StorageError } from '../storage/errors.js';
import type { Storage } from '../storage/types.js';
import { metaOf } from './meta-access.js';
import type { AutoIds, TableEntry } from './types.js';

/** Ids taken from the store at once, as in TiDB, where AUTO_ID_CACHE does not say otherwise. */
const DEFAULT_STEP = 30_000n;
const MAX_ID = (1n << 63n) - 1n;
const MAX_CONFLICTS = 64;

type CallOptions = { readonly signal?: AbortSignal | undefined };

/** Ids that this node may still give: `next` up to `last`, while the table's AUTO_INCREMENT option is `base`. */
interface Range {
  readonly base: bigint;
  next: bigint;
  last: bigint;
}

/** Row ids and AUTO_INCREMENT values, taken from the store in ranges and handed out from memory. */
export class StoredAutoIds implements AutoIds {
  readonly #ranges = new Map<number, Range>();
  /** One refill a table at a time. */
  readonly #refills = new Map<number, Promise<void>>();

  constructor(private readonly storage: Storage) {}

  async next(entry: TableEntry, count: number, options: CallOptions = {}): Promise<bigint> {
    const wanted = BigInt(count);
    for (;;) {
      const range = this.#rangeOf(entry);
      if (range !== undefined && range.next + wanted - 1n <= range.last) {
        const first = range.next;
        range.next += wanted;
        return first;
      }
      await this.#refill(entry, wanted, options);
    }
  }

  async rebase(entry: TableEntry, value: bigint, options: CallOptions = {}): Promise<void> {
    const range = this.#rangeOf(entry);
    if (range !== undefined && value < range.next) return;
    if (range !== undefined && value <= range.last) {
      range.next = value + 1n;
      return;
    }
    await this.#update(entry, (stored) => (value > stored ? value : stored), options);
    this.#ranges.delete(entry.table.id);
  }

  /** The range of a table; none after ALTER TABLE … AUTO_INCREMENT, which says where the next one begins. */
  #rangeOf({ table }: TableEntry): Range | undefined {
    const range = this.#ranges.get(table.id);
    return range?.base === table.auto_inc_id ? range : undefined;
  }

  nextHere(table: TableInfo): bigint {
    return this.#ranges.get(table.id)?.next ?? (BigInt(table.auto_inc_id) || 1n);
  }

  async peek({ table, schema }: TableEntry): Promise<bigint> {
    const transaction = await this.storage.begin();
    try {
      return (await metaOf(transaction, {}, transaction).autoId(schema.id, table.id)) + 1n;
    } finally {
      await transaction.rollback();
    }
  }

  async #refill(entry: TableEntry, wanted: bigint, options: CallOptions): Promise<void> {
    const { id, auto_id_cache: cache } = entry.table;
    const running = this.#refills.get(id);
    if (running !== undefined) return running;
    const step = [wanted, cache > 0n ? cache : DEFAULT_STEP].reduce((a, b) => (a > b ? a : b));
    const refill = this.#update(
      entry,
      (stored) => {
        if (stored + wanted > MAX_ID)
          throw new StorageError('INVALID', 'Failed to read auto-increment value from storage engine');
        return stored + step > MAX_ID ? MAX_ID : stored + step;
      },
      options,
    ).then(({ before, after }) => {
      this.#ranges.set(id, { base: entry.table.auto_inc_id, next: before + 1n, last: after });
    });
    this.#refills.set(id, refill);
    try {
      await refill;
    } finally {
      this.#refills.delete(id);
    }
  }

  /** Moves the stored counter; another node that was first makes this begin anew. */
  async #update({ table, schema }: TableEntry, move: (stored: bigint) => bigint, options: CallOptions) {
    for (let conflicts = 0; ; conflicts += 1) {
      const transaction = await this.storage.begin(options);
      try {
        const meta = metaOf(transaction, options, transaction);
        const before = await meta.autoId(schema.id, table.id);
        const after = move(before);
        if (after !== before) meta.setAutoId(schema.id, table.id, after);
        await transaction.commit(options);
        return { before, after };
      } catch (error) {
        await transaction.rollback();
        const conflict = error instanceof StorageError && error.code === 'WRITE_CONFLICT';
        if (!conflict || conflicts >= MAX_CONFLICTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4 * (conflicts + 1)));
      }
    }
  }
}
