import type { Logger } from '@tidb-js/etcd-session';
import type { BinlogStore } from './store/binlog-store.js';
import type { Collected } from './store/collection.js';
import { timestampOfMs } from './timestamp-source.js';

export interface GarbageCollectorOptions {
  readonly store: BinlogStore;
  readonly maxAgeMs: number;
  /** Undefined: the log may grow as far as age lets it. */
  readonly maxBytes: number | undefined;
  readonly onCollected: (collected: Collected) => void;
  readonly logger: Logger;
}

/** Deletes what is too old, and the oldest of what is too much. One collection at a time. */
export class GarbageCollector {
  #running: Promise<void> | undefined;

  constructor(readonly options: GarbageCollectorOptions) {}

  /** Begins a collection by age and by size. @returns false when one runs already. */
  trigger(): boolean {
    return this.#begin(async () => {
      const { store, maxAgeMs, onCollected } = this.options;
      onCollected(await store.collect(timestampOfMs(Date.now() - maxAgeMs)));
      await this.#bySize();
    });
  }

  /** Begins a collection by size alone, where a size is set. */
  triggerBySize(): void {
    if (this.options.maxBytes !== undefined) this.#begin(() => this.#bySize());
  }

  /** Settles when nothing runs. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #begin(work: () => Promise<void>): boolean {
    if (this.#running) return false;
    this.#running = work()
      .catch((error: unknown) => this.options.logger.error({ error: String(error) }, 'garbage collection failed'))
      .finally(() => {
        this.#running = undefined;
      });
    return true;
  }

  async #bySize(): Promise<void> {
    const { store, maxBytes, onCollected } = this.options;
    if (maxBytes !== undefined) onCollected(await store.collectBySize(maxBytes));
  }
}
