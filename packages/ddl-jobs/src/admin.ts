import type { ActionRegistry } from './actions/registry.js';
import { DdlError } from './errors.js';
import type { Job } from './model/job.js';
import { JobState, jobStateName } from './model/job-state.js';
import type { JobQueue } from './queue.js';

export type AdminCommand = 'cancel' | 'pause' | 'resume';

/** Does an ADMIN statement to one job, in the order of TiDB's checks: there, finished, rolled back, can be stopped. Returns why not. */
export function applyAdmin(
  command: AdminCommand,
  jobId: number,
  queues: readonly JobQueue[],
  registry: ActionRegistry,
): DdlError | undefined {
  const queue = queues.find((each) => each.find(jobId) !== undefined);
  const job = queue?.find(jobId)?.job;
  if (queue === undefined || job === undefined) {
    return new DdlError('JOB_NOT_FOUND', `DDL Job:${jobId} not found`);
  }
  const outcome = rules[command](job, registry);
  if (outcome instanceof DdlError) {
    return outcome;
  }
  if (outcome !== undefined) {
    queue.replace({ ...job, ...outcome });
  }
  return undefined;
}

type Rule = (job: Job, registry: ActionRegistry) => Partial<Job> | DdlError | undefined;

/** What each command does to a job: the members it changes, nothing, or why it cannot. */
const rules: Readonly<Record<AdminCommand, Rule>> = {
  cancel(job, registry) {
    if (job.state === JobState.Done || job.state === JobState.Synced) {
      return new DdlError('CANNOT_CANCEL_FINISHED', `This job:${job.id} is finished, so can't be cancelled`);
    }
    if (isOnItsWayBack(job)) {
      return undefined;
    }
    if (!canBeStopped(job, registry)) {
      return new DdlError('CANNOT_CANCEL', `This job:${job.id} is almost finished, can't be cancelled now`);
    }
    return { state: JobState.Cancelling, ...byUser };
  },
  pause(job, registry) {
    if (job.state === JobState.Pausing || job.state === JobState.Paused) {
      return new DdlError('ALREADY_PAUSED', `Job [${job.id}] has already been paused`);
    }
    const waits = job.state === JobState.None || job.state === JobState.Queueing;
    if (!waits && !(job.state === JobState.Running && canBeStopped(job, registry))) {
      return new DdlError(
        'CANNOT_PAUSE',
        `Job [${job.id}] can't be paused: state [${jobStateName(job.state)}] is not pausable`,
      );
    }
    return { state: JobState.Pausing, ...byUser };
  },
  resume(job) {
    if (job.state !== JobState.Paused) {
      const state = jobStateName(job.state);
      return new DdlError(
        'CANNOT_RESUME',
        `Job [${job.id}] can't be resumed: job has not been paused, job state:${state}`,
      );
    }
    return { state: JobState.Queueing, ...byNobody };
  },
};

/** TiDB's admin_operator: 1 for a user, 2 for the system. */
const byUser = { admin_operator: 1 } as Partial<Job>;
const byNobody = { admin_operator: 0 } as Partial<Job>;

function isOnItsWayBack(job: Job): boolean {
  return (
    job.state === JobState.Cancelling ||
    job.state === JobState.Cancelled ||
    job.state === JobState.Rollingback ||
    job.state === JobState.RollbackDone
  );
}

/** Whether a job may still be cancelled or paused: its action says in which states, sub-jobs until their common step. */
export function canBeStopped(job: Job, registry: ActionRegistry): boolean {
  if (job.state === JobState.None) {
    return true;
  }
  if (job.multi_schema_info !== null) {
    return job.multi_schema_info.revertible;
  }
  const action = registry.find(job.type);
  return action === undefined || action.cancellable.includes(job.schema_state);
}
