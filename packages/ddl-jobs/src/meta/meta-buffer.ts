import type { MetaPair, MetaRange, MetaScanOptions, MetaTransaction } from './storage.js';

/** What reads and writes of the metadata go through. */
export interface MetaAccess {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  scan(range: MetaRange, options?: MetaScanOptions): Promise<readonly MetaPair[]>;
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
}

interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

type Layer = Map<string, Write>;

/**
 * The writes of a transaction, held back until its end, in layers: the steps of several jobs share one transaction, and the layer of a step
 * that fails is thrown away without touching the others. Reads are remembered, because a transaction sees one moment anyway.
 */
export class MetaBuffer implements MetaAccess {
  readonly #transaction: MetaTransaction;
  readonly #signal: AbortSignal;
  readonly #reads = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #base: Layer = new Map();
  #step: Layer | undefined;

  constructor(transaction: MetaTransaction, signal: AbortSignal) {
    this.#transaction = transaction;
    this.#signal = signal;
  }

  /** How many keys will be written. */
  get writes(): number {
    return this.#base.size + (this.#step?.size ?? 0);
  }

  /** How many bytes will be written, keys included. */
  get bytes(): number {
    let bytes = 0;
    for (const layer of [this.#base, this.#step ?? []]) {
      for (const [, write] of layer) {
        bytes += write.key.length + (write.value?.length ?? 0);
      }
    }
    return bytes;
  }

  /** Opens the layer of a step: from here on writes can be thrown away together. */
  beginStep(): void {
    this.#step = new Map();
  }

  /** Keeps what the step wrote. */
  keepStep(): void {
    for (const [id, write] of this.#step ?? []) {
      this.#base.set(id, write);
    }
    this.#step = undefined;
  }

  /** Throws away what the step wrote. */
  dropStep(): void {
    this.#step = undefined;
  }

  /** Fetches keys that will be read soon, together. */
  async prefetch(keys: readonly Uint8Array[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#read(key)));
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const id = idOf(key);
    const write = this.#step?.get(id) ?? this.#base.get(id);
    return write === undefined ? this.#read(key) : write.value;
  }

  async scan(range: MetaRange, options: MetaScanOptions = {}): Promise<readonly MetaPair[]> {
    const pairs = new Map<string, MetaPair>();
    // The limit counts after the writes of this transaction are laid over what is stored, so it cannot be handed on as it is.
    const own = [...this.#base.values(), ...(this.#step?.values() ?? [])].filter((write) => within(write.key, range));
    const limit = options.limit === undefined ? {} : { limit: options.limit + own.length };
    for (const pair of await this.#transaction.scan(range, { signal: this.#signal, ...options, ...limit })) {
      pairs.set(idOf(pair.key), pair);
    }
    for (const write of own) {
      if (write.value === undefined) {
        pairs.delete(idOf(write.key));
      } else {
        pairs.set(idOf(write.key), { key: write.key, value: write.value });
      }
    }
    const sorted = [...pairs.values()].sort((a, b) => Buffer.compare(a.key, b.key));
    if (options.reverse === true) {
      sorted.reverse();
    }
    return options.limit === undefined ? sorted : sorted.slice(0, options.limit);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    (this.#step ?? this.#base).set(idOf(key), { key, value });
  }

  delete(key: Uint8Array): void {
    (this.#step ?? this.#base).set(idOf(key), { key, value: undefined });
  }

  /** Hands all writes to the transaction. */
  flush(): void {
    for (const { key, value } of this.#base.values()) {
      if (value === undefined) {
        this.#transaction.delete(key);
      } else {
        this.#transaction.set(key, value);
      }
    }
  }

  #read(key: Uint8Array): Promise<Uint8Array | undefined> {
    const id = idOf(key);
    let read = this.#reads.get(id);
    if (read === undefined) {
      read = this.#transaction.get(key, { signal: this.#signal });
      this.#reads.set(id, read);
    }
    return read;
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function within(key: Uint8Array, range: MetaRange): boolean {
  return Buffer.compare(key, range.start) >= 0 && Buffer.compare(key, range.end) < 0;
}
