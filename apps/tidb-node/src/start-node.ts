import { randomUUID } from 'node:crypto';
import { clusterIdOf, PumpsClient } from '@tidb-js/binlog';
import { DdlWorker, type ReorgSpeed } from '@tidb-js/ddl-jobs';
import { acquireDistributedLock, EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer, type ServerInfo, ServerInfoSyncer } from '@tidb-js/syncer';
import type { ClosingStack } from './closing-stack.js';
import { PumpDdlBinlogSink } from './ddl/ddl-binlog-sink.js';
import { makeFirstDatabases } from './ddl/first-databases.js';
import { ddlBinlog } from './ddl/job-states.js';
import { NodeDdl } from './ddl/node-ddl.js';
import { StoreBackfill } from './ddl/store-backfill.js';
import { StoreMetaStorage } from './ddl/store-meta-storage.js';
import { NodeDomain } from './domain/node-domain.js';
import { StoredVariables } from './domain/stored-variables.js';
import { parseDuration } from './duration.js';
import { type NodeOptions, SERVER_VERSION } from './node-options.js';
import { PumpEntries } from './pump-entries.js';
import { MySqlServer, requireGuard } from './server/mysql-server.js';
import { SqlEngine } from './sql/engine.js';
import { BarrierWatch } from './status/barrier-watch.js';
import { NodeMetrics } from './status/metrics.js';
import type { BinlogRecovery, RecoverOperation, StatusSource } from './status/source.js';
import { StatusServer } from './status/status-server.js';
import { EtcdStorage } from './storage/etcd-storage.js';
import { GcWorker } from './storage/gc-worker.js';

const GIT_HASH = 'None';
const DEFAULT_LEASE_MS = 45_000;
/** TiDB's time to live of the ownership, in seconds. */
const OWNER_TTL_SECONDS = 60;

interface Call {
  readonly signal?: AbortSignal;
}

/** What a node shows to the outside. */
export interface StartedNode {
  readonly id: string;
  readonly server: MySqlServer;
  readonly status: StatusServer;
}

/** Joins the parts. Everything that was begun is on the stack, also when this fails. */
export async function startNode(options: NodeOptions, stack: ClosingStack): Promise<StartedNode> {
  const { logger, leaseMs = DEFAULT_LEASE_MS, metadataLock = true, host = '127.0.0.1' } = options;
  requireGuard(options);
  const call: Call = options.signal === undefined ? {} : { signal: options.signal };
  const id = randomUUID();
  const client = new EtcdClient({
    endpoints: options.endpoints,
    coalesce: true,
    logger,
    ...(options.clusterTls === undefined ? {} : { tls: options.clusterTls }),
  });
  stack.defer(() => client.close());
  const pumps = await connectPumps(options, client, call);
  if (pumps !== undefined) stack.defer(() => pumps.close());
  const storage = await EtcdStorage.open({ client, binlog: pumps, logger, signal: options.signal });
  stack.defer(() => storage.close());

  // Ports first: what is announced must be what others can connect to.
  const late: { engine?: SqlEngine; source?: StatusSource } = {};
  const server = await startServer(options, late);
  stack.defer(() => server.close());
  const status = await StatusServer.start({
    host: options.statusHost ?? '127.0.0.1',
    port: options.statusPort ?? 10080,
    source: () => late.source,
    logger,
  });
  stack.defer(() => status.close());

  const info: ServerInfo = {
    version: SERVER_VERSION,
    git_hash: GIT_HASH,
    ddl_id: id,
    ip: options.advertiseAddress ?? host,
    listening_port: server.port,
    status_port: status.port,
    lease: `${leaseMs / 1000}s`,
    binlog_status: pumps === undefined ? 'Off' : 'On',
    start_timestamp: Math.floor(Date.now() / 1000),
    labels: {},
  };
  const ttlSeconds = options.sessionTtlSeconds;
  const syncer = new EtcdSchemaSyncer(client, {
    id,
    protocol: metadataLock ? 'metadata-lock' : 'version-keys',
    serverInfo: info,
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    logger,
  });
  const owner = new OwnerManager(client, {
    id,
    ttlSeconds: Math.min(ttlSeconds ?? OWNER_TTL_SECONDS, OWNER_TTL_SECONDS),
    logger,
  });
  stack.defer(() => owner.close());
  const ddl: NodeDdl = new NodeDdl({
    storage,
    owner,
    logger,
    loadVersion: (version, loadOptions) => domain.loadVersion(version, loadOptions),
  });
  stack.defer(() => ddl.close());
  const metrics: NodeMetrics = new NodeMetrics({
    connections: () => server.connections,
    schemaVersion: () => domain.infoSchema().version,
    isOwner: () => owner.isOwner,
    ignoredBinlogErrors: () => pumps?.ignoredErrors ?? 0,
  });
  stack.defer(() => metrics.close());
  const domain: NodeDomain = await NodeDomain.open(
    {
      storage,
      syncer,
      leaseMs,
      metadataLock,
      logger,
      onLoad: (outcome) => metrics.schemaLoads.inc({ type: outcome }),
    },
    call,
  );
  stack.defer(() => domain.close());

  const worker = new DdlWorker({
    storage: new StoreMetaStorage(storage),
    syncer,
    owner,
    reorg: new StoreBackfill(storage),
    leaseMs,
    metadataLock,
    logger,
    ddlBinlog,
    ...(pumps === undefined ? {} : { binlog: new PumpDdlBinlogSink(pumps, logger) }),
  });
  stack.defer(() => worker.close());
  worker.start();
  const barriers = new BarrierWatch(worker, syncer, () => owner.isOwner);
  stack.defer(() => barriers.close());
  await owner.campaign({ attempts: 'unlimited', ...call });
  await makeFirstDatabases(ddl, domain, call);

  const servers = new ServerInfoSyncer(client, { announced: info, logger });
  stack.defer(() => servers.close());
  const pumpEntries = new PumpEntries(client);
  const engine: SqlEngine = new SqlEngine({
    domain,
    ddl,
    binlogEnabled: pumps !== undefined,
    logger,
    pumps: () => pumpEntries.states('pumps'),
    drainers: () => pumpEntries.states('drainers'),
    changePump: (nodeId, state) => pumpEntries.change(nodeId, state),
    servers: async () => [...(await servers.servers(call)).values()].map(serverState),
    variables: { save: (values) => variables.save(values) },
    userLock: (name, signal) => acquireDistributedLock(client, userLockKey(name), { ttlSeconds: 10, signal, logger }),
    processes: {
      list: () => server.sessions().map((session) => session.processInfo),
      kill: (victim, what) => server.kill(victim, what),
    },
    onStatement: (kind, seconds, errno) => metrics.countStatement(kind, seconds, errno),
  });
  const variables: StoredVariables = await StoredVariables.open(
    {
      client,
      logger,
      onValue: (name, value) => {
        engine.globals.fix(name, value);
        worker.setReorgSpeed(reorgSpeed(engine));
      },
    },
    call,
  );
  stack.defer(() => variables.close());
  const gc = new GcWorker({
    storage,
    report: (startTs, reportOptions) => servers.reportMinStartTs(startTs, reportOptions),
    fence: () => (owner.isOwner ? owner.fence() : undefined),
    settings: () => gcSettings(engine),
    onRound: () => metrics.gcRounds.inc({ type: 'run_job' }),
    logger,
  });
  stack.defer(() => gc.close());
  await servers.announceTopology({ deployPath: process.cwd() }, call);

  late.engine = engine;
  late.source = {
    version: SERVER_VERSION,
    gitHash: GIT_HASH,
    domain,
    ddl,
    connections: () => server.connections,
    statements: () => metrics.statements,
    serverInfo: () => ({ ...info, binlog_status: binlogStatus(pumps) }),
    servers: (callOptions) => servers.servers(callOptions),
    pumps: () => pumpEntries.entries('pumps'),
    barriers: (callOptions) => barriers.views(callOptions),
    resignOwner: async () => {
      if (!owner.isOwner) return false;
      await owner.resign();
      return true;
    },
    settings: () => ({
      host,
      port: server.port,
      lease: info.lease,
      path: options.endpoints.join(','),
      'metadata-lock': metadataLock,
      'enable-binlog': pumps !== undefined,
    }),
    metrics: () => metrics.text(),
    recoverBinlog: (operation, callOptions) => recoverBinlog(pumps, operation, callOptions.signal),
  };
  // Clients first: their statements end while everything that they need still runs.
  stack.defer(() => server.close());
  logger.info({ id, port: server.port, statusPort: status.port }, 'node is up');
  return { id, server, status };
}

async function connectPumps(
  { binlog, logger, clusterTls }: NodeOptions,
  client: EtcdClient,
  call: Call,
): Promise<PumpsClient | undefined> {
  if (binlog === undefined) return undefined;
  const { socket, ...settings } = binlog;
  const write = { ...settings, logger, ...(clusterTls === undefined ? {} : { tls: clusterTls }) };
  if (socket === undefined) return PumpsClient.connect({ etcd: client, ...write }, call);
  return PumpsClient.local({ address: socket, clusterId: await clusterIdOf(client, call), ...write });
}

function startServer(options: NodeOptions, late: { readonly engine?: SqlEngine }): Promise<MySqlServer> {
  return MySqlServer.start({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 4000,
    serverVersion: SERVER_VERSION,
    logger: options.logger,
    ...(options.rootPassword === undefined ? {} : { rootPassword: options.rootPassword }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    openSession: async (peer) => {
      if (late.engine === undefined) throw new Error('the node is still starting; connect again in a moment');
      return late.engine.createSession(peer);
    },
  });
}

function reorgSpeed({ globals }: SqlEngine): Partial<ReorgSpeed> {
  return {
    batchSize: Number(globals.get('tidb_ddl_reorg_batch_size')),
    concurrency: Number(globals.get('tidb_ddl_reorg_worker_cnt')),
  };
}

function gcSettings({ globals }: SqlEngine) {
  return {
    enabled: globals.get('tidb_gc_enable') === 'ON',
    lifeMs: parseDuration(globals.get('tidb_gc_life_time') ?? '') ?? 0,
    intervalMs: parseDuration(globals.get('tidb_gc_run_interval') ?? '') ?? 0,
  };
}

/** `reset` sets a counter to zero in TiDB; here transactions are counted themselves, so there is nothing to reset. */
async function recoverBinlog(
  pumps: PumpsClient | undefined,
  operation: RecoverOperation,
  signal: AbortSignal,
): Promise<BinlogRecovery> {
  if (operation === 'wait') await pumps?.recover({ signal });
  // The skipping ends at once; only the wait for those that were skipped is cut short.
  if (operation === 'nowait') await pumps?.recover({ signal: AbortSignal.abort() }).catch(() => undefined);
  return { Skipped: pumps?.status === 'skipping', SkippedCommitterCounter: pumps?.skippedTransactions ?? 0 };
}

function binlogStatus(pumps: PumpsClient | undefined): 'Off' | 'On' | 'Skipping' {
  if (pumps === undefined) return 'Off';
  return pumps.status === 'skipping' ? 'Skipping' : 'On';
}

function serverState(info: ServerInfo) {
  return {
    ddlId: info.ddl_id,
    ip: info.ip,
    port: info.listening_port,
    statusPort: info.status_port,
    lease: info.lease,
    version: info.version,
    gitHash: info.git_hash,
    binlogStatus: info.binlog_status ?? 'Off',
  };
}

/** The queue of a GET_LOCK; a name may hold any characters. */
function userLockKey(name: string): string {
  return `/tidb-js/user-locks/${Buffer.from(name).toString('hex')}`;
}
