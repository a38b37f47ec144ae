import type { BarrierProgress, BarrierTarget, BehindNode } from './barrier.js';
import { parseVersion } from './version.js';

/** How a node's version is held against the one waited for: TiDB until mid-2018 demands `equal`, later ones `at-least`. */
export type VersionComparison = 'at-least' | 'equal';

/** A node that counts, as it stands in etcd. */
export interface BarrierMember {
  readonly id: string;
  /** What it has reported, as text; `undefined` for nothing. */
  readonly value: string | undefined;
  /** Tells a registration from a later one of the same id: the create revision of its key. */
  readonly registration: bigint;
  readonly address?: string | undefined;
  readonly assumed?: boolean;
}

/**
 * Who is behind a version, as members come, report and go. It knows nothing of etcd.
 *
 * By `equal` a registration that has been seen at the version is not asked again, for it may move on to the next. By `at-least`
 * everybody must have the version at one and the same moment.
 */
export class BarrierState {
  readonly #target: BarrierTarget;
  readonly #comparison: VersionComparison;
  readonly #startedAt = performance.now();
  readonly #seenEqual = new Map<string, bigint>();
  #behind = new Map<string, BehindNode>();
  #members = new Set<string>();
  #assumed = 0;
  #told: ReadonlySet<string> | undefined;
  #changed = false;

  constructor(target: BarrierTarget, comparison: VersionComparison) {
    this.#target = target;
    this.#comparison = comparison;
  }

  /** Whether everybody has the version. */
  get synced(): boolean {
    return this.#behind.size === 0;
  }

  /** Whether there is anything that {@link progress} has not told. */
  get changed(): boolean {
    return this.#changed || this.#told === undefined;
  }

  /** Who is missing, by id. */
  get behind(): readonly BehindNode[] {
    return [...this.#behind.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Takes in how all members stand now. */
  update(members: Iterable<BarrierMember>): void {
    const before = { behind: this.#behind, members: this.#members };
    this.#behind = new Map();
    this.#members = new Set();
    this.#assumed = 0;
    for (const member of members) {
      this.#members.add(member.id);
      if (member.assumed) this.#assumed += 1;
      const version = member.value === undefined ? undefined : parseVersion(member.value);
      if (this.#has(member, version)) continue;
      const was = before.behind.get(member.id);
      const same = was !== undefined && was.version === version && was.address === member.address;
      if (!same) this.#changed = true;
      this.#behind.set(member.id, same ? was : behindNode(member, version, was?.sinceMs ?? Date.now()));
    }
    this.#changed ||=
      before.behind.size !== this.#behind.size ||
      before.members.size !== this.#members.size ||
      [...this.#members].some((id) => !before.members.has(id));
  }

  /** How it stands; `joined` and `left` are told since the last call of this. */
  progress(): BarrierProgress {
    const told = this.#told ?? this.#members;
    this.#told = this.#members;
    this.#changed = false;
    return {
      target: this.#target,
      synced: this.synced,
      total: this.#members.size,
      assumed: this.#assumed,
      behind: this.behind,
      joined: [...this.#members].filter((id) => !told.has(id)),
      left: [...told].filter((id) => !this.#members.has(id)),
      elapsedMs: performance.now() - this.#startedAt,
    };
  }

  #has(member: BarrierMember, version: bigint | undefined): boolean {
    const { version: wanted } = this.#target;
    if (this.#comparison === 'at-least') return version !== undefined && version >= wanted;
    if (version === wanted) this.#seenEqual.set(member.id, member.registration);
    return this.#seenEqual.get(member.id) === member.registration;
  }
}

function behindNode(member: BarrierMember, version: bigint | undefined, sinceMs: number): BehindNode {
  return {
    id: member.id,
    version,
    ...(version === undefined && member.value !== undefined ? { invalid: member.value } : {}),
    ...(member.address === undefined ? {} : { address: member.address }),
    sinceMs,
  };
}
