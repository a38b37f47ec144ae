import { BinlogError } from '../errors.js';

/** The state of a client that commits go by without a binlog, and the transactions for which that holds. */
export class Skipping {
  /** Whether binlogs are skipped. */
  active = false;
  readonly #limit: number;
  readonly #skipped = new Set<bigint>();
  #whenNone: (() => void)[] = [];

  /** `limit`: transactions that are remembered. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Transactions whose outcome is still to come. */
  get size(): number {
    return this.#skipped.size;
  }

  /** A transaction's Prewrite is skipped, so its outcome will be. */
  add(startTs: bigint): void {
    if (this.#skipped.size < this.#limit) this.#skipped.add(startTs);
  }

  /** A transaction ended; true when its Prewrite was skipped. */
  take(startTs: bigint): boolean {
    const skipped = this.#skipped.delete(startTs);
    if (skipped && this.#skipped.size === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
    return skipped;
  }

  /**
   * Ends the skipping, and waits for the transactions that were skipped to end.
   *
   * @throws BinlogError `ABORTED`
   */
  async end(signal: AbortSignal): Promise<void> {
    this.active = false;
    if (this.#skipped.size === 0) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () =>
        reject(new BinlogError('ABORTED', 'the wait was ended by its signal', { cause: signal.reason }));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#whenNone.push(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}
