import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { StorageError } from './errors.js';
import type { Layout } from './etcd/layout.js';
import { physicalMs } from './timestamp.js';
import type { StoreCallOptions, Timestamp } from './types.js';

/** Pause before the watch is opened again after a failure. */
const RETRY_MS = 500;

/** Reads from so long ago may have been overtaken by a collection while this process slept. */
const OLD_MS = 5 * 60_000;

/** This process's knowledge of the GC safe point, kept up by a watch: reads from before it are refused, since versions they need may be gone. */
export class SafePoint {
  private value: Timestamp = 0n;
  private readonly end = new AbortController();

  constructor(
    private readonly client: EtcdClient,
    private readonly layout: Layout,
    private readonly logger: Logger | undefined,
  ) {
    void this.follow();
  }

  /** @throws StorageError GC_TOO_EARLY */
  check(ts: Timestamp): void {
    if (ts >= this.value) return;
    throw new StorageError(
      'GC_TOO_EARLY',
      `GC life time is shorter than transaction duration, transaction starts at ${ts}, GC safe point is ${this.value}; begin a new transaction`,
    );
  }

  /**
   * To be asked after a read: whether what it needed was still there. Undefined for one that is too young to be in doubt.
   *
   * @throws StorageError GC_TOO_EARLY
   */
  confirm(ts: Timestamp, options: StoreCallOptions): Promise<void> | undefined {
    return physicalMs(ts) > Date.now() - OLD_MS ? undefined : this.ask(ts, options);
  }

  private async ask(ts: Timestamp, { signal }: StoreCallOptions): Promise<void> {
    try {
      const { kv } = await this.client.get(this.layout.safePoint, signal === undefined ? {} : { signal });
      this.raise(kv?.value);
    } catch (error) {
      throw StorageError.from(error);
    }
    this.check(ts);
  }

  private async follow(): Promise<void> {
    const { client, layout } = this;
    const { signal } = this.end;
    while (!signal.aborted) {
      try {
        const { kv, revision } = await client.get(layout.safePoint, { signal });
        this.raise(kv?.value);
        for await (const batch of client.watch(layout.safePoint, { startRevision: revision + 1n, signal })) {
          for (const { kv: change } of batch.events) this.raise(change.value);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.logger?.debug({ err: error }, 'the watch of the GC safe point began anew');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private raise(value: Buffer | undefined): void {
    if (value?.length !== 8) return;
    const safePoint = value.readBigUInt64BE();
    if (safePoint > this.value) this.value = safePoint;
  }

  close(): void {
    this.end.abort();
  }
}
