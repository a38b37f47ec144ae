import type { AddressInfo } from 'node:net';
import { adminListener } from './admin.js';
import { fakeBinlog } from './binlog-fields.js';
import { type Cluster, joinCluster } from './cluster.js';
import { refuseForeignLock } from './data-dir-lock.js';
import { type DiskSpace, diskSpaceOf } from './disk-space.js';
import { PumpError } from './errors.js';
import { Intake } from './intake.js';
import { JobCheck } from './job-check.js';
import { Lifecycle } from './lifecycle.js';
import { PumpMetrics } from './metrics.js';
import { Periodic } from './periodic.js';
import type { PumpOptions, PumpState, PumpStatus } from './pump-options.js';
import { nodeIdOf } from './registry/node-id.js';
import { defaultNodeId, type ResolvedOptions, resolveOptions } from './resolved-options.js';
import { GrpcDoor } from './server/grpc-door.js';
import { Listener } from './server/listener.js';
import { Settler } from './settler.js';
import { BinlogStore } from './store/binlog-store.js';
import { timestampOfMs } from './timestamp-source.js';

const spaceIntervalMs = 3_000;
const gcIntervalMs = 60 * 60 * 1000;
const settleIntervalMs = 250;
const shownUndecided = 100;
const maxPendingBytes = 64 << 20;
const maxQueuedIndexEntries = 1 << 20;

/**
 * A running Pump: it listens, is registered, and holds its data directory.
 *
 * ```ts
 * await using pump = await PumpServer.start({ pdUrls: ['127.0.0.1:2379'], dataDir: 'data.pump', address: '127.0.0.1:8250' });
 * ```
 */
export class PumpServer implements AsyncDisposable {
  readonly nodeId: string;
  readonly clusterId: bigint;
  /** `host:port` of the listener. */
  readonly address: string;
  readonly #parts: Parts;
  #space: DiskSpace;
  #collecting: Promise<void> | undefined;
  #work: Periodic[] = [];
  #closing: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.nodeId = parts.lifecycle.nodeId;
    this.clusterId = parts.cluster.id;
    this.address = parts.address;
    this.#space = parts.space.now;
  }

  /**
   * Opens the data directory, listens, and registers as `online`.
   *
   * @throws PumpError `INVALID_OPTION`, `DATA_DIR_LOCKED`, `DATA_DIR_INVALID`, `REGISTRY_FAILED`, `NOTIFY_FAILED`.
   */
  static async start(options: PumpOptions): Promise<PumpServer> {
    const resolved = resolveOptions(options);
    const opened: (() => Promise<void>)[] = [];
    try {
      const parts = await openParts(resolved, opened);
      const pump = new PumpServer(parts);
      parts.target.current = pump;
      await parts.lifecycle.goOnline(resolved.signal);
      pump.#begin();
      return pump;
    } catch (error) {
      for (const close of opened.reverse()) await close().catch(() => {});
      throw error;
    }
  }

  get state(): PumpState {
    return this.#parts.lifecycle.state;
  }

  /** Settles when the Pump has ended; rejects when it ended by a fault. */
  get done(): Promise<void> {
    return this.#parts.lifecycle.done;
  }

  status(): PumpStatus {
    const { store, jobCheck } = this.#parts;
    const own = store.status();
    return {
      nodeId: this.nodeId,
      clusterId: this.clusterId,
      address: this.address,
      state: this.state,
      maxCommitTs: own.watermark,
      gcTs: own.gcTs,
      undecided: own.undecided,
      oldestUndecided: own.oldestUndecided,
      logBytes: own.logBytes,
      availableBytes: this.#space.available,
      illegalDdlBinlogs: jobCheck?.illegalCount ?? 0,
    };
  }

  /** As SIGTERM: no more Prewrites, state `paused`, pulls end, all is on disk. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close('paused');
    return this.#closing;
  }

  /**
   * As `PUT /state/<id>/close`: waits until every transaction is decided and every drainer has everything, then ends with state
   * `offline`. When the signal is aborted the Pump goes on, and refuses Prewrites.
   */
  async offline(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#parts.lifecycle.drain(options.signal);
    this.#closing ??= this.#close('offline');
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(): void {
    const { options, lifecycle, settler, intake, cluster, store } = this.#parts;
    const every = (name: string, ms: number, work: (signal: AbortSignal) => Promise<void>): void => {
      this.#work.push(new Periodic(name, ms, work, options.logger));
    };
    every('heartbeat', options.heartbeatIntervalMs, async (signal) => {
      if (store.broken) this.#fault(store.broken);
      else await lifecycle.heartbeat(signal);
    });
    every('disk space', spaceIntervalMs, async () => {
      this.#space = await diskSpaceOf(options.dataDir);
      this.#parts.space.now = this.#space;
      await this.#collectBySize();
    });
    let callsBefore = intake.calls;
    every('fake binlog', options.fakeBinlogIntervalMs, async (signal) => {
      const isIdle = intake.calls === callsBefore;
      callsBefore = intake.calls;
      if (!isIdle) return;
      const ts = await cluster.timestamps.next({ signal });
      if (ts > store.watermark) await intake.store(fakeBinlog(ts));
    });
    every('garbage collection', gcIntervalMs, async () => this.#collect());
    if (settler) every('settling', settleIntervalMs, (signal) => settler.settle(signal));
  }

  /** @internal What `POST /debug/gc/trigger` does. */
  triggerCollection(): boolean {
    if (this.#collecting) return false;
    this.#collecting = this.#collect()
      .catch((error: unknown) =>
        this.#parts.options.logger.error({ error: String(error) }, 'garbage collection failed'),
      )
      .finally(() => {
        this.#collecting = undefined;
      });
    return true;
  }

  async #collect(): Promise<void> {
    const { store, options, metrics } = this.#parts;
    metrics.countDeletedFiles(await store.collect(timestampOfMs(Date.now() - options.gcAgeMs)));
    await this.#collectBySize();
  }

  async #collectBySize(): Promise<void> {
    const { store, options, metrics } = this.#parts;
    if (options.gcMaxBytes !== undefined) metrics.countDeletedFiles(await store.collectBySize(options.gcMaxBytes));
  }

  #fault(error: PumpError): void {
    this.#parts.options.logger.error({ code: error.code, error: error.message }, 'the Pump ends by a fault');
    this.#closing ??= this.#close('paused', error);
    this.#closing.catch(() => {});
  }

  async #close(state: 'paused' | 'offline', fault?: PumpError): Promise<void> {
    const { lifecycle, listener, door, store, cluster, jobCheck } = this.#parts;
    lifecycle.beginClose();
    await Promise.all(this.#work.map((work) => (fault ? undefined : work.stop())));
    await lifecycle.leave(state);
    listener.stop();
    await door.close();
    listener.close();
    await jobCheck?.close();
    await this.#collecting;
    await store.close();
    if (fault) await Promise.all(this.#work.map((work) => work.stop()));
    await cluster.close();
    lifecycle.ended(fault);
  }

  /** @internal For `/status`. */
  undecided(): { startTs: bigint; waitingMs: number }[] {
    const shown: { startTs: bigint; waitingMs: number }[] = [];
    for (const { startTs, sinceMs } of this.#parts.store.undecided()) {
      if (shown.length === shownUndecided) break;
      shown.push({ startTs, waitingMs: performance.now() - sinceMs });
    }
    return shown;
  }
}

interface Parts {
  readonly options: ResolvedOptions;
  readonly address: string;
  readonly cluster: Cluster;
  readonly store: BinlogStore;
  readonly intake: Intake;
  readonly lifecycle: Lifecycle;
  readonly door: GrpcDoor;
  readonly listener: Listener;
  readonly metrics: PumpMetrics;
  readonly settler: Settler | undefined;
  readonly jobCheck: JobCheck | undefined;
  readonly space: { now: DiskSpace };
  readonly target: { current: PumpServer | undefined };
}

/** Opens everything in turn; what is open is noted, so that a failure can close it again. */
async function openParts(options: ResolvedOptions, opened: (() => Promise<void>)[]): Promise<Parts> {
  const { logger } = options;
  const metrics = new PumpMetrics();
  const cluster = await joinCluster(options);
  opened.push(() => cluster.close());
  const store = await openStore(options, metrics);
  opened.push(() => store.close());
  const space = { now: await diskSpaceOf(options.dataDir) };
  const target: Parts['target'] = { current: undefined };
  const jobCheck = options.jobs && new JobCheck(options.jobs, logger);
  let lifecycle: Lifecycle | undefined;
  const state = (): PumpState => lifecycle?.state ?? 'offline';
  const intake = new Intake({
    clusterId: cluster.id,
    store,
    stopWriteAtAvailableSpace: options.stopWriteAtAvailableSpace,
    state,
    space: () => space.now,
    onStored: (binlog) => {
      metrics.observeBinlog(binlog.payload.length);
      jobCheck?.add(binlog);
    },
  });
  const settler =
    options.outcomes &&
    new Settler({
      store,
      outcomes: options.outcomes,
      settleAfterMs: options.settleAfterMs,
      write: (binlog) => intake.store(binlog),
      logger,
    });
  metrics.watch({ store, space: () => space.now, state, settler, jobCheck });
  const door = new GrpcDoor(intake, { maxMessageSize: options.maxMessageSize, observe: metrics.observeCall });
  const pumpOf = (): PumpServer => {
    if (!target.current) throw new PumpError('CLOSED', 'the Pump is starting');
    return target.current;
  };
  const admin = adminListener(
    {
      get nodeId() {
        return pumpOf().nodeId;
      },
      status: () => pumpOf().status(),
      undecided: () => pumpOf().undecided(),
      illegalDdlBinlogs: () => jobCheck?.illegal ?? [],
      pumps: () => cluster.registry.pumps(),
      drainers: () => cluster.registry.drainers(),
      changeState: (action) => {
        if (state() !== 'online')
          throw new PumpError('NOT_ONLINE', `the pump is ${state()}, only an online pump can ${action}`);
        const ending = action === 'pause' ? pumpOf().close() : pumpOf().offline();
        ending.catch((error: unknown) => logger.error({ action, error: String(error) }, 'cannot end as asked'));
      },
      collect: () => pumpOf().triggerCollection(),
    },
    metrics,
    logger,
  );
  const listener = new Listener(door, admin, logger);
  opened.push(async () => listener.close());
  const { port } = (await listener.listen(options.listen, options.tls)) as AddressInfo;
  if (options.socket !== undefined) await listener.listen({ path: options.socket });
  const address = `${options.listen.host}:${port}`;
  const advertised = options.advertise ? `${options.advertise.host}:${options.advertise.port || port}` : address;
  const nodeId = await nodeIdOf(options.dataDir, options.nodeId || defaultNodeId(port));
  lifecycle = new Lifecycle({ nodeId, advertised, cluster, store, intake, tls: options.tls, logger });
  return {
    options,
    address,
    cluster,
    store,
    intake,
    lifecycle,
    door,
    listener,
    metrics,
    settler,
    jobCheck,
    space,
    target,
  };
}

async function openStore(options: ResolvedOptions, metrics: PumpMetrics): Promise<BinlogStore> {
  const store = await BinlogStore.open(options.dataDir, {
    segmentBytes: options.segmentBytes,
    syncLog: options.syncLog,
    maxPendingBytes,
    maxQueuedIndexEntries,
    index: options.index ?? {},
    logger: options.logger,
    onSync: metrics.observeSync,
  });
  try {
    await refuseForeignLock(options.dataDir);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
