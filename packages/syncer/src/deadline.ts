import { setMaxListeners } from 'node:events';
import type { SyncOptions } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';

/** When a call has to end: by its signal, its time, or the end of what it works on. */
export class Deadline {
  readonly #doing: string;
  readonly #endsAt: number;
  readonly #undo: (() => void)[] = [];
  /** Races under way. Every report makes some, and listeners of an AbortSignal cost several times as much. */
  readonly #racing = new Set<() => void>();
  #controller: AbortController | undefined;
  #over: { readonly reason: unknown } | undefined;

  /** @param doing what the call does, as the beginning of its error: `Waiting for version 5`. */
  constructor(doing: string, options: SyncOptions = {}, ...alsoEndedBy: AbortSignal[]) {
    this.#doing = doing;
    const { timeoutMs } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        `timeoutMs is ${timeoutMs}; it must be a number of milliseconds, 0 or more`,
      );
    }
    this.#endsAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (options.signal) this.#follow(options.signal);
    for (const signal of alsoEndedBy) this.#follow(signal);
    this.#arm();
  }

  /** Whether the time is over. */
  get over(): boolean {
    return this.#over !== undefined;
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // Many waits under one deadline are no leak.
      setMaxListeners(0, this.#controller.signal);
      if (this.#over) this.#controller.abort(this.#over.reason);
    }
    return this.#controller.signal;
  }

  /** Throws when the time is over. */
  check(): void {
    if (!this.#over && performance.now() >= this.#endsAt) this.#expire();
    if (this.#over) throw this.error();
  }

  /** Why it is over. */
  error(): SyncerError {
    const reason = this.#over?.reason;
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
    let lose = (): void => {};
    const over = new Promise<never>((_, reject) => {
      lose = () => reject(this.error());
      this.#racing.add(lose);
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      this.#racing.delete(lose);
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
    const abort = () => this.#finish(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.#undo.push(() => signal.removeEventListener('abort', abort));
  }

  #arm(): void {
    if (this.#endsAt === Number.POSITIVE_INFINITY || this.#over) return;
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
    this.#finish(new DOMException('the time allowed is over', 'TimeoutError'));
  }

  #finish(reason: unknown): void {
    if (this.#over) return;
    this.#over = { reason };
    this.#controller?.abort(reason);
    for (const lose of this.#racing) lose();
  }
}
