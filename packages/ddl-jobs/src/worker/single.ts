import type { Action, Edge } from '../actions/action.js';
import { DdlError } from '../errors.js';
import type { Meta } from '../meta/meta.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { type Backfill, hasNotBegun, nextEdge, requireEdge, Step } from './step.js';

/** What came of one step of a job. */
export type StepResult =
  | {
      readonly kind: 'moved';
      readonly job: Job;
      readonly version: bigint | undefined;
      /** Whether what the job does, or that it did nothing, is to be told from this step on. */
      readonly tells: boolean;
    }
  /** Nothing was written: rows have to be backfilled first. */
  | { readonly kind: 'backfill'; readonly task: Backfill };

/** One step of a job with one action: along its table, or round, or back. */
export async function stepSingle(
  action: Action,
  job: Job,
  environment: { readonly meta: Meta; readonly startTs: bigint; readonly backfilled: boolean },
): Promise<StepResult> {
  const step = new Step(job, environment.meta, environment.startTs);
  const edge = await requireEdge(action, step, job.state === JobState.Rollingback ? 'rollback' : 'forward');
  if (edge.backfill !== undefined && !environment.backfilled) {
    const task = await edge.backfill(step);
    if (task !== undefined) {
      return { kind: 'backfill', task };
    }
  }
  return moved(step, edge);
}

/** Turns a job round because of an error, or because somebody cancelled it; one that has not begun just ends. */
export async function turnSingle(
  action: Action,
  job: Job,
  error: DdlError,
  environment: { readonly meta: Meta; readonly startTs: bigint },
): Promise<StepResult> {
  const failed = { ...job, err: error.toErrorObject(), err_count: job.err_count + 1 };
  if (hasNotBegun(action, job)) {
    const cancelled = { ...failed, state: JobState.Cancelled };
    return { kind: 'moved', job: cancelled, version: undefined, tells: false };
  }
  const step = new Step(failed, environment.meta, environment.startTs);
  const edge = await nextEdge(action, step, 'turn');
  if (edge === undefined) {
    throw new DdlError('FAILED', `"${action.name}" can only go forward from here: ${error.message}`, { cause: error });
  }
  return moved(step, edge);
}

async function moved(step: Step, edge: Edge): Promise<StepResult> {
  await step.take(edge);
  const version = edge.version ? await step.makeVersion() : undefined;
  const told = (step.job.binlog?.SchemaVersion ?? 0n) !== 0n;
  const concludes = edge.job === JobState.Done || edge.job === JobState.RollbackDone || edge.takesEffect === true;
  if (concludes) {
    step.keepResult(told ? undefined : version);
  }
  return { kind: 'moved', job: step.job, version, tells: (concludes && !told) || edge.announces === true };
}
