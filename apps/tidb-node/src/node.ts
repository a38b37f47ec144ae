import { randomUUID } from 'node:crypto';
import { PumpsClient } from '@tidb-js/binlog';
import { createSchema, DdlError, type DdlEvent, DdlWorker } from '@tidb-js/ddl-jobs';
import { EtcdClient, type Logger, OwnerManager, type TlsOptions } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer, type ServerInfo, ServerInfoSyncer } from '@tidb-js/syncer';
import { PumpDdlBinlogSink } from './ddl/ddl-binlog-sink.js';
import { NodeDdl } from './ddl/node-ddl.js';
import { StoreBackfill } from './ddl/store-backfill.js';
import { StoreMetaStorage } from './ddl/store-meta-storage.js';
import { NodeDomain } from './domain/node-domain.js';
import { PumpEntries } from './pump-entries.js';
import { MySqlServer, type ServerTls } from './server/mysql-server.js';
import { SqlEngine } from './sql/engine.js';
import { NodeMetrics } from './status/metrics.js';
import type { BarrierView, StatusSource } from './status/source.js';
import { StatusServer } from './status/status-server.js';
import { EtcdStorage } from './storage/etcd-storage.js';

/** What a node is started with. */
export interface NodeOptions {
  readonly endpoints: readonly string[];
  /** Address and port of the MySQL protocol; port 0 takes a free one. Default 127.0.0.1:4000. */
  readonly host?: string;
  readonly port?: number;
  /** Address that other nodes are told. Default `host`. */
  readonly advertiseAddress?: string;
  readonly statusHost?: string;
  readonly statusPort?: number;
  /** The schema lease in milliseconds. Default 45,000. */
  readonly leaseMs?: number;
  /** Default true: schema changes wait for the transactions that use their tables. */
  readonly metadataLock?: boolean;
  /** Write commits and DDL to the registered Pumps, or to the one on this unix socket. Default off. */
  readonly binlog?: {
    readonly strategy?: 'range' | 'hash' | 'score';
    readonly writeTimeoutMs?: number;
    readonly ignoreError?: boolean;
  };
  readonly rootPassword?: string;
  readonly insecure?: boolean;
  readonly tls?: ServerTls;
  /** TLS towards etcd. */
  readonly clusterTls?: TlsOptions;
  readonly maxConnections?: number;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/** What the greeting and `@@version` say. */
export const SERVER_VERSION = '5.7.25-TiDB-v7.0.0-tidb-js';
const GIT_HASH = 'None';
const DEFAULT_LEASE_MS = 45_000;
/** Databases that every cluster has from its first start. */
const FIRST_DATABASES = ['mysql', 'test'];

/** A whole node: store, schema, DDL worker, SQL, MySQL port, status port. */
export class TidbNode implements AsyncDisposable {
  readonly id: string;
  readonly #stack: AsyncDisposableStackLike;
  readonly #server: MySqlServer;
  readonly #status: StatusServer;
  #closing: Promise<void> | undefined;

  private constructor(id: string, stack: AsyncDisposableStackLike, server: MySqlServer, status: StatusServer) {
    this.id = id;
    this.#stack = stack;
    this.#server = server;
    this.#status = status;
  }

  /** Starts a node; when something fails, what had begun is stopped again. */
  static async start(options: NodeOptions): Promise<TidbNode> {
    const stack = new AsyncDisposableStackLike();
    try {
      return await startNode(options, stack, (id, server, status) => new TidbNode(id, stack, server, status));
    } catch (error) {
      await stack.dispose();
      throw error;
    }
  }

  /** The port of the MySQL protocol. */
  get port(): number {
    return this.#server.port;
  }

  get statusPort(): number {
    return this.#status.port;
  }

  /** No new connections, running statements end, the ownership is given up, the session is revoked. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#stack.dispose();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What has been started, ended in the opposite order. (Node 20 has no AsyncDisposableStack.) */
class AsyncDisposableStackLike {
  readonly #ends: (() => Promise<void>)[] = [];

  defer(end: () => Promise<void> | void): void {
    this.#ends.unshift(async () => end());
  }

  async dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0)) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the node did not stop cleanly');
  }
}

async function startNode<T>(
  options: NodeOptions,
  stack: AsyncDisposableStackLike,
  made: (id: string, server: MySqlServer, status: StatusServer) => T,
): Promise<T> {
  const { logger, leaseMs = DEFAULT_LEASE_MS, metadataLock = true, host = '127.0.0.1' } = options;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const id = randomUUID();
  const client = new EtcdClient({
    endpoints: options.endpoints,
    coalesce: true,
    logger,
    ...(options.clusterTls === undefined ? {} : { tls: options.clusterTls }),
  });
  stack.defer(() => client.close());

  const pumps =
    options.binlog === undefined
      ? undefined
      : await PumpsClient.connect({ etcd: client, logger, ...options.binlog }, call);
  if (pumps !== undefined) stack.defer(() => pumps.close());
  const storage = await EtcdStorage.open({ client, binlog: pumps, logger, signal: options.signal });
  stack.defer(() => storage.close());

  // Ports first: what is announced must be what others can connect to.
  const late: { engine?: SqlEngine; source?: StatusSource } = {};
  const server = await MySqlServer.start({
    host,
    port: options.port ?? 4000,
    serverVersion: SERVER_VERSION,
    logger,
    ...(options.rootPassword === undefined ? {} : { rootPassword: options.rootPassword }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    openSession: async (peer) => {
      if (late.engine === undefined) throw new Error('the node is still starting; connect again in a moment');
      return late.engine.createSession(peer);
    },
  });
  stack.defer(() => server.close());
  const statusServer = await StatusServer.start({
    host: options.statusHost ?? '127.0.0.1',
    port: options.statusPort ?? 10080,
    source: () => late.source,
    logger,
  });
  stack.defer(() => statusServer.close());

  const info: ServerInfo = {
    version: SERVER_VERSION,
    git_hash: GIT_HASH,
    ddl_id: id,
    ip: options.advertiseAddress ?? host,
    listening_port: server.port,
    status_port: statusServer.port,
    lease: `${leaseMs / 1000}s`,
    binlog_status: pumps === undefined ? 'Off' : 'On',
    start_timestamp: Math.floor(Date.now() / 1000),
    labels: {},
  };
  const syncer = new EtcdSchemaSyncer(client, {
    id,
    protocol: metadataLock ? 'metadata-lock' : 'version-keys',
    serverInfo: info,
    logger,
  });
  const owner = new OwnerManager(client, { id, logger });
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
  });
  stack.defer(() => metrics.close());
  const domain: NodeDomain = await NodeDomain.open(
    {
      storage,
      syncer,
      leaseMs,
      metadataLock,
      logger,
      jobs: (jobOptions) => ddl.queued(jobOptions),
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
    ...(pumps === undefined ? {} : { binlog: new PumpDdlBinlogSink(pumps, logger) }),
  });
  stack.defer(() => worker.close());
  worker.start();
  await owner.campaign({ attempts: 'unlimited', ...call });
  await makeFirstDatabases(ddl, domain, call);

  const servers = new ServerInfoSyncer(client, { logger });
  stack.defer(() => servers.close());
  const pumpEntries = new PumpEntries(client);
  late.engine = new SqlEngine({
    domain,
    ddl,
    binlogEnabled: pumps !== undefined,
    logger,
    pumps: () => pumpEntries.states('pumps'),
    drainers: () => pumpEntries.states('drainers'),
    changePump: (nodeId, state) => pumpEntries.change(nodeId, state),
    servers: async () => [...(await servers.servers(call)).values()].map(serverState),
    processes: {
      list: () => server.sessions().map((session) => session.processInfo),
      kill: (victim, what) => server.kill(victim, what),
    },
    onStatement: (kind, seconds, errno) => metrics.countStatement(kind, seconds, errno),
  });
  late.source = {
    version: SERVER_VERSION,
    gitHash: GIT_HASH,
    domain,
    ddl,
    connections: () => server.connections,
    statements: () => metrics.statements,
    serverInfo: () => info,
    servers: (callOptions) => servers.servers(callOptions),
    pumps: () => pumpEntries.entries('pumps'),
    barrier: barrierView(worker, stack),
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
    recoverBinlog: async (operation) => {
      if (pumps !== undefined && operation !== 'status') await pumps.recover();
      return { Skipped: pumps?.status === 'skipping', SkippedCommitterCounter: 0 };
    },
  };
  logger.info({ id, port: server.port, statusPort: statusServer.port }, 'node is up');
  return made(id, server, statusServer);
}

/** The cluster's first node makes them; others, and later starts, find them. */
async function makeFirstDatabases(
  ddl: NodeDdl,
  domain: NodeDomain,
  call: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const name of FIRST_DATABASES) {
    if (domain.infoSchema().schema(name) !== undefined) continue;
    try {
      await ddl.run(createSchema(name), call);
    } catch (error) {
      if (DdlError.from(error).code !== 'DATABASE_EXISTS') throw error;
      await domain.reload(call);
    }
  }
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

/** Remembers the barrier that the worker waits at: between a step that made a version and the barrier that opened. */
function barrierView(worker: DdlWorker, stack: AsyncDisposableStackLike): () => BarrierView | undefined {
  const ending = new AbortController();
  let view: BarrierView | undefined;
  const hear = (event: DdlEvent) => {
    if (event.kind === 'step' && event.version !== undefined) {
      view = { version: event.version.toString(), jobId: String(event.jobId), sinceMs: Date.now(), behind: [] };
    } else if (event.kind === 'barrier-timeout') {
      const behind = event.behind.map(({ id, version, address }) => ({
        id,
        version: version?.toString(),
        ...(address === undefined ? {} : { address }),
      }));
      view = {
        version: event.version.toString(),
        jobId: event.jobIds.map(String)[0],
        sinceMs: view?.sinceMs ?? Date.now(),
        behind,
      };
    } else if (event.kind === 'barrier') view = undefined;
  };
  const listening = (async () => {
    for await (const event of worker.events({ signal: ending.signal })) hear(event);
  })();
  stack.defer(async () => {
    ending.abort();
    await listening;
  });
  return () => view;
}
