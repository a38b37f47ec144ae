import type { Pump } from './pump-pool.js';

/** Which pumps have a transaction's Prewrite. */
export interface Holders {
  /** The one that acknowledged it; undefined when none did. */
  readonly acknowledged: Pump | undefined;
  /** Those that may have stored it without an acknowledgement. They get the outcome too, so that they need not ask the storage. */
  readonly possible: readonly Pump[];
}

/** Remembers where the Prewrites went, so that the outcome follows them. Bounded: the oldest are forgotten first. */
export class PrewriteHolders {
  readonly #limit: number;
  readonly #byStartTs = new Map<bigint, Holders>();
  /** How many were forgotten before their outcome came. Their pumps ask the storage. */
  forgotten = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byStartTs.size;
  }

  remember(startTs: bigint, holders: Holders): void {
    if (holders.acknowledged === undefined && holders.possible.length === 0) return;
    this.#byStartTs.set(startTs, holders);
    for (const oldest of this.#byStartTs.keys()) {
      if (this.#byStartTs.size <= this.#limit) break;
      this.#byStartTs.delete(oldest);
      this.forgotten++;
    }
  }

  /** What is known, once. */
  take(startTs: bigint): Holders | undefined {
    const holders = this.#byStartTs.get(startTs);
    this.#byStartTs.delete(startTs);
    return holders;
  }
}
