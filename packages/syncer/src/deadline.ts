import { setMaxListeners } from 'node:events';
import type { SyncOptions } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';

/** When a call has to end: by its signal, its time, or the end of what it works on. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #doing: string;
  readonly #endsAt: number;
  readonly #controller = new AbortController();
  readonly #undo: (() => void)[] = [];

  /** @param doing what the call does, as the beginning of its error: `Waiting for version 5`. */
  constructor(doing: string, options: SyncOptions = {}, ...alsoEndedBy: AbortSignal[]) {
    this.#doing = doing;
    this.signal = this.#controller.signal;
    // Many waits under one deadline are no leak.
    setMaxListeners(0, this.signal);
    const { timeoutMs } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        `timeoutMs is ${timeoutMs}; it must be a number of milliseconds, 0 or more`,
      );
    }
    this.#endsAt = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    for (const signal of options.signal ? [options.signal, ...alsoEndedBy] : alsoEndedBy) this.#follow(signal);
    this.#arm();
  }

  /** Throws when the time is over. */
  check(): void {
    if (!this.signal.aborted && performance.now() >= this.#endsAt) this.#expire();
    if (this.signal.aborted) throw this.error();
  }

  /** Why it is over. */
  error(): SyncerError {
    const reason: unknown = this.signal.reason;
    if (reason instanceof SyncerError) return reason;
    const timeout = reason instanceof Error && reason.name === 'TimeoutError';
    return new SyncerError(
      timeout ? 'DEADLINE' : 'ABORTED',
      `${this.#doing}: ${timeout ? 'the time allowed is over' : 'given up by its signal'}`,
      {
        cause: reason,
      },
    );
  }

  /** What `promise` resolves to, unless the time is over before. */
  async race<T>(promise: Promise<T>): Promise<T> {
    this.check();
    let stop = (): void => {};
    const over = new Promise<never>((_, reject) => {
      const abort = () => reject(this.error());
      this.signal.addEventListener('abort', abort, { once: true });
      stop = () => this.signal.removeEventListener('abort', abort);
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      stop();
    }
  }

  /** Pauses for `ms`, or throws as soon as the time is over. */
  async sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await this.race(
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms);
        }),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets go of the signals and the timer. */
  end(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #follow(signal: AbortSignal): void {
    const abort = () => this.#controller.abort(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.#undo.push(() => signal.removeEventListener('abort', abort));
  }

  #arm(): void {
    if (this.#endsAt === Number.POSITIVE_INFINITY || this.signal.aborted) return;
    const left = this.#endsAt - performance.now();
    if (left <= 0) {
      this.#expire();
      return;
    }
    // setTimeout counts in 32 bits.
    const timer = setTimeout(() => this.#arm(), Math.min(left, 2 ** 31 - 1));
    this.#undo.push(() => clearTimeout(timer));
  }

  #expire(): void {
    this.#controller.abort(new DOMException('the time allowed is over', 'TimeoutError'));
  }
}
