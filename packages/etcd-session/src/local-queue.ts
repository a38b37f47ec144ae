import { abortError } from './client/linked-abort.js';
import { whenAborted } from './when-aborted.js';

/** The order in which tasks of one process get something that only one of them may have. */
export class LocalQueue {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  /** Whether nobody has it or waits for it. */
  get free(): boolean {
    return !this.#taken;
  }

  /** Resolves when it is the caller's turn; the caller must {@link next} in the end. */
  async enter(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortError(signal);
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onTurn = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        if (signal !== undefined) reject(abortError(signal));
      };
      whenAborted(signal, onAbort);
      this.#waiting.push(onTurn);
    });
  }

  /** Hands over to the task that has waited longest. */
  next(): void {
    const onTurn = this.#waiting.shift();
    if (onTurn === undefined) this.#taken = false;
    else onTurn();
  }
}
