const logicalBits = 18n;

/** Gives a storage's transactions their timestamps: ms << 18 | logical, each greater than the one before. */
export interface Timestamps {
  next(options?: { readonly signal?: AbortSignal }): Promise<bigint>;
}

/**
 * Timestamps from this machine's clock: strictly ascending in this process, whatever the clock does, and across processes as near to one another as
 * their clocks. They tell people when a job began and ended; nothing is decided by them. An app with an oracle hands in its own.
 */
export class ClockTimestamps implements Timestamps {
  readonly #now: () => number;
  #last = 0n;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async next(): Promise<bigint> {
    const now = BigInt(this.#now()) << logicalBits;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}
