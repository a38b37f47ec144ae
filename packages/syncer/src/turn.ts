import type { Deadline } from './deadline.js';

/** Lets one at a time through, in the order of asking. */
export class Turn {
  #last: Promise<void> | undefined;

  /** Runs `work` when all that asked before are done. Whoever gives up waiting by its deadline is left out. */
  async take<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let release = (): void => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const last = before ? before.then(() => mine) : mine;
    this.#last = last;
    let mineNow = false;
    try {
      if (before) await deadline.race(before);
      mineNow = true;
      return await work();
    } finally {
      release();
      if (mineNow && this.#last === last) this.#last = undefined;
    }
  }
}
