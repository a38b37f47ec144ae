import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ActionType,
  builtinActions,
  type DdlEvent,
  type Edge,
  type Job,
  JobState,
  SchemaState,
  stringifyJson,
} from '../src/index.js';
import { type Change, changes } from './changes.js';
import { Fleet, until } from './fleet.js';
import { prepare } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

type Moved = Extract<DdlEvent, { kind: 'step' }>;

/** Collects the steps of one job, until it is over. */
async function stepsOf(events: AsyncIterable<DdlEvent>, jobId: Promise<number>): Promise<readonly Moved[]> {
  const steps: Moved[] = [];
  const ended = new Set<number>();
  for await (const event of events) {
    if (event.kind === 'step') steps.push(event);
    if (event.kind === 'end') ended.add(event.jobId);
    if (ended.has(await jobId)) break;
  }
  const id = await jobId;
  return steps.filter((step) => step.jobId === id);
}

/** The schema as text, without what only says when it was written. */
async function schemaText(fleet: Fleet): Promise<string> {
  return fleet.read(async (meta) => {
    const databases = await meta.databases();
    const tables = await Promise.all(databases.map((database) => meta.tables(database.id)));
    return stringifyJson({ databases, tables }).replaceAll(/"(update_timestamp|max_col_id|max_idx_id)":\d+/g, '');
  });
}

const rowOf = (edge: Edge) => [edge.job, edge.to, edge.version] as const;
const rowOfStep = (step: Moved) => [step.state, step.schemaState, step.version !== undefined] as const;

test('every action is walked', () => {
  expect(new Set(changes.map((change) => change.type))).toEqual(new Set(builtinActions.map((action) => action.type)));
});

describe.each(changes)('$title', (change) => {
  test('goes through the states of its table to the end, one version and one diff a step', async () => {
    await using fleet = await Fleet.start(etcd);
    const prepared = await prepare(fleet);
    const spec = await change.spec(prepared, fleet);
    const before = await fleet.read((meta) => meta.schemaVersion());
    let tell: (id: number) => void = () => {};
    const id = new Promise<number>((resolve) => {
      tell = resolve;
    });
    const stop = new AbortController();
    const walked = stepsOf(fleet.worker.events({ signal: stop.signal }), id);
    const job = await fleet.jobs.submit(spec);
    tell(job.id);
    const ended = await fleet.jobs.wait(job.id);
    const steps = await walked;

    expect(ended.state).toBe(JobState.Synced);
    expect(steps.filter((step) => step.version !== undefined)).toHaveLength(change.versions);
    if (change.type !== ActionType.MultiSchemaChange) {
      expectAlong(change, steps);
    }
    await expectDiffs(fleet, before, steps, ended, change.later);
    expect(await fleet.jobs.jobs()).toEqual([]);
  });

  test('can be cancelled in just the states that its table says, and leaves nothing behind', async () => {
    for (let atVersion = 0; atVersion < change.versions; atVersion++) {
      await cancelAfter(change, atVersion);
    }
  });
});

/** Lets a job take so many versions, cancels it there, and looks at what becomes of it. */
async function cancelAfter(change: Change, versions: number): Promise<void> {
  await using fleet = await Fleet.start(etcd);
  const prepared = await prepare(fleet);
  const spec = await change.spec(prepared, fleet);
  const before = await fleet.read((meta) => meta.schemaVersion());
  const text = await schemaText(fleet);
  const [, gate] = fleet.servers;
  await gate?.allow(before + BigInt(versions) - 1n);
  // At no version the job has to be stopped before the worker sees it.
  const held = versions === 0 ? await fleet.worker.close() : undefined;
  expect(held).toBe(undefined);
  const { id } = await fleet.jobs.submit(spec);
  if (versions > 0) {
    await until(
      async () => (await fleet.read((meta) => meta.schemaVersion())) === before + BigInt(versions),
      `${versions} versions of ${change.title}`,
    );
  }
  const job = await until(() => fleet.jobs.job(id), 'the job is there');
  const [result] = await fleet.jobs.cancel([id]);
  if (versions === 0) {
    expect(result?.error).toBe(undefined);
    return;
  }
  const [again] = await fleet.jobs.cancel([id]);
  await gate?.allow(undefined);
  const ended = await fleet.jobs.wait(id).catch(() => until(async () => fleet.jobs.job(id), 'the job is over'));

  const action = builtinActions.find((each) => each.type === change.type);
  const stoppable =
    job.multi_schema_info?.revertible ??
    (action?.cancellable.includes(job.schema_state) && job.state !== JobState.Done);
  if (job.state === JobState.Done) {
    expect(result?.error).toMatchObject({ errno: 8225, message: `This job:${id} is finished, so can't be cancelled` });
  } else if (!stoppable) {
    expect(result?.error).toMatchObject({
      errno: 8226,
      message: `This job:${id} is almost finished, can't be cancelled now`,
    });
  } else {
    expect(result?.error).toBe(undefined);
    expect(again?.error).toBe(undefined);
    expect(ended).toMatchObject({ state: JobState.RollbackDone, err: { code: 8214, message: 'Cancelled DDL job' } });
    expect(await schemaText(fleet)).toBe(text);
    return;
  }
  expect(ended.state).toBe(JobState.Synced);
}

/** Each step is the edge that the table has for where the job stood. */
function expectAlong(change: Change, steps: readonly Moved[]): void {
  const action = builtinActions.find((each) => each.type === change.type);
  let at: SchemaState = action?.initial ?? SchemaState.None;
  for (const step of steps) {
    const rows = action?.forward.filter((edge) => edge.from === at).map(rowOf) ?? [];
    expect(rows).toContainEqual(rowOfStep(step));
    at = step.schemaState;
  }
  expect(steps.at(-1)?.state).toBe(JobState.Done);
}

/** Every version is explained by one diff, of the job's type and objects. */
async function expectDiffs(fleet: Fleet, before: bigint, steps: readonly Moved[], job: Job, later = 0): Promise<void> {
  const versions = steps.flatMap((step) => (step.version === undefined ? [] : [step.version]));
  expect(versions).toEqual(versions.map((_, at) => before + BigInt(at) + 1n));
  const diffs = await fleet.read((meta) => Promise.all(versions.map((version) => meta.diff(version))));
  for (const [at, diff] of diffs.entries()) {
    expect(diff).toMatchObject({ version: versions[at], schema_id: job.schema_id });
  }
  expect(job.binlog?.SchemaVersion).toBe(versions.at(-1 - later));
}
