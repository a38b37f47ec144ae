import type { AddressInfo } from 'node:net';
import { type AdminTarget, adminListener } from './admin.js';
import { type Cluster, joinCluster } from './cluster.js';
import { refuseForeignLock } from './data-dir-lock.js';
import { type DiskSpace, diskSpaceOf } from './disk-space.js';
import { GarbageCollector } from './garbage-collector.js';
import { Intake } from './intake.js';
import { JobCheck } from './job-check.js';
import { Lifecycle } from './lifecycle.js';
import { PumpMetrics } from './metrics.js';
import type { OutcomeSource } from './outcome-source.js';
import { PeerOutcomes } from './peer-outcomes.js';
import type { PumpState } from './pump-options.js';
import { nodeIdOf } from './registry/node-id.js';
import { defaultNodeId, type ResolvedOptions } from './resolved-options.js';
import { GrpcDoor } from './server/grpc-door.js';
import { Listener } from './server/listener.js';
import { Settler } from './settler.js';
import { BinlogStore } from './store/binlog-store.js';
import { clientTls } from './tls-files.js';

const answerMs = 10_000;
const maxPendingBytes = 64 << 20;
const maxQueuedIndexEntries = 1 << 20;

/** What a Pump is made of. */
export interface PumpParts {
  readonly options: ResolvedOptions;
  /** `host:port` of the listener. */
  readonly address: string;
  readonly cluster: Cluster;
  readonly store: BinlogStore;
  readonly intake: Intake;
  readonly lifecycle: Lifecycle;
  readonly door: GrpcDoor;
  readonly listener: Listener;
  readonly metrics: PumpMetrics;
  readonly garbage: GarbageCollector;
  readonly settler: Settler;
  readonly jobCheck: JobCheck | undefined;
  readonly space: { now: DiskSpace };
  /** Whom the HTTP paths ask; set by the Pump when it is whole. */
  readonly admin: { target: AdminTarget | undefined };
}

/** Opens everything in turn; what is open is noted, so that a failure can close it again. */
export async function openParts(options: ResolvedOptions, opened: (() => Promise<void>)[]): Promise<PumpParts> {
  const { logger } = options;
  const metrics = new PumpMetrics();
  const cluster = await joinCluster(options);
  opened.push(() => cluster.close());
  const store = await openStore(options, metrics);
  opened.push(() => store.close());
  const space = { now: await diskSpaceOf(options.dataDir) };
  const jobCheck = options.jobs && new JobCheck(options.jobs, options.ddlBinlog ?? 'synced', logger);
  let lifecycle: Lifecycle | undefined;
  const state = (): PumpState => lifecycle?.state ?? 'offline';
  const intake = new Intake({
    clusterId: cluster.id,
    store,
    stopWriteAtAvailableSpace: options.stopWriteAtAvailableSpace,
    state,
    space: () => space.now,
    onStored: (binlogs) => {
      metrics.observeBinlogs(binlogs);
      if (jobCheck) for (const binlog of binlogs) jobCheck.add(binlog);
    },
  });
  const peers = new PeerOutcomes({
    pumps: () => cluster.registry.pumps(),
    ownNodeId: () => lifecycle?.nodeId ?? '',
    tls: await clientTls(options.tls),
  });
  const settler = openSettler(options, { store, intake, outcomes: options.outcomes ?? peers });
  const garbage = new GarbageCollector({
    store,
    maxAgeMs: options.gcAgeMs,
    maxBytes: options.gcMaxBytes,
    onCollected: metrics.observeCollected,
    logger,
  });
  metrics.watch({ store, space: () => space.now, state, settler, jobCheck });
  const door = new GrpcDoor(intake, { maxMessageSize: options.maxMessageSize, observe: metrics.observeCall });
  const admin: PumpParts['admin'] = { target: undefined };
  const listener = new Listener(
    door,
    adminListener(() => admin.target, metrics, logger),
    logger,
  );
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
    garbage,
    settler,
    jobCheck,
    space,
    admin,
  };
}

function openSettler(
  options: ResolvedOptions,
  { store, intake, outcomes }: { store: BinlogStore; intake: Intake; outcomes: OutcomeSource },
): Settler {
  return new Settler({
    store,
    outcomes,
    settleAfterMs: options.settleAfterMs,
    answerMs,
    write: (binlog) => intake.store(binlog),
    logger: options.logger,
  });
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
    onLate: metrics.countLate,
    onError: metrics.countError,
    onStall: metrics.countStall,
  });
  try {
    await refuseForeignLock(options.dataDir);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
