import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { Deadline } from './deadline.js';
import { KeyView } from './key-view.js';
import { LeasedKeys } from './leased-keys.js';
import { type RetryPolicy, retrying } from './retry.js';
import { tidbKeys } from './schema-keys.js';
import type { SyncOptions } from './schema-syncer.js';
import { addressOf, formatServerInfo, parseServerInfo, type ServerInfo } from './server-info.js';
import { SyncerError } from './syncer-error.js';
import { checkVersion } from './version.js';
import { Wakeup } from './wakeup.js';

/** Where servers announce themselves. The defaults are TiDB's. */
export interface ServerInfoSyncerOptions {
  /** Default `/tidb/server/info`. */
  readonly prefix?: string;
  /** Default `/tidb/server/minstartts`. */
  readonly minStartTsPrefix?: string;
  /** Default `/topology/tidb`. */
  readonly topologyPrefix?: string;
  /** Seconds until a server that is silent is no longer listed. Default 90 (TiDB up to v6: 600). */
  readonly ttlSeconds?: number;
  /** The same for the topology. Default 45. */
  readonly topologyTtlSeconds?: number;
  /** Milliseconds between two refreshes of the topology's time. Default 30,000. */
  readonly topologyIntervalMs?: number;
  /** This server, where an {@link EtcdSchemaSyncer} announces it already: for its oldest start timestamp and the topology. */
  readonly announced?: ServerInfo;
  readonly logger?: Logger;
}

/** What a server announces in the topology beside its address. */
export interface TopologyInfo {
  /** The folder that the program lies in. */
  readonly deployPath: string;
}

const policyOf = (logger: Logger | undefined): RetryPolicy => ({
  tryTimeoutMs: 1_000,
  intervalMs: 200,
  maxIntervalMs: 1_000,
  logIntervalMs: 1_000,
  logger,
});
const attempts = 5;

/**
 * Announces a server as TiDB does, and tells of all servers: TiDB's InfoSyncer. What is announced hangs on a lease, and is announced again
 * whenever that is lost. A node whose {@link EtcdSchemaSyncer} has a `serverInfo` is announced by that one already.
 */
export class ServerInfoSyncer implements AsyncDisposable {
  readonly #client: EtcdClient;
  readonly #options: Required<Omit<ServerInfoSyncerOptions, 'logger' | 'announced'>>;
  readonly #policy: RetryPolicy;
  readonly #server: LeasedKeys;
  readonly #topology: LeasedKeys;
  readonly #closing = new AbortController();
  #topologyTimer: NodeJS.Timeout | undefined;
  #info: ServerInfo | undefined;

  constructor(client: EtcdClient, options: ServerInfoSyncerOptions = {}) {
    this.#client = client;
    this.#options = {
      prefix: options.prefix ?? tidbKeys.serverInfo,
      minStartTsPrefix: options.minStartTsPrefix ?? '/tidb/server/minstartts',
      topologyPrefix: options.topologyPrefix ?? '/topology/tidb',
      ttlSeconds: options.ttlSeconds ?? 90,
      topologyTtlSeconds: options.topologyTtlSeconds ?? 45,
      topologyIntervalMs: options.topologyIntervalMs ?? 30_000,
    };
    this.#info = options.announced;
    this.#policy = policyOf(options.logger);
    const leased = (ttlSeconds: number) =>
      new LeasedKeys(client, {
        ttlSeconds,
        attempts,
        sessionIntervalMs: 200,
        retry: this.#policy,
        logger: options.logger,
      });
    this.#server = leased(this.#options.ttlSeconds);
    this.#topology = leased(this.#options.topologyTtlSeconds);
  }

  /** Announces the server, or what has changed about it. */
  async register(info: ServerInfo, options: SyncOptions = {}): Promise<void> {
    const text = formatServerInfo(info);
    if (this.#info !== undefined && this.#info.ddl_id !== info.ddl_id) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        `This server is announced as ${this.#info.ddl_id}; it cannot become ${info.ddl_id}`,
      );
    }
    await this.#server.put(`${this.#options.prefix}/${info.ddl_id}`, text, options);
    this.#info = info;
  }

  /** Removes the server from the list, and keeps the rest. */
  async unregister(options: SyncOptions = {}): Promise<void> {
    await this.#server.delete(`${this.#options.prefix}/${this.#registered().ddl_id}`, options);
  }

  /** Every server that is announced now, by its id. One whose info cannot be read is left out. */
  async servers(options: SyncOptions = {}): Promise<ReadonlyMap<string, ServerInfo>> {
    const doing = 'Reading the servers';
    const deadline = new Deadline(doing, options, this.#closing.signal);
    const prefix = `${this.#options.prefix}/`;
    try {
      const { kvs } = await retrying(this.#policy, attempts, deadline, doing, (call) =>
        this.#client.range({ prefix }, call),
      );
      return readServers(
        kvs.map(({ key, value }) => [key.toString(), value.toString()]),
        prefix,
      );
    } finally {
      deadline.end();
    }
  }

  /** The servers now, and again whenever one joins, changes or leaves. Ends by `signal` or close(). */
  async *follow({
    signal,
  }: {
    readonly signal?: AbortSignal;
  } = {}): AsyncGenerator<ReadonlyMap<string, ServerInfo>, void> {
    const prefix = `${this.#options.prefix}/`;
    const view = KeyView.of(this.#client, { prefix }, this.#policy);
    const deadline = new Deadline('Following the servers', signal ? { signal } : {}, this.#closing.signal);
    const wakeup = new Wakeup();
    const unsubscribe = view.subscribe(() => wakeup.notify());
    const release = view.retain();
    try {
      await view.catchUp(deadline, 'Following the servers');
      wakeup.notify();
      for (;;) {
        await wakeup.wait(deadline);
        yield readServers(
          [...view.keys].map(([key, { text }]) => [key, text]),
          prefix,
        );
      }
    } catch (error) {
      if (!deadline.over) throw SyncerError.from(error, 'Following the servers');
    } finally {
      unsubscribe();
      release();
      deadline.end();
    }
  }

  /** Announces the oldest start timestamp in use on this server, which holds back garbage collection. */
  async reportMinStartTs(startTs: bigint, options: SyncOptions = {}): Promise<void> {
    checkVersion(startTs, 'startTs');
    await this.#server.put(`${this.#options.minStartTsPrefix}/${this.#registered().ddl_id}`, String(startTs), options);
  }

  /** Announces the server in the topology, where dashboards look, and keeps its time fresh. */
  async announceTopology({ deployPath }: TopologyInfo, options: SyncOptions = {}): Promise<void> {
    const { version, git_hash, ip, listening_port, status_port, start_timestamp, labels } = this.#registered();
    const key = `${this.#options.topologyPrefix}/${addressOf(this.#registered()) ?? `${ip}:${listening_port}`}`;
    const info = {
      version,
      git_hash,
      ip,
      status_port,
      deploy_path: deployPath,
      start_timestamp,
      labels: labels ?? null,
    };
    const doing = `Announcing ${key}`;
    const deadline = new Deadline(doing, options, this.#closing.signal);
    try {
      await retrying(this.#policy, attempts, deadline, doing, (call) =>
        this.#client.put(`${key}/info`, JSON.stringify(info), call),
      );
    } finally {
      deadline.end();
    }
    await this.#refreshTopology(key, options);
    clearInterval(this.#topologyTimer);
    this.#topologyTimer = setInterval(() => {
      this.#refreshTopology(key, { timeoutMs: this.#options.topologyIntervalMs }).catch((err: unknown) => {
        this.#policy.logger?.warn({ err, key }, 'the topology could not be refreshed');
      });
    }, this.#options.topologyIntervalMs).unref();
  }

  /** Removes what is announced on a lease. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#topologyTimer);
    this.#closing.abort(new SyncerError('CLOSED', 'The server info syncer has been closed; make a new one'));
    await Promise.all([this.#server.close(), this.#topology.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #registered(): ServerInfo {
    if (this.#info) return this.#info;
    throw new SyncerError('NOT_INITIALIZED', 'This server is not announced; call register() first');
  }

  async #refreshTopology(key: string, options: SyncOptions): Promise<void> {
    await this.#topology.put(`${key}/ttl`, String(BigInt(Date.now()) * 1_000_000n), options);
  }
}

function readServers(pairs: readonly (readonly [string, string])[], prefix: string): ReadonlyMap<string, ServerInfo> {
  const servers = new Map<string, ServerInfo>();
  for (const [key, text] of pairs) {
    const info = parseServerInfo(text);
    if (info) servers.set(key.slice(prefix.length), info);
  }
  return servers;
}
