import type { BarrierProgress, BarrierTarget } from './barrier.js';
import { barrierTarget } from './barrier-target.js';
import { waitAtBarrier } from './barrier-wait.js';
import { Deadline } from './deadline.js';
import { Liveness } from './liveness.js';
import type { MemoryFleet } from './memory-fleet.js';
import type { BarrierOptions, RaiseOptions, SchemaSyncer, SyncOptions, VersionReport } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';
import { type Node, type NodeOptions, nodeOf, type SyncProtocol } from './syncer-options.js';
import { checkVersion } from './version.js';
import { risingVersions } from './version-stream.js';

/** A {@link SchemaSyncer} for nodes that live in one process, as tests and single-node servers do. It promises what the one on etcd does. */
export class MemorySchemaSyncer implements SchemaSyncer {
  readonly id: string;
  readonly protocol: SyncProtocol;
  readonly #fleet: MemoryFleet;
  readonly #node: Node;
  readonly #liveness = new Liveness();
  #known = 0n;
  #out = false;

  constructor(fleet: MemoryFleet, options: NodeOptions) {
    this.#fleet = fleet;
    this.#node = nodeOf(options);
    this.id = this.#node.id;
    this.protocol = this.#node.protocol;
  }

  get signal(): AbortSignal {
    return this.#liveness.signal;
  }

  get done(): Promise<Error> {
    return this.#liveness.done;
  }

  assertLive(): void {
    this.#liveness.assertLive();
  }

  async init(options: SyncOptions = {}): Promise<void> {
    this.#begin('Joining the fleet', options);
    if (this.#liveness.state !== 'new') {
      throw new SyncerError('INVALID_ARGUMENT', 'init() was called before; after a lost session call restart()');
    }
    this.#fleet.raise(0n);
    this.#register();
  }

  async restart(options: SyncOptions = {}): Promise<void> {
    this.#begin('Joining the fleet again', options);
    if (this.#liveness.state === 'new') this.#liveness.assertLive();
    if (this.#liveness.state === 'live') {
      this.#fleet.unregister(this.id);
      this.#liveness.lose(new SyncerError('SESSION_LOST', 'The session was replaced by restart()'));
    }
    this.#register();
  }

  async updateSelfVersion({ version, jobId = 0n }: VersionReport, options: SyncOptions = {}): Promise<bigint> {
    checkVersion(version, 'version');
    checkVersion(jobId, 'jobId');
    this.#begin(`Reporting version ${version}`, options);
    if (version > this.#known) this.#known = version;
    this.assertLive();
    if (this.#out) return this.#known;
    if (this.protocol === 'version-keys') this.#fleet.report(this.id, this.#known);
    else if (jobId !== 0n) return this.#fleet.reportJob(jobId, this.id, version);
    return this.#known;
  }

  async removeSelfVersionPath(options: SyncOptions = {}): Promise<void> {
    this.#begin('Leaving the fleet', options);
    this.#out = true;
    this.#fleet.report(this.id, undefined);
  }

  async ownerUpdateGlobalVersion(version: bigint, options: RaiseOptions = {}): Promise<bigint> {
    checkVersion(version, 'version');
    this.#begin(`Raising the global version to ${version}`, options);
    refuseFence(options);
    return this.#fleet.raise(version);
  }

  globalVersions({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<bigint> {
    this.#liveness.assertOpen();
    return risingVersions(this.#versionSource(), signal, this.#liveness.closed);
  }

  async mustGetGlobalVersion(options: SyncOptions = {}): Promise<bigint> {
    this.#begin('Reading the global version', options);
    const deadline = new Deadline('Reading the global version', options, this.#liveness.closed);
    try {
      for await (const version of risingVersions(this.#versionSource(), deadline.signal, this.#liveness.closed))
        return version;
      throw deadline.error();
    } finally {
      deadline.end();
    }
  }

  async ownerCheckAllVersions(target: bigint | BarrierTarget, options: BarrierOptions = {}): Promise<BarrierProgress> {
    let last: BarrierProgress | undefined;
    for await (const progress of this.barrier(target, options)) last = progress;
    if (last === undefined) throw new SyncerError('ABORTED', 'The wait ended before it began');
    return last;
  }

  barrier(target: bigint | BarrierTarget, options: BarrierOptions = {}): AsyncIterable<BarrierProgress> {
    this.#liveness.assertOpen();
    const wanted = barrierTarget(target, this.protocol);
    const source =
      this.protocol === 'version-keys'
        ? this.#fleet.selfVersions()
        : this.#fleet.jobVersions(wanted, options.assumedServers ?? false);
    const { comparison } = this.#node;
    return waitAtBarrier(source, {
      target: wanted,
      comparison,
      options,
      closed: this.#liveness.closed,
      logIntervalMs: 1_000,
    });
  }

  async ownerRemoveJobVersions(jobId: bigint, options: RaiseOptions = {}): Promise<void> {
    checkVersion(jobId, 'jobId');
    this.#begin(`Removing the reports for job ${jobId}`, options);
    refuseFence(options);
    this.#fleet.removeJob(jobId);
  }

  async close(): Promise<void> {
    const wasLive = this.#liveness.state === 'live';
    if (this.#liveness.close() && wasLive) this.#fleet.unregister(this.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(doing: string, options: SyncOptions): void {
    this.#liveness.assertOpen();
    const deadline = new Deadline(doing, options);
    try {
      deadline.check();
    } finally {
      deadline.end();
    }
  }

  #versionSource() {
    return {
      current: () => this.#fleet.globalVersion,
      subscribe: (changed: () => void) => this.#fleet.subscribe(changed),
    };
  }

  #register(): void {
    if (!this.#fleet.isFree(this.id)) {
      throw new SyncerError(
        'ID_IN_USE',
        `Another live node of this process has the id ${this.id}; give each node an id of its own`,
      );
    }
    this.#out = false;
    this.#liveness.begin();
    const life = this.#liveness.signal;
    this.#fleet.register(this.id, this.#known, this.#node.serverInfo, () => {
      this.#liveness.lose(new SyncerError('SESSION_LOST', 'The fleet has ended this session'), life);
    });
  }
}

function refuseFence({ fence }: RaiseOptions): void {
  if (fence && fence.length > 0) {
    throw new SyncerError(
      'INVALID_ARGUMENT',
      'A fence is a condition in etcd, which a MemorySchemaSyncer does not have; pass none',
    );
  }
}
