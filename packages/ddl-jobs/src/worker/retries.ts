/** How much longer than the first the longest pause is. */
const mostFactor = 30;

/** Jobs whose step failed: when they may try again, and how often they have. */
export class Retries {
  readonly #firstMs: number;
  readonly #failed = new Map<number, { readonly until: number; readonly failures: number }>();

  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  isPausing(jobId: number): boolean {
    return (this.#failed.get(jobId)?.until ?? 0) > performance.now();
  }

  /** Counts a failure; the pause until the next try is twice that of the one before. */
  fail(jobId: number): { readonly pause: number; readonly failures: number } {
    const failures = (this.#failed.get(jobId)?.failures ?? 0) + 1;
    const pause = this.#firstMs * Math.min(2 ** (failures - 1), mostFactor);
    this.#failed.set(jobId, { until: performance.now() + pause, failures });
    return { pause, failures };
  }

  /** A step succeeded, or the job is over. */
  forget(jobId: number): void {
    this.#failed.delete(jobId);
  }
}
