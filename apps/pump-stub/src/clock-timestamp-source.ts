import { type TimestampSource, timestampOfMs } from './timestamp-source.js';

/**
 * This machine's clock, held back by the error that clocks may have. For clusters without a PD whose programs take their
 * timestamps from their own clocks or from an oracle that follows them: it must not be ahead of any of them.
 */
export class ClockTimestampSource implements TimestampSource {
  #last = 0n;

  constructor(readonly clockErrorMs: number) {}

  async next(): Promise<bigint> {
    const now = timestampOfMs(Date.now() - this.clockErrorMs);
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}
