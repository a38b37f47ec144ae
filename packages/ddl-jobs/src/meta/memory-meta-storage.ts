import { DdlError } from '../errors.js';
import type { MetaChange, MetaPair, MetaRange, MetaScanOptions, MetaStorage, MetaTransaction } from './storage.js';
import { ClockTimestamps, type Timestamps } from './timestamps.js';

interface Version {
  readonly revision: number;
  readonly value: Uint8Array | undefined;
}

/**
 * The metadata in this process alone, for an app's own tests and for programs that are a single process: nothing is durable, and the owner's
 * fence is not looked at because there is no second process to fence off.
 */
export class MemoryMetaStorage implements MetaStorage {
  readonly maxWrites: number;
  readonly #timestamps: Timestamps;
  /** All versions of each key, oldest first; keys as latin1 text, whose order is that of the bytes. */
  readonly #keys = new Map<string, Version[]>();
  readonly #watchers = new Set<(changes: readonly MetaChange[]) => void>();
  #revision = 0;

  constructor(options: { readonly timestamps?: Timestamps; readonly maxWrites?: number } = {}) {
    this.#timestamps = options.timestamps ?? new ClockTimestamps();
    this.maxWrites = options.maxWrites ?? 1000;
  }

  async begin(options: { readonly signal?: AbortSignal } = {}): Promise<MetaTransaction> {
    const startTs = await this.#timestamps.next(options);
    const snapshot = this.#revision;
    const writes = new Map<string, Uint8Array | undefined>();
    return {
      startTs,
      get: async (key) => {
        const id = idOf(key);
        return writes.has(id) ? writes.get(id) : this.#at(id, snapshot);
      },
      scan: async (range, scanOptions) => this.#scan(range, snapshot, writes, scanOptions),
      set: (key, value) => {
        writes.set(idOf(key), value);
      },
      delete: (key) => {
        writes.set(idOf(key), undefined);
      },
      primaryKey: () => {
        const [first] = writes.keys();
        return first === undefined ? undefined : Buffer.from(first, 'latin1');
      },
      commit: async () => {
        this.#commit(snapshot, writes);
        return { commitTs: await this.#timestamps.next(options) };
      },
      rollback: async () => writes.clear(),
    };
  }

  async *watch(range: MetaRange, options: { readonly signal: AbortSignal }): AsyncIterable<readonly MetaChange[]> {
    const waiting: (readonly MetaChange[])[] = [[]];
    let wake = (): void => {};
    const watcher = (changes: readonly MetaChange[]): void => {
      const mine = changes.filter((change) => within(idOf(change.key), range));
      if (mine.length > 0) {
        waiting.push(mine);
        wake();
      }
    };
    const onAbort = (): void => wake();
    this.#watchers.add(watcher);
    options.signal.addEventListener('abort', onAbort);
    try {
      while (!options.signal.aborted) {
        const batch = waiting.shift();
        if (batch !== undefined) {
          yield batch;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#watchers.delete(watcher);
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  #at(id: string, snapshot: number): Uint8Array | undefined {
    return this.#keys.get(id)?.findLast((version) => version.revision <= snapshot)?.value;
  }

  #scan(
    range: MetaRange,
    snapshot: number,
    writes: ReadonlyMap<string, Uint8Array | undefined>,
    options: MetaScanOptions = {},
  ): readonly MetaPair[] {
    const ids = new Set([...this.#keys.keys(), ...writes.keys()]);
    const pairs: MetaPair[] = [];
    for (const id of [...ids].filter((each) => within(each, range)).sort()) {
      const value = writes.has(id) ? writes.get(id) : this.#at(id, snapshot);
      if (value !== undefined) {
        pairs.push({ key: Buffer.from(id, 'latin1'), value });
      }
    }
    const ordered = options.reverse === true ? pairs.reverse() : pairs;
    return options.limit === undefined ? ordered : ordered.slice(0, options.limit);
  }

  #commit(snapshot: number, writes: Map<string, Uint8Array | undefined>): void {
    for (const id of writes.keys()) {
      if ((this.#keys.get(id)?.at(-1)?.revision ?? 0) > snapshot) {
        throw new DdlError('CONFLICT', 'another transaction changed the same metadata first');
      }
    }
    this.#revision++;
    const changes: MetaChange[] = [];
    for (const [id, value] of writes) {
      const versions = this.#keys.get(id) ?? [];
      versions.push({ revision: this.#revision, value });
      this.#keys.set(id, versions);
      changes.push({ key: Buffer.from(id, 'latin1'), value });
    }
    writes.clear();
    for (const watcher of this.#watchers) {
      watcher(changes);
    }
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function within(id: string, range: MetaRange): boolean {
  return id >= idOf(range.start) && id < idOf(range.end);
}
