import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidb-js/etcd-session';

/** Work that is done again and again, with a pause between; a failure is logged, and the next turn comes all the same. */
export class Periodic {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    readonly name: string,
    intervalMs: number,
    work: (signal: AbortSignal) => Promise<void>,
    logger: Logger,
  ) {
    this.#running = this.#run(intervalMs, work, logger);
  }

  /** Ends it, and waits for the turn that runs. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(intervalMs: number, work: (signal: AbortSignal) => Promise<void>, logger: Logger): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) logger.error({ work: this.name, error: String(error) }, 'periodic work failed');
      }
    }
  }
}
