import { type EtcdClient, type Logger, op } from '@tidb-js/etcd-session';
import type { BarrierProgress, BarrierTarget } from './barrier.js';
import { barrierTarget } from './barrier-target.js';
import { waitAtBarrier } from './barrier-wait.js';
import { Deadline } from './deadline.js';
import { jobVersionsView, selfVersionsView } from './etcd-barrier.js';
import { checkFence, GlobalVersion } from './global-version.js';
import { JobReports } from './job-reports.js';
import { Liveness } from './liveness.js';
import { endsSession, Registration } from './registration.js';
import { type RetryPolicy, retrying } from './retry.js';
import { type SchemaKeys, schemaKeys } from './schema-keys.js';
import type { BarrierOptions, RaiseOptions, SchemaSyncer, SyncOptions, VersionReport } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';
import { type Node, type NodeOptions, nodeOf, type SyncProtocol } from './syncer-options.js';
import { checkVersion } from './version.js';

const unlimited = Number.POSITIVE_INFINITY;

/** What a syncer on etcd may be told. The defaults are TiDB's. */
export interface EtcdSchemaSyncerOptions extends NodeOptions {
  /** Where the fleet keeps its versions. Default: where TiDB does. */
  readonly keys?: Partial<SchemaKeys>;
  /**
   * Metadata lock: whether what this node reports for jobs hangs on its lease, as in TiDB v6.3 to v7.x. Default false, as in later ones.
   * Owners of those versions wait for ever for a node that died with a report behind. After a restart each job must be reported again.
   */
  readonly leasedJobVersions?: boolean;
  /** Seconds until a node that is silent is no longer waited for. Default 90 (TiDB in 2017: 600). */
  readonly ttlSeconds?: number;
  /** Tries of what is not tried until it succeeds: the session, registration and removal. Default 3. */
  readonly attempts?: number;
  /** Milliseconds for each try. Default 2,000. */
  readonly tryTimeoutMs?: number;
  /** Milliseconds before the second try; the pause doubles up to `maxRetryIntervalMs`. Default 30. */
  readonly retryIntervalMs?: number;
  /** Default 1,000. */
  readonly maxRetryIntervalMs?: number;
  /** Milliseconds between two tries to open a session. Default 200. */
  readonly sessionIntervalMs?: number;
  /** A wait or a run of failures logs at most one line in so many milliseconds. Default 1,000. */
  readonly logIntervalMs?: number;
  readonly logger?: Logger;
}

/** A {@link SchemaSyncer} on etcd: beside TiDB servers on the same keys, or a fleet of its own on others. Many may share one client. */
export class EtcdSchemaSyncer implements SchemaSyncer {
  readonly id: string;
  readonly protocol: SyncProtocol;
  readonly #client: EtcdClient;
  readonly #node: Node;
  readonly #keys: SchemaKeys;
  readonly #policy: RetryPolicy;
  readonly #attempts: number;
  readonly #leasedJobVersions: boolean;
  readonly #liveness = new Liveness();
  readonly #registration: Registration;
  readonly #global: GlobalVersion;
  readonly #jobReports: JobReports;
  #opening = false;

  constructor(client: EtcdClient, options: EtcdSchemaSyncerOptions) {
    const { ttlSeconds = 90, attempts = 3, sessionIntervalMs = 200, logger } = options;
    this.#client = client;
    this.#node = nodeOf(options);
    this.id = this.#node.id;
    this.protocol = this.#node.protocol;
    this.#keys = schemaKeys(options.keys);
    this.#leasedJobVersions = options.leasedJobVersions ?? false;
    this.#attempts = atLeast('attempts', attempts, 1);
    this.#policy = {
      tryTimeoutMs: atLeast('tryTimeoutMs', options.tryTimeoutMs ?? 2_000, 1),
      intervalMs: atLeast('retryIntervalMs', options.retryIntervalMs ?? 30, 1),
      maxIntervalMs: atLeast('maxRetryIntervalMs', options.maxRetryIntervalMs ?? 1_000, 1),
      logIntervalMs: atLeast('logIntervalMs', options.logIntervalMs ?? 1_000, 1),
      logger,
    };
    this.#registration = new Registration(client, {
      id: this.id,
      selfKey: `${this.#keys.selfVersions}/${this.id}`,
      infoKey: `${this.#keys.serverInfo}/${this.id}`,
      serverInfo: this.#node.serverInfo,
      ttlSeconds: atLeast('ttlSeconds', ttlSeconds, 1),
      attempts,
      sessionIntervalMs: atLeast('sessionIntervalMs', sessionIntervalMs, 1),
      retry: this.#policy,
      logger,
    });
    this.#global = new GlobalVersion(client, this.#keys.globalVersion, this.#policy);
    this.#jobReports = new JobReports(client, this.#keys.jobVersions, this.id, this.#policy);
  }

  get signal(): AbortSignal {
    return this.#liveness.signal;
  }

  get done(): Promise<Error> {
    return this.#liveness.done;
  }

  assertLive(): void {
    this.#liveness.assertLive();
    try {
      this.#registration.assertHeld();
    } catch (caught) {
      const error = SyncerError.from(caught, `The session of ${this.id} is in doubt`);
      if (error.code === 'SESSION_UNCONFIRMED') throw error;
      // A process that wakes from a long sleep gets here before its timers do.
      this.#lose(caught, this.#liveness.signal);
      this.#liveness.assertLive();
    }
  }

  async init(options: SyncOptions = {}): Promise<void> {
    await this.#within('Joining the fleet', options, async (deadline) => {
      if (this.#liveness.state !== 'new' || this.#opening) {
        throw new SyncerError('INVALID_ARGUMENT', 'init() was called before; after a lost session call restart()');
      }
      await this.#open(async () => {
        await this.#global.create(this.#attempts, deadline);
        await this.#register(this.#attempts, deadline);
      });
    });
  }

  async restart(options: SyncOptions = {}): Promise<void> {
    await this.#within('Joining the fleet again', options, async (deadline) => {
      if (this.#liveness.state === 'new') this.#liveness.assertLive();
      if (this.#opening) throw new SyncerError('INVALID_ARGUMENT', 'restart() is at work already; wait for that call');
      await this.#open(() => this.#register(unlimited, deadline));
    });
  }

  async updateSelfVersion({ version, jobId = 0n }: VersionReport, options: SyncOptions = {}): Promise<bigint> {
    checkVersion(version, 'version');
    checkVersion(jobId, 'jobId');
    if (this.#liveness.state !== 'new') this.#registration.remember(version);
    const life = this.#liveness.signal;
    const report = async (deadline: Deadline) => {
      this.#liveness.assertLive();
      try {
        if (this.protocol === 'version-keys') return await this.#registration.publish(deadline);
        if (jobId === 0n) return this.#registration.known;
        const lease = this.#leasedJobVersions ? this.#registration.lease : undefined;
        return await this.#jobReports.report(jobId, version, lease, deadline);
      } catch (error) {
        if (endsSession(error)) this.#lose(error, life);
        throw error;
      }
    };
    return this.#within(`Reporting version ${version}`, options, report, life);
  }

  async removeSelfVersionPath(options: SyncOptions = {}): Promise<void> {
    await this.#within('Leaving the fleet', options, (deadline) => this.#registration.remove(deadline));
  }

  async ownerUpdateGlobalVersion(version: bigint, options: RaiseOptions = {}): Promise<bigint> {
    checkVersion(version, 'version');
    checkFence(options.fence);
    return this.#within(`Raising the global version to ${version}`, options, (deadline) =>
      this.#global.raise(version, options.fence, deadline),
    );
  }

  globalVersions({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<bigint> {
    this.#liveness.assertOpen();
    return this.#global.follow(signal, this.#liveness.closed);
  }

  async mustGetGlobalVersion(options: SyncOptions = {}): Promise<bigint> {
    return this.#within('Reading the global version', options, (deadline) => this.#global.mustGet(deadline));
  }

  async ownerCheckAllVersions(target: bigint | BarrierTarget, options: BarrierOptions = {}): Promise<BarrierProgress> {
    let last: BarrierProgress | undefined;
    for await (const progress of this.barrier(target, options)) last = progress;
    if (last === undefined) throw new SyncerError('ABORTED', 'The wait ended before it began');
    return last;
  }

  barrier(target: bigint | BarrierTarget, options: BarrierOptions = {}): AsyncIterable<BarrierProgress> {
    this.#liveness.assertOpen();
    return this.#barrier(barrierTarget(target, this.protocol), options);
  }

  async ownerRemoveJobVersions(jobId: bigint, options: RaiseOptions = {}): Promise<void> {
    checkVersion(jobId, 'jobId');
    checkFence(options.fence);
    const prefix = `${this.#keys.jobVersions}/${jobId}/`;
    const doing = `Removing the reports for job ${jobId}`;
    await this.#within(doing, options, async (deadline) => {
      const { succeeded } = await retrying(this.#policy, unlimited, deadline, doing, (call) =>
        this.#client.txn({ compare: options.fence ?? [], success: [op.delete({ prefix })] }, call),
      );
      if (!succeeded) throw new SyncerError('FENCED', `${doing}: the fence does not hold, so another node is owner`);
      this.#jobReports.forget(jobId);
    });
  }

  async close(): Promise<void> {
    if (this.#liveness.close()) await this.#registration.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#barrier(target: BarrierTarget, options: BarrierOptions): AsyncGenerator<BarrierProgress, void> {
    const source =
      this.protocol === 'version-keys'
        ? selfVersionsView(this.#client, this.#keys, this.#policy)
        : jobVersionsView(this.#client, this.#keys, target, options.assumedServers ?? false, this.#policy);
    const { logger, logIntervalMs } = this.#policy;
    const { comparison } = this.#node;
    try {
      yield* waitAtBarrier(source, {
        target,
        comparison,
        options,
        closed: this.#liveness.closed,
        logger,
        logIntervalMs,
      });
    } finally {
      source.release();
    }
  }

  /** Runs `work` under the deadline of a call, and turns what it throws into a SyncerError. Every life ends with the syncer, too. */
  async #within<T>(
    doing: string,
    options: SyncOptions,
    work: (deadline: Deadline) => Promise<T>,
    endedBy: AbortSignal = this.#liveness.closed,
  ): Promise<T> {
    this.#liveness.assertOpen();
    const deadline = new Deadline(doing, options, endedBy);
    try {
      deadline.check();
      return await work(deadline);
    } catch (error) {
      throw deadline.over && !(error instanceof SyncerError) ? deadline.error() : SyncerError.from(error, doing);
    } finally {
      deadline.end();
    }
  }

  async #open(work: () => Promise<void>): Promise<void> {
    this.#opening = true;
    try {
      await work();
    } finally {
      this.#opening = false;
    }
  }

  async #register(attempts: number, deadline: Deadline): Promise<void> {
    this.#liveness.lose(new SyncerError('SESSION_LOST', 'The session was replaced by restart()'));
    const session = await this.#registration.open(attempts, deadline);
    if (this.#liveness.state === 'closed') return this.#registration.close();
    this.#liveness.begin();
    const life = this.#liveness.signal;
    const lost = () => this.#lose(session.signal.reason, life);
    if (session.signal.aborted) lost();
    else session.signal.addEventListener('abort', lost, { once: true });
  }

  #lose(cause: unknown, life: AbortSignal): void {
    this.#liveness.lose(
      new SyncerError('SESSION_LOST', `The session of ${this.id} has ended; call restart()`, { cause }),
      life,
    );
  }
}

function atLeast(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && value >= least && Number.isFinite(value)) return value;
  throw new SyncerError(
    'INVALID_ARGUMENT',
    `${name} is ${JSON.stringify(value) ?? String(value)}; it must be a number, ${least} or more`,
  );
}
