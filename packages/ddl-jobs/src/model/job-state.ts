/** Where a job stands. Numbers and words are TiDB's; 5 and 8 to 10 came after the 2018 article. */
export const JobState = {
  /** In the queue, not begun. */
  None: 0,
  /** On its way through the schema states. */
  Running: 1,
  /** On its way back, because it was cancelled or a step failed for good. */
  Rollingback: 2,
  /** Back at the start; every trace is gone. */
  RollbackDone: 3,
  /** The last schema state is reached; the servers may still be behind. */
  Done: 4,
  /** Ended before it had changed anything. */
  Cancelled: 5,
  /** Every server has the last version. */
  Synced: 6,
  /** Somebody asked for it to be cancelled; the owner has not looked yet. */
  Cancelling: 7,
  /** Waits for its turn again, after a pause (TiDB 6.x on). */
  Queueing: 8,
  /** Held where it is until somebody resumes it (TiDB 7.2 on). */
  Paused: 9,
  /** Somebody asked for a pause; the owner has not looked yet (TiDB 7.2 on). */
  Pausing: 10,
} as const;
export type JobState = (typeof JobState)[keyof typeof JobState];

const words: Readonly<Record<JobState, string>> = {
  0: 'none',
  1: 'running',
  2: 'rollingback',
  3: 'rollback done',
  4: 'done',
  5: 'cancelled',
  6: 'synced',
  7: 'cancelling',
  8: 'queueing',
  9: 'paused',
  10: 'pausing',
};

/** The word TiDB shows for a job state; the number itself for one that this version does not know. */
export function jobStateName(state: number): string {
  return isJobState(state) ? words[state] : String(state);
}

/** Whether a number is one of the known job states. */
export function isJobState(state: number): state is JobState {
  return state in words;
}

/** Whether a job needs no further step: Done, RollbackDone, Cancelled or Synced. */
export function isFinished(state: JobState): boolean {
  return (
    state === JobState.Done ||
    state === JobState.RollbackDone ||
    state === JobState.Cancelled ||
    state === JobState.Synced
  );
}
