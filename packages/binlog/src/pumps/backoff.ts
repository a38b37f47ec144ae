import { setTimeout as sleep } from 'node:timers/promises';
import { BinlogError } from '../errors.js';

/** Waits; ends early with `ABORTED` when the signal fires. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw new BinlogError('ABORTED', 'the wait was ended by its signal', { cause: signal?.reason ?? error });
  }
}

/** Pauses that double from `firstMs` to `maxMs`, each shortened by up to a quarter at random, so that many do not move in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * 2, this.#maxMs);
    return ms * (1 - Math.random() / 4);
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
