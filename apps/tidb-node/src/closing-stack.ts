/** What has been started, ended in the opposite order. (Node 20 has no AsyncDisposableStack.) */
export class ClosingStack {
  readonly #ends: (() => Promise<void>)[] = [];

  defer(end: () => Promise<void> | void): void {
    this.#ends.unshift(async () => end());
  }

  /** Ends everything, also what comes after an end that failed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0)) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the node did not stop cleanly');
  }
}
