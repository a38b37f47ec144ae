import type { Action } from '../actions/action.js';
import type { ActionRegistry } from '../actions/registry.js';
import { canBeStopped } from '../admin.js';
import { DdlError } from '../errors.js';
import type { Meta } from '../meta/meta.js';
import type { Job } from '../model/job.js';
import { isFinished, JobState } from '../model/job-state.js';
import { stepMulti, turnMulti } from './multi.js';
import { type StepResult, stepSingle, turnSingle } from './single.js';
import type { Backfill } from './step.js';

export interface TransitionSetting {
  readonly registry: ActionRegistry;
  readonly meta: Meta;
  readonly startTs: bigint;
  /** Whether the rows of the job, or of its sub-job at a place, have been backfilled. */
  readonly backfilled: (at: number) => boolean;
  /** Why a backfill cannot succeed, when one has failed for good. */
  readonly failure: DdlError | undefined;
}

/** What one step of the worker does to a job. */
export type Transition =
  | Extract<StepResult, { readonly kind: 'moved' }>
  | { readonly kind: 'ended'; readonly job: Job }
  | { readonly kind: 'backfill'; readonly task: Backfill; readonly at: number };

/** Place of a job's own backfill among those of its sub-jobs: it has none. */
export const wholeJob = -1;

/** One step of a job, whatever its state. Throws what its action throws; nothing has happened to the job then. */
export async function transition(job: Job, setting: TransitionSetting): Promise<Transition> {
  if (job.state === JobState.Done || job.state === JobState.Synced) {
    return { kind: 'ended', job: { ...job, state: JobState.Synced } };
  }
  if (isFinished(job.state)) {
    return { kind: 'ended', job };
  }
  if (job.state === JobState.Pausing) {
    return moved({ ...job, state: JobState.Paused });
  }
  const action = setting.registry.get(job.type);
  const begun = begin(action, job, setting.startTs);
  if (setting.failure !== undefined && job.state !== JobState.Rollingback) {
    return turn(begun, setting.failure, setting);
  }
  if (job.state === JobState.Cancelling && canBeStopped(begun, setting.registry)) {
    return turn(begun, new DdlError('CANCELLED', 'Cancelled DDL job'), setting);
  }
  const going = job.state === JobState.Rollingback ? begun : { ...begun, state: JobState.Running };
  if (job.multi_schema_info !== null) {
    const result = await stepMulti(going, setting);
    return result.kind === 'backfill' ? { ...result, at: result.at ?? wholeJob } : result;
  }
  const result = await stepSingle(action, going, { ...setting, backfilled: setting.backfilled(wholeJob) });
  return result.kind === 'backfill' ? { ...result, at: wholeJob } : result;
}

/** Turns a job round: because it was cancelled, or because a step ended with an error that every try would end with. */
export async function turn(job: Job, error: DdlError, setting: TransitionSetting): Promise<Transition> {
  const action = setting.registry.find(job.type);
  if (action === undefined) {
    const state = JobState.Cancelled;
    return { kind: 'ended', job: { ...job, state, err: error.toErrorObject(), err_count: job.err_count + 1 } };
  }
  const begun = begin(action, job, setting.startTs);
  const result =
    begun.multi_schema_info !== null
      ? await turnMulti(begun, error, setting)
      : await turnSingle(action, begun, error, setting);
  if (result.kind === 'moved' && result.job.state === JobState.Cancelled) {
    return { kind: 'ended', job: result.job };
  }
  return result.kind === 'moved' ? result : moved(begun);
}

/** A job that somebody else queued may not say where its element begins. */
function begin(action: Action, job: Job, startTs: bigint): Job {
  const waits = job.state !== JobState.Running && job.state !== JobState.Rollingback;
  const schema_state = waits && job.real_start_ts === 0n ? action.initial : job.schema_state;
  return { ...job, schema_state, real_start_ts: job.real_start_ts === 0n ? startTs : job.real_start_ts };
}

function moved(job: Job): Transition {
  return { kind: 'moved', job, version: undefined, tells: false };
}
