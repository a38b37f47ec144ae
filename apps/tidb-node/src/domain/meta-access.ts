import { Meta } from '@tidb-js/ddl-jobs';
import { idOf } from '../storage/buffer.js';
import { StorageError } from '../storage/errors.js';
import type { Snapshot, StoreCallOptions, Transaction } from '../storage/types.js';

interface Waiting {
  readonly key: Uint8Array;
  readonly resolve: (value: Buffer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys read once each, those that are asked for at the same moment together. */
class Reads {
  private readonly known = new Map<string, Promise<Buffer | undefined>>();
  private waiting: Waiting[] = [];

  constructor(
    private readonly reader: Snapshot,
    private readonly options: StoreCallOptions,
  ) {}

  get(key: Uint8Array): Promise<Buffer | undefined> {
    const id = idOf(key);
    const known = this.known.get(id) ?? this.ask(key);
    this.known.set(id, known);
    return known;
  }

  private ask(key: Uint8Array): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      if (this.waiting.length === 1) queueMicrotask(() => void this.read());
    });
  }

  private async read(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    try {
      const values = await this.reader.batchGet(
        waiting.map(({ key }) => key),
        this.options,
      );
      for (const [at, { resolve }] of waiting.entries()) resolve(values[at]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** The metadata as a reader of the store sees it at one moment; what is written goes to `writer`, and without one nothing can be. */
export function metaOf(reader: Snapshot, options: StoreCallOptions, writer?: Transaction): Meta {
  const writable = () => {
    if (writer === undefined) throw new StorageError('INVALID', 'a snapshot of the metadata cannot be written to');
    return writer;
  };
  const reads = new Reads(reader, options);
  return new Meta({
    // A writer sees what it has written.
    get: (key) => (writer === undefined ? reads.get(key) : reader.get(key, options)),
    scan: async (range, scanOptions = {}) => {
      const pairs = [];
      for await (const pair of reader.scan(range, { ...options, ...scanOptions })) pairs.push(pair);
      return pairs;
    },
    set: (key, value) => writable().set(key, value),
    delete: (key) => writable().delete(key),
  });
}
