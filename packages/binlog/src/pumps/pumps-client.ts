import { setMaxListeners } from 'node:events';
import type { Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { type BinlogInit, BinlogType, encodeBinlog } from '../wire/binlog.js';
import { pause } from './backoff.js';
import {
  type LocalPumpOptions,
  type PumpsClientOptions,
  type PumpWriteOptions,
  type WriteSettings,
  writeSettings,
} from './client-options.js';
import { PrewriteHolders } from './prewrite-holders.js';
import { Ends, Prewriter } from './prewriter.js';
import { type Pump, PumpPool } from './pump-pool.js';
import type { PumpStatus } from './pump-status.js';
import { clusterIdOf, defaultRegistryRoot, PumpRegistry } from './registry.js';
import { createSelector, type Selector } from './selector.js';
import { Skipping } from './skipping.js';

/** `written`: durable in a pump. `skipped`: the client skips binlogs after an ignored error, or no pump has the Prewrite. */
export type WriteResult = 'written' | 'skipped';

/** What a client does. */
export type PumpsClientStatus = 'on' | 'skipping' | 'closed';

interface Parts {
  readonly pool: PumpPool;
  readonly selector: Selector;
  readonly settings: WriteSettings;
  readonly registry: PumpRegistry | undefined;
  readonly logger: Logger | undefined;
}

/**
 * Writes binlogs to the Pumps of a cluster, as TiDB's pump client does.
 *
 * A Prewrite goes to one pump after the other until one has it on its disk; its Commit or Rollback goes to that same pump. Written
 * again after an unknown outcome, a Prewrite may lie in two pumps: readers drop the second by its commit_ts.
 */
export class PumpsClient implements AsyncDisposable {
  readonly #pool: PumpPool;
  readonly #prewriter: Prewriter;
  readonly #settings: WriteSettings;
  readonly #registry: PumpRegistry | undefined;
  readonly #logger: Logger | undefined;
  readonly #holders: PrewriteHolders;
  readonly #abort = new AbortController();
  readonly #skipping: Skipping;
  #pending = 0;
  #ignoredErrors = 0;
  #closing: Promise<void> | undefined;

  private constructor({ pool, selector, settings, registry, logger }: Parts) {
    this.#pool = pool;
    this.#settings = settings;
    this.#registry = registry;
    this.#logger = logger;
    this.#holders = new PrewriteHolders(settings.maxOpenTransactions);
    this.#skipping = new Skipping(settings.maxOpenTransactions);
    this.#prewriter = new Prewriter({ pool, selector, settings, holders: this.#holders });
    // Every write that waits listens to it.
    setMaxListeners(0, this.#abort.signal);
  }

  /**
   * Finds the pumps of a registry and follows its changes.
   *
   * @throws BinlogError `NO_PUMP` when none is registered, in any state; `UNAVAILABLE` when etcd cannot be read; `INVALID_ARGUMENT`.
   */
  static async connect(
    options: PumpsClientOptions,
    call: { readonly signal?: AbortSignal } = {},
  ): Promise<PumpsClient> {
    const settings = writeSettings(options);
    const clusterId = options.clusterId ?? (await clusterIdOf(options.etcd, call));
    const root = options.registryRoot ?? defaultRegistryRoot;
    const logger = options.logger;
    const registry = await PumpRegistry.open({ etcd: options.etcd, root, ...(logger && { logger }) }, call);
    if (registry.pumps.size === 0) {
      await registry.close();
      throw new BinlogError(
        'NO_PUMP',
        `no pump found under ${root}/pumps/: start a pump first, or check the etcd addresses`,
      );
    }
    const strategy = options.strategy ?? 'range';
    const pool = openPool(options, settings, clusterId, strategy === 'score');
    pool.sync(registry.pumps);
    registry.onChange(() => pool.sync(registry.pumps));
    return new PumpsClient({ pool, selector: createSelector(strategy), settings, registry, logger });
  }

  /**
   * A client for one pump at a known address, on a unix socket for example.
   *
   * @throws BinlogError `INVALID_ARGUMENT`
   */
  static local(options: LocalPumpOptions): PumpsClient {
    const settings = writeSettings(options);
    const pool = openPool(options, settings, options.clusterId, false);
    const status: PumpStatus = {
      nodeId: 'localPump',
      host: options.address,
      state: 'online',
      maxCommitTs: 0n,
      updateTs: 0n,
    };
    pool.sync(new Map([[status.nodeId, status]]));
    return new PumpsClient({
      pool,
      selector: createSelector('range'),
      settings,
      registry: undefined,
      logger: options.logger,
    });
  }

  get status(): PumpsClientStatus {
    if (this.#closing !== undefined) return 'closed';
    return this.#skipping.active ? 'skipping' : 'on';
  }

  /** Transactions under way whose Prewrite was skipped. */
  get skippedTransactions(): number {
    return this.#skipping.size;
  }

  /** Errors that were ignored (`ignoreError`) since the start. */
  get ignoredErrors(): number {
    return this.#ignoredErrors;
  }

  /** The pumps as they are known, and whether Prewrites go to them at this moment. */
  pumps(): readonly { readonly status: PumpStatus; readonly usable: boolean; readonly streaming: boolean }[] {
    return this.#pool
      .all()
      .map((pump) => ({ status: pump.status, usable: pump.usable, streaming: pump.connection.streaming }));
  }

  /**
   * Writes a binlog. Settles when it is durable.
   *
   * @throws BinlogError `TOO_LARGE` at once; `NO_PUMP` and `WRITE_FAILED` when every pump refused or failed (never for a Prewrite with
   * `ignoreError`); `QUEUE_FULL`, `ABORTED`, `CLOSED`.
   */
  async write(binlog: BinlogInit, { signal }: { readonly signal?: AbortSignal } = {}): Promise<WriteResult> {
    if (this.#closing !== undefined) throw new BinlogError('CLOSED', 'the pump client was closed');
    if (this.#pending >= this.#settings.maxPending) {
      throw new BinlogError(
        'QUEUE_FULL',
        `${this.#pending} binlogs are being written, which is the limit (maxPending)`,
      );
    }
    const payload = encodeBinlog(binlog);
    const startTs = binlog.startTs ?? 0n;
    const ends = this.#endsOf(signal);
    this.#pending++;
    try {
      if (binlog.type === BinlogType.Prewrite) return await this.#prewriteOrSkip(startTs, payload, ends);
      return await this.#finish(binlog.type, startTs, payload, ends);
    } catch (error) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      throw error;
    } finally {
      this.#pending--;
    }
  }

  /**
   * Leaves the state `skipping`: binlogs are written again. Settles when the transactions whose Prewrite was skipped have ended (their
   * Commit or Rollback was handed to {@link PumpsClient.write}).
   */
  async recover({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#skipping.end(this.#endsOf(signal).any);
  }

  /** Ends all writes (`CLOSED`) and connections. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#abort.abort(new BinlogError('CLOSED', 'the pump client was closed', { outcomeUnknown: true }));
      await Promise.all([this.#registry?.close(), this.#pool.close()]);
    })();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #endsOf(caller: AbortSignal | undefined): Ends {
    return new Ends(caller, this.#abort.signal);
  }

  async #prewriteOrSkip(startTs: bigint, payload: Uint8Array, ends: Ends): Promise<WriteResult> {
    if (this.#skipping.active) return this.#skip(startTs);
    try {
      await this.#prewriter.write(startTs, payload, ends);
      return 'written';
    } catch (error) {
      const failure = BinlogError.from(error);
      // An error that says nothing of the pumps is not ignored.
      const own = failure.code === 'TOO_LARGE' || failure.code === 'ABORTED' || this.#abort.signal.aborted;
      if (!this.#settings.ignoreError || own) throw failure;
      this.#ignoredErrors++;
      if (!this.#skipping.active)
        this.#logger?.error({ err: failure }, 'a binlog could not be written: binlogs are skipped from now on');
      this.#skipping.active = true;
      return this.#skip(startTs);
    }
  }

  #skip(startTs: bigint): WriteResult {
    this.#skipping.add(startTs);
    return 'skipped';
  }

  async #finish(type: number, startTs: bigint, payload: Uint8Array, ends: Ends): Promise<WriteResult> {
    if (this.#skipping.take(startTs)) return 'skipped';
    const holders = this.#holders.take(startTs);
    if (holders === undefined) {
      if (type === BinlogType.Commit)
        this.#logger?.warn({ startTs }, 'no pump is known to have the Prewrite of a Commit');
      return 'skipped';
    }
    const { finishTimeoutMs, writeTimeoutMs } = this.#settings;
    const writes = holders.possible.map((pump) => this.#finishAt(pump, payload, ends, writeTimeoutMs));
    if (holders.acknowledged === undefined) {
      // These may have nothing; they are told so that they need not ask the storage, and fail without harm.
      const told = await Promise.allSettled(writes);
      return told.some(({ status }) => status === 'fulfilled') ? 'written' : 'skipped';
    }
    for (const write of writes) {
      write.catch((error: unknown) =>
        this.#logger?.debug({ err: error, startTs }, 'a possible holder was not told an outcome'),
      );
    }
    await this.#finishAt(holders.acknowledged, payload, ends, finishTimeoutMs);
    return 'written';
  }

  /** The same pump again and again: no other has the Prewrite. */
  async #finishAt(pump: Pump, payload: Uint8Array, ends: Ends, forMs: number): Promise<void> {
    const { writeTimeoutMs, finishRetryIntervalMs } = this.#settings;
    const until = performance.now() + forMs;
    for (;;) {
      try {
        await pump.connection.write(payload, { timeoutMs: writeTimeoutMs, signal: ends.caller });
        this.#pool.succeeded(pump);
        return;
      } catch (error) {
        const failure = BinlogError.from(error);
        this.#pool.failed(pump, failure);
        const hopeless = failure.code === 'TOO_LARGE' || failure.code === 'WRONG_CLUSTER' || pump.gone;
        if (ends.any.aborted || hopeless || performance.now() + finishRetryIntervalMs > until) throw failure;
      }
      await pause(finishRetryIntervalMs, ends.any);
    }
  }
}

function openPool(
  options: PumpWriteOptions,
  settings: WriteSettings,
  clusterId: bigint,
  watchHealth: boolean,
): PumpPool {
  const { maxErrors, checkIntervalMs, writeTimeoutMs, finishTimeoutMs, stream } = settings;
  return new PumpPool({
    connection: { clusterId, tls: options.tls, stream },
    keepDepartedMs: finishTimeoutMs,
    maxErrors,
    checkIntervalMs,
    probeTimeoutMs: writeTimeoutMs,
    watchHealth,
    logger: options.logger,
  });
}
