import type { BarrierTarget } from './barrier.js';
import type { BarrierMember } from './barrier-state.js';
import type { BarrierSource } from './barrier-wait.js';
import { metadataLockMembers } from './metadata-lock.js';
import type { ServerInfo } from './server-info.js';

/** What a {@link MemoryFleet} knows of a node that is registered. */
interface Registered {
  readonly registration: bigint;
  readonly serverInfo: ServerInfo | undefined;
  version: bigint | undefined;
  readonly onExpire: () => void;
}

/** What etcd is to a fleet of processes, for syncers in one process: the versions, and who is registered. */
export class MemoryFleet {
  #globalVersion: bigint | undefined;
  #registrations = 0n;
  readonly #nodes = new Map<string, Registered>();
  readonly #jobs = new Map<bigint, Map<string, bigint>>();
  readonly #listeners = new Set<() => void>();

  /** The global version; `undefined` before the first node. */
  get globalVersion(): bigint | undefined {
    return this.#globalVersion;
  }

  /** Ends the session of the node `id`, as etcd does with one that has been silent for longer than its TTL. */
  expire(id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    this.#nodes.delete(id);
    node.onExpire();
    this.#changed();
  }

  /** Raises the global version; returns the one that stands. */
  raise(version: bigint): bigint {
    if (this.#globalVersion === undefined || this.#globalVersion < version) {
      this.#globalVersion = version;
      this.#changed();
    }
    return this.#globalVersion;
  }

  /** Whether the id is free. */
  isFree(id: string): boolean {
    return !this.#nodes.has(id);
  }

  /** Puts a node in; `onExpire` is called when {@link expire} ends its session. */
  register(id: string, version: bigint, serverInfo: ServerInfo | undefined, onExpire: () => void): void {
    this.#registrations += 1n;
    this.#nodes.set(id, { registration: this.#registrations, serverInfo, version, onExpire });
    this.#changed();
  }

  /** Sets a node's version; `undefined` takes it out of the count. */
  report(id: string, version: bigint | undefined): void {
    const node = this.#nodes.get(id);
    if (node) node.version = version;
    this.#changed();
  }

  /** Raises what a node has reported for a job; returns what stands. */
  reportJob(jobId: bigint, id: string, version: bigint): bigint {
    const reports = this.#jobs.get(jobId) ?? new Map<string, bigint>();
    const standing = reports.get(id);
    if (standing !== undefined && standing >= version) return standing;
    this.#jobs.set(jobId, reports.set(id, version));
    this.#changed();
    return version;
  }

  /** Forgets what was reported for a job. */
  removeJob(jobId: bigint): void {
    if (this.#jobs.delete(jobId)) this.#changed();
  }

  /** Takes a node out, with all it has. */
  unregister(id: string): void {
    if (this.#nodes.delete(id)) this.#changed();
  }

  /** Calls `changed` after every change; returns how to stop that. */
  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** What a barrier by version keys looks at. */
  selfVersions(): BarrierSource {
    return this.#source(() => this.#selfMembers());
  }

  /** What a barrier by metadata lock looks at. */
  jobVersions({ jobId }: BarrierTarget, assumedServers: boolean): BarrierSource {
    return this.#source(() => {
      const reports = jobId === undefined ? undefined : this.#jobs.get(jobId);
      const servers = [...this.#nodes].flatMap(([id, { serverInfo }]) =>
        serverInfo ? [{ id, info: serverInfo }] : [],
      );
      const reportOf = (id: string) => {
        const version = reports?.get(id);
        return version === undefined ? undefined : { value: String(version), registration: 1n };
      };
      return metadataLockMembers(servers, reportOf, assumedServers);
    });
  }

  #source(members: () => Iterable<BarrierMember>): BarrierSource {
    return { members, confirm: async () => {}, subscribe: (changed) => this.subscribe(changed) };
  }

  *#selfMembers(): Generator<BarrierMember> {
    for (const [id, { version, registration }] of this.#nodes) {
      if (version !== undefined) yield { id, value: String(version), registration };
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
