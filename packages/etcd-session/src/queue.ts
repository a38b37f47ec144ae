/** A place at the head of a queue: what a won election or an acquired lock gives. */
export interface Tenure {
  /** The key that stands for it. */
  readonly key: string;
  /** The creation revision of that key: a fencing token that grows with every holder. */
  readonly createRevision: bigint;
  /** Aborts when it is lost (the session ended, the key was deleted by whomever) or given up. */
  readonly signal: AbortSignal;
}
