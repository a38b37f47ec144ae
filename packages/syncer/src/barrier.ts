/** What an owner waits for. */
export interface BarrierTarget {
  /** The version that everybody must have. */
  readonly version: bigint;
  /** The DDL job, where the syncer speaks the metadata-lock protocol. */
  readonly jobId?: bigint;
}

/** A node that keeps an owner waiting. */
export interface BehindNode {
  readonly id: string;
  /** What it has reported; `undefined` for nothing, or for what is no number. */
  readonly version: bigint | undefined;
  /** The text it has reported, when that is no number. */
  readonly invalid?: string;
  /** `ip:port`, where the node's server info tells it. */
  readonly address?: string;
  /** When it was first seen behind by this wait: milliseconds since 1970. */
  readonly sinceMs: number;
}

/** How a barrier stands. */
export interface BarrierProgress {
  readonly target: BarrierTarget;
  /** Whether everybody has the version. */
  readonly synced: boolean;
  /** How many nodes count. */
  readonly total: number;
  /** Of these, how many are servers of other keyspaces. */
  readonly assumed: number;
  /** Who is missing, by id. */
  readonly behind: readonly BehindNode[];
  /** Who came since the state that was yielded before. */
  readonly joined: readonly string[];
  /** Who went since then. */
  readonly left: readonly string[];
  /** How long the wait has been going on. */
  readonly elapsedMs: number;
}
