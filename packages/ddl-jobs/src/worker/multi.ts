import type { Edge } from '../actions/action.js';
import type { ActionRegistry } from '../actions/registry.js';
import { DdlError } from '../errors.js';
import type { Meta } from '../meta/meta.js';
import type { Job, MultiSchemaInfo, SubJob } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import type { StepResult } from './single.js';
import { hasNotBegun, requireEdge, Step } from './step.js';

/*
 * An ALTER with several actions (TiDB 6.2 on): every action goes as far as it can be undone; then all take the step that cannot be undone together, in
 * one version; then those that have further to go finish one after the other. Undoing goes from the last action to the first.
 */

interface Environment {
  readonly meta: Meta;
  readonly startTs: bigint;
  readonly registry: ActionRegistry;
  /** Whether the rows of the sub-job at this place have been backfilled. */
  readonly backfilled: (at: number) => boolean;
}

/** One step of a job that has sub-jobs. */
export async function stepMulti(job: Job, environment: Environment): Promise<StepResult & { readonly at?: number }> {
  const multi = multiOf(job);
  if (job.state === JobState.Rollingback) {
    return undo(job, multi, environment);
  }
  return multi.revertible ? prepare(job, multi, environment) : finish(job, multi, environment);
}

/** Turns the whole job round. Past the common step there is no way back. */
export async function turnMulti(job: Job, error: DdlError, environment: Environment): Promise<StepResult> {
  const multi = multiOf(job);
  if (!multi.revertible) {
    throw new DdlError('FAILED', `the actions of job ${job.id} can only go forward from here: ${error.message}`, {
      cause: error,
    });
  }
  const turned = { ...job, err: error.toErrorObject(), err_count: job.err_count + 1 };
  if (multi.sub_jobs.every((sub) => sub.state === JobState.None)) {
    const cancelled = { ...turned, state: JobState.Cancelled };
    return { kind: 'moved', job: cancelled, version: undefined, tells: false };
  }
  return undo({ ...turned, state: JobState.Rollingback }, multi, environment);
}

async function prepare(job: Job, multi: MultiSchemaInfo, environment: Environment) {
  const subs = [...multi.sub_jobs];
  for (const [at, sub] of subs.entries()) {
    if (!sub.revertible) {
      continue;
    }
    const action = environment.registry.get(sub.type);
    const proxy = proxyOf(job, sub, action.initial);
    const step = new Step(proxy, environment.meta, environment.startTs);
    const edge = await requireEdge(action, step, 'forward');
    if (edge.backfill !== undefined && !environment.backfilled(at)) {
      const task = await edge.backfill(step);
      if (task !== undefined) {
        return { kind: 'backfill', task, at } as const;
      }
    }
    if (edge.commits === true) {
      subs[at] = { ...subOf(proxy, sub), revertible: false };
      continue;
    }
    return take(job, multi, subs, at, step, edge);
  }
  return commitTogether(job, multi, subs, environment);
}

/** The step after which there is no way back, for all actions in one version. */
async function commitTogether(job: Job, multi: MultiSchemaInfo, subs: SubJob[], environment: Environment) {
  const steps: Step[] = [];
  for (const [at, sub] of subs.entries()) {
    const action = environment.registry.get(sub.type);
    const proxy = proxyOf(job, sub, action.initial);
    const step = new Step(proxy, environment.meta, environment.startTs);
    await step.take(await requireEdge(action, step, 'forward'));
    step.keepResult(undefined);
    subs[at] = subOf(step.job, sub);
    steps.push(step);
  }
  const whole = new Step(job, environment.meta, environment.startTs);
  const version = await whole.makeVersion();
  const last = steps.at(-1)?.job.binlog;
  const together = ended(
    { ...job, row_count: rowsOf(subs), ...(last != null && { binlog: { ...last, SchemaVersion: version } }) },
    {
      ...multi,
      revertible: false,
      sub_jobs: subs.map((sub, at) => ({ ...sub, schema_version: at === 0 ? version : 0n })),
    },
    version,
    JobState.Done,
  );
  // What some actions have left to do after it changes nothing for rows that are written from here on.
  return { ...together, tells: true };
}

async function finish(job: Job, multi: MultiSchemaInfo, environment: Environment) {
  for (const [at, sub] of multi.sub_jobs.entries()) {
    if (sub.state !== JobState.Done) {
      const action = environment.registry.get(sub.type);
      const proxy = proxyOf(job, sub, action.initial);
      const step = new Step(proxy, environment.meta, environment.startTs);
      return take(job, multi, [...multi.sub_jobs], at, step, await requireEdge(action, step, 'forward'));
    }
  }
  return ended(job, multi, undefined, JobState.Done);
}

async function undo(job: Job, multi: MultiSchemaInfo, environment: Environment) {
  const subs = [...multi.sub_jobs];
  for (let at = subs.length - 1; at >= 0; at--) {
    const sub = subs[at];
    if (sub === undefined || sub.state === JobState.RollbackDone || sub.state === JobState.Cancelled) {
      continue;
    }
    const action = environment.registry.get(sub.type);
    const proxy = proxyOf(job, sub, action.initial);
    if (hasNotBegun(action, { ...proxy, state: sub.state })) {
      subs[at] = { ...sub, state: JobState.Cancelled };
      continue;
    }
    const way = sub.state === JobState.Rollingback ? 'rollback' : 'turn';
    const step = new Step(proxy, environment.meta, environment.startTs);
    return take(job, multi, subs, at, step, await requireEdge(action, step, way));
  }
  return ended(job, { ...multi, sub_jobs: subs }, undefined, JobState.RollbackDone);
}

async function take(job: Job, multi: MultiSchemaInfo, subs: SubJob[], at: number, step: Step, edge: Edge) {
  await step.take(edge);
  const version = edge.version ? await step.makeVersion() : undefined;
  step.keepResult(multi.revertible ? version : undefined);
  const sub = subs[at];
  if (sub !== undefined) {
    subs[at] = { ...subOf(step.job, sub), schema_version: version ?? sub.schema_version };
  }
  const back = job.state === JobState.Rollingback;
  return ended(
    { ...job, binlog: step.job.binlog, row_count: rowsOf(subs) },
    { ...multi, sub_jobs: subs },
    version,
    back ? JobState.RollbackDone : JobState.Done,
  );
}

/** The job after a step: at its end when every action is, else on its way. */
function ended(job: Job, multi: MultiSchemaInfo, version: bigint | undefined, end: JobState) {
  const through = multi.sub_jobs.every((sub) =>
    end === JobState.Done
      ? sub.state === JobState.Done
      : sub.state === JobState.RollbackDone || sub.state === JobState.Cancelled,
  );
  const going = end === JobState.Done ? JobState.Running : JobState.Rollingback;
  return {
    kind: 'moved',
    job: { ...job, multi_schema_info: multi, state: through ? end : going },
    version,
    tells: through && end === JobState.RollbackDone,
  } as const;
}

/** A sub-job as the job its action sees. */
function proxyOf(job: Job, sub: SubJob, initial: Job['schema_state']): Job {
  return {
    ...job,
    type: sub.type,
    raw_args: sub.raw_args,
    schema_state: sub.state === JobState.None ? initial : sub.schema_state,
    snapshot_ver: sub.snapshot_ver,
    state: sub.state === JobState.None ? JobState.Running : sub.state,
    row_count: sub.row_count,
    multi_schema_info: null,
  };
}

function subOf(proxy: Job, sub: SubJob): SubJob {
  return {
    ...sub,
    // Arguments that an action has done with stay in its sub-job, as in TiDB's.
    raw_args: proxy.raw_args ?? sub.raw_args,
    schema_state: proxy.schema_state,
    snapshot_ver: proxy.snapshot_ver,
    state: proxy.state,
    row_count: proxy.row_count,
  };
}

function rowsOf(subs: readonly SubJob[]): number {
  return subs.reduce((sum, sub) => sum + sub.row_count, 0);
}

function multiOf(job: Job): MultiSchemaInfo {
  if (job.multi_schema_info === null) {
    throw new DdlError('INVALID_JOB', `job ${job.id} is a multi-schema change without multi_schema_info`);
  }
  return job.multi_schema_info;
}
