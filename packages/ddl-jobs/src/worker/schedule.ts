import type { ActionRegistry } from '../actions/registry.js';
import { Footprint } from '../involved.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import type { JobQueue, QueuedJob } from '../queue.js';

/**
 * The jobs that may take a step now, oldest first: those that are neither busy nor paused, and touch nothing that an older job of either queue
 * touches, and whose dependency (what another peer's submit found in the other queue) is over.
 */
export function pickRunnable(
  queues: readonly JobQueue[],
  registry: ActionRegistry,
  isBusy: (job: Job) => boolean,
): readonly QueuedJob[] {
  const all = queues.flatMap((queue) => queue.jobs).sort((a, b) => a.job.id - b.job.id);
  const queued = new Set(all.map((item) => item.job.id));
  const older = new Footprint();
  const runnable: QueuedJob[] = [];
  for (const item of all) {
    const { job } = item;
    const involved = involvedIn(job, registry);
    const waits = older.overlaps(job, involved) || queued.has(job.dependency_id);
    // Stopping a job that waits for its turn need not wait for that turn.
    const stops = job.real_start_ts === 0n && (job.state === JobState.Cancelling || job.state === JobState.Pausing);
    if ((!waits || stops) && job.state !== JobState.Paused && !isBusy(job)) {
      runnable.push(item);
    }
    older.add(job, involved);
  }
  return runnable;
}

/** A job that nobody here knows, or whose arguments cannot be read, is taken to touch its table; its step will end it. */
function involvedIn(job: Job, registry: ActionRegistry) {
  const action = registry.find(job.type);
  try {
    return action?.involves(job) ?? { tableIds: [job.table_id] };
  } catch {
    return { tableIds: [job.table_id] };
  }
}
