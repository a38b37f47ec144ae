import type { Deadline } from './deadline.js';

/** A notice without content: many that nobody has waited for count as one. */
export class Wakeup {
  #pending = false;
  #resolve: (() => void) | undefined;

  notify(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  /** Resolves at the next notice, or at once when there was one since the last wait. */
  async wait(deadline: Deadline): Promise<void> {
    if (!this.#pending) {
      await deadline.race(
        new Promise<void>((resolve) => {
          this.#resolve = resolve;
        }),
      );
    }
    deadline.check();
    this.#pending = false;
  }
}
