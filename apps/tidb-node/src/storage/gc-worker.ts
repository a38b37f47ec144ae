import { setTimeout as sleep } from 'node:timers/promises';
import type { Compare, EtcdClient, Logger } from '@tidb-js/etcd-session';
import { StorageError } from './errors.js';
import type { EtcdStorage } from './etcd-storage.js';
import { collectGarbage, type GcResult } from './gc.js';
import { LOGICAL_BITS, physicalMs } from './timestamp.js';
import type { Timestamp } from './types.js';

/** Where each node publishes the start of its oldest transaction, as TiDB's do. */
const MIN_START_TS_PREFIX = '/tidb/server/minstartts/';
/** How often a node publishes it, as in TiDB. A life time must be longer, or a transaction could be missed. */
const REPORT_MS = 30_000;
/** The shortest life time of an old version, as in TiDB. */
const LEAST_LIFE_MS = 10 * 60_000;
/** A transaction older than this does not hold the garbage any longer, as in TiDB. */
const MOST_WAIT_MS = 24 * 3_600_000;
/** How often a node looks whether a round is due. */
const TICK_MS = 10_000;

export interface GcWorkerOptions {
  readonly storage: EtcdStorage;
  /** Publishes this node's oldest start timestamp. */
  readonly report: (startTs: Timestamp, options: { readonly signal: AbortSignal }) => Promise<void>;
  /** What the removal is guarded by, while this node is the one that collects; it is the owner of the schema changes. */
  readonly fence: () => readonly Compare[] | undefined;
  /** The present values of tidb_gc_enable, tidb_gc_life_time and tidb_gc_run_interval. */
  readonly settings: () => { readonly enabled: boolean; readonly lifeMs: number; readonly intervalMs: number };
  readonly onRound?: (result: GcResult) => void;
  readonly logger: Logger;
}

/**
 * Collects old versions in rounds, on one node at a time: the owner. The safe point stays behind the life time and behind every transaction that
 * runs on any node; what was written by nodes that died is settled on the way.
 */
export class GcWorker implements AsyncDisposable {
  readonly #options: GcWorkerOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;
  #lastRound = 0;

  constructor(options: GcWorkerOptions) {
    this.#options = options;
    this.#running = Promise.all([this.#reportAgain(), this.#collectAgain()]);
  }

  async #reportAgain(): Promise<void> {
    const { signal } = this.#ending;
    for (; !signal.aborted; await sleep(REPORT_MS, undefined, { signal }).catch(() => undefined)) {
      await this.#report(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#options.logger.warn({ err: error }, 'the oldest start timestamp was not published');
      });
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { storage, report } = this.#options;
    const oldest = storage.oldestStartTs() ?? (await storage.oracle.transactionTs({ signal }));
    const bound = BigInt(Date.now() - MOST_WAIT_MS) << LOGICAL_BITS;
    await report(oldest > bound ? oldest : bound, { signal });
  }

  async #collectAgain(): Promise<void> {
    const { settings, logger, fence } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
      const { enabled, intervalMs } = settings();
      if (signal.aborted || !enabled || performance.now() - this.#lastRound < intervalMs) continue;
      if (fence() === undefined) continue;
      try {
        await this.collect({ signal });
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'a round of garbage collection failed');
      }
      this.#lastRound = performance.now();
    }
  }

  /**
   * One round now.
   *
   * @throws StorageError FENCED when this node is not, or no longer, the one that collects.
   */
  async collect(options: { readonly signal?: AbortSignal } = {}): Promise<GcResult | undefined> {
    const { storage, fence, settings, onRound, logger } = this.#options;
    const guard = fence();
    if (guard === undefined) throw new StorageError('FENCED', 'another node collects the garbage: the owner');
    const now = await storage.timestamp(options);
    const life = BigInt(Math.max(settings().lifeMs, LEAST_LIFE_MS)) << LOGICAL_BITS;
    const safePoint = await safePointBefore(storage.client, now - life, options);
    if (safePoint <= 0n) return undefined;
    const result = await collectGarbage(storage, safePoint, guard, { ...options, logger });
    const { locksSettled, versionsRemoved } = result;
    logger.info({ safePoint, at: new Date(physicalMs(safePoint)), locksSettled, versionsRemoved }, 'garbage collected');
    onRound?.(result);
    return result;
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error('garbage collection is closing'));
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The newest safe point up to `limit` that no running transaction of any node lies before. */
export async function safePointBefore(
  client: EtcdClient,
  limit: Timestamp,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Timestamp> {
  const { kvs } = await client.range({ prefix: MIN_START_TS_PREFIX }, options);
  let safePoint = limit;
  for (const { value } of kvs) {
    const text = value.toString();
    // What is no number was not written by a server.
    if (!/^\d+$/.test(text)) continue;
    const oldest = BigInt(text);
    if (oldest > 0n && oldest - 1n < safePoint) safePoint = oldest - 1n;
  }
  return safePoint;
}
