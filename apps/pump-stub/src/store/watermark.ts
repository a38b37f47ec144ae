/** The watermark as readers see it: a timestamp that only rises, and a way to wait for that. */
export class Watermark {
  #value: bigint;
  readonly #waiters = new Set<() => void>();

  constructor(value: bigint) {
    this.#value = value;
  }

  get value(): bigint {
    return this.#value;
  }

  raise(value: bigint): void {
    if (value <= this.#value) return;
    this.#value = value;
    for (const wake of this.#waiters) wake();
  }

  /** Settles when the watermark is above `ts` or the signal is aborted; it never rejects. */
  async above(ts: bigint, signal: AbortSignal): Promise<void> {
    if (this.#value > ts || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        if (this.#value <= ts && !signal.aborted) return;
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
