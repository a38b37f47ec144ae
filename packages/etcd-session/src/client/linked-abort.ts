import { whenAborted } from '../when-aborted.js';
import { EtcdError } from './errors.js';

/**
 * One signal that aborts when the first of several does, with that one's reason. {@link unlink} lets go of them: a
 * session lives long, and thousands of waits hang on its signal one after the other.
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #unlinks: (() => void)[] = [];

  constructor(...signals: readonly (AbortSignal | undefined)[]) {
    for (const signal of signals) {
      if (signal === undefined) continue;
      if (signal.aborted) {
        this.#controller.abort(signal.reason);
        break;
      }
      const onAbort = () => this.#controller.abort(signal.reason);
      whenAborted(signal, onAbort);
      this.#unlinks.push(() => signal.removeEventListener('abort', onAbort));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  unlink(): void {
    for (const unlink of this.#unlinks.splice(0)) unlink();
  }
}

/** What a wait that this signal has ended rejects with: an EtcdError that was the reason (a session's end) stays, all else is `ABORTED`. */
export function abortError(signal: AbortSignal): EtcdError {
  const { reason } = signal;
  if (reason instanceof EtcdError) return reason;
  return new EtcdError('ABORTED', reason instanceof Error ? reason.message : 'the wait was aborted', { cause: reason });
}
