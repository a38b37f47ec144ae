import type { Job } from '../model/job.js';
import { type OpenRound, openRound, type RoundResult, type RoundSetting } from './round.js';

/** A transaction that waits longer holds garbage collection up, and is likely to meet a conflict. */
const mostMs = 1_000;

/**
 * The worker's rounds, one after the other. The next one can be opened while jobs wait at a barrier: when that opens, nothing has to be read. It is
 * given up when the storage has changed since; a change that nobody has heard of yet is found by the commit.
 */
export class RoundAhead {
  readonly #setting: RoundSetting;
  #open: Promise<OpenRound | undefined> | undefined;
  #limit: NodeJS.Timeout | undefined;
  /** Whether the last one could be used: under many submits it would be read in vain. */
  #pays = true;

  constructor(setting: RoundSetting) {
    this.#setting = setting;
  }

  /** Opens the next round for jobs that are going to take a step in it. */
  prepare(expected: readonly Job[]): void {
    if (this.#open !== undefined || !this.#pays) {
      this.#pays = true;
      return;
    }
    // Whoever runs a round that could not be opened ahead hears of the error then.
    this.#open = openRound(this.#setting, expected).catch(() => undefined);
    this.#limit = setTimeout(() => void this.drop(), mostMs).unref();
  }

  /** The storage has changed: what was read ahead is not true any more. */
  outdate(): void {
    if (this.#open !== undefined) {
      this.#pays = false;
      void this.drop();
    }
  }

  /** Runs a round: the one that was opened ahead, or a new one that reads what these jobs need together with the queues. */
  async run(expected: readonly Job[]): Promise<RoundResult> {
    const fence = this.#setting.fence();
    const ahead = this.#take();
    const round = (await ahead) ?? (await openRound(this.#setting, expected));
    return round.run(fence);
  }

  /** Leaves what was opened ahead. */
  async drop(): Promise<void> {
    const open = await this.#take();
    await open?.drop();
  }

  #take(): Promise<OpenRound | undefined> | undefined {
    const open = this.#open;
    this.#open = undefined;
    clearTimeout(this.#limit);
    return open;
  }
}
