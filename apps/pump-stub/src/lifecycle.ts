import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { fakeBinlog } from './binlog/assemble.js';
import { latestTs } from './binlog/fields.js';
import type { Cluster } from './cluster.js';
import type { PumpError } from './errors.js';
import type { Intake } from './intake.js';
import type { PumpState, PumpTlsOptions } from './pump-options.js';
import { notifyDrainers } from './registry/notify.js';
import type { BinlogStore } from './store/binlog-store.js';
import { clientCredentials } from './tls-files.js';

const drainPauseMs = 1000;

export interface LifecycleOptions {
  readonly nodeId: string;
  /** `host:port` that others are told. */
  readonly advertised: string;
  readonly cluster: Cluster;
  readonly store: BinlogStore;
  readonly intake: Intake;
  readonly tls: PumpTlsOptions | undefined;
  readonly logger: Logger;
}

/**
 * The state of a Pump and its entry in etcd.
 *
 * | from | by | to |
 * |---|---|---|
 * | (start) | registered, drainers told | online |
 * | online | SIGTERM, pause | pausing → paused |
 * | online | close | closing → offline, when all is decided and read |
 * | closing | SIGTERM | paused |
 */
export class Lifecycle {
  readonly nodeId: string;
  readonly done: Promise<void>;
  #state: PumpState = 'offline';
  #startedMs = performance.now();
  #startTs = 0n;
  readonly #ending = new AbortController();
  #settleDone: { resolve: () => void; reject: (error: PumpError) => void };

  constructor(readonly options: LifecycleOptions) {
    this.nodeId = options.nodeId;
    let resolve = (): void => {};
    let reject = (_error: PumpError): void => {};
    this.done = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // Whoever does not look at it must not be ended by it.
    this.done.catch(() => {});
    this.#settleDone = { resolve, reject };
  }

  get state(): PumpState {
    return this.#state;
  }

  /**
   * Registers as online. A Pump that was offline, or is new, tells the drainers first that they have to wait for it.
   *
   * @throws PumpError `REGISTRY_FAILED`, `NOTIFY_FAILED`; the entry then says offline.
   */
  async goOnline(signal: AbortSignal | undefined): Promise<void> {
    const { cluster, logger } = this.options;
    const before = await cluster.registry.find(this.nodeId, signal);
    this.#startTs = await cluster.timestamps.next({ signal: signal ?? new AbortController().signal });
    this.#startedMs = performance.now();
    this.#state = 'online';
    await this.#publish(signal);
    if (!before || before.state === 'offline') {
      try {
        const tls = await clientCredentials(this.options.tls);
        await notifyDrainers(await cluster.registry.drainers(), tls, signal);
      } catch (error) {
        this.#state = 'offline';
        await this.#publish(undefined);
        throw error;
      }
    }
    logger.info({ nodeId: this.nodeId, host: this.options.advertised, before: before?.state }, 'online');
  }

  /** Puts the entry again, with a fresh time and watermark. */
  async heartbeat(signal: AbortSignal): Promise<void> {
    await this.#publish(signal);
  }

  /** Ends every wait of this class; from now on Prewrites are refused. */
  beginClose(): void {
    if (this.#state === 'online') this.#state = 'pausing';
    this.#ending.abort();
  }

  /** Writes the last state. An etcd that does not answer does not hold the end up. */
  async leave(state: 'paused' | 'offline'): Promise<void> {
    this.#state = state;
    try {
      await this.#publish(undefined);
    } catch (error) {
      this.options.logger.error({ state, error: String(error) }, 'the entry in etcd could not be changed');
    }
  }

  /** Settles `done`. */
  ended(fault: PumpError | undefined): void {
    if (fault) this.#settleDone.reject(fault);
    else this.#settleDone.resolve();
  }

  /** Refuses Prewrites, and waits until every transaction is decided and every drainer has all of it. */
  async drain(signal: AbortSignal | undefined): Promise<void> {
    const { store, cluster, intake, logger } = this.options;
    this.#state = 'closing';
    const ends = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal;
    await this.#publish(ends);
    for (;;) {
      ends.throwIfAborted();
      const ts = await cluster.timestamps.next({ signal: ends });
      const last = latestTs({ startTs: ts, commitTs: store.watermark });
      await intake.store(fakeBinlog(last));
      await store.watermarkAbove(last - 1n, AbortSignal.any([ends, AbortSignal.timeout(drainPauseMs)]));
      const drainers = (await cluster.registry.drainers()).filter(({ state }) => state !== 'offline');
      const behind = drainers.filter(({ maxCommitTs }) => maxCommitTs < last).map(({ nodeId }) => nodeId);
      const { undecided } = store.status();
      if (undecided === 0 && store.watermark >= last && behind.length === 0) return;
      logger.info({ undecided, drainersBehind: behind }, 'closing: waiting until all is decided and read');
      await sleep(drainPauseMs, undefined, { signal: ends }).catch(() => {});
    }
  }

  async #publish(signal: AbortSignal | undefined): Promise<void> {
    const seconds = Math.floor((performance.now() - this.#startedMs) / 1000);
    const { nodeId, advertised, store, cluster } = this.options;
    const updateTs = this.#startTs + (BigInt(seconds * 1000) << 18n);
    const status = { nodeId, host: advertised, state: this.#state, maxCommitTs: store.watermark, updateTs };
    await cluster.registry.publish(status, signal);
  }
}
