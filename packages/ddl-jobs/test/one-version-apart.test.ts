import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ActionType, DdlError, type TableInfo } from '../src/index.js';
import type { ReorgTask } from '../src/reorg/backend.js';
import { changes } from './changes.js';
import { Fleet } from './fleet.js';
import { TableStore, type Value } from './table-store.js';
import { prepare } from './tables.js';

/*
 * F1's proof, by search. The versions of a table are those that the worker really wrote. Two nodes hold versions of it that are at most one
 * apart, and run inserts, updates, deletes and reads in any order; while both are at a version that is backfilled, its rows are backfilled one by one in
 * between. Whatever the order, what was written is read, and every index that may be read agrees with the rows.
 */

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

/** A version of the table, and what has to be backfilled before the next. */
interface Version {
  readonly table: TableInfo;
  readonly task: Pick<ReorgTask, 'table' | 'indexes' | 'column' | 'check'> | undefined;
}

type Move =
  | { readonly kind: 'insert' | 'update'; readonly node: 0 | 1; readonly handle: number; readonly value: number }
  | { readonly kind: 'delete'; readonly node: 0 | 1; readonly handle: number }
  | { readonly kind: 'advance'; readonly node: 0 | 1 };

const node = fc.constantFrom<0 | 1>(0, 1);
const handle = fc.integer({ min: 1, max: 3 });
const value = fc.integer({ min: 1, max: 9 });
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constantFrom<'insert' | 'update'>('insert', 'update'), node, handle, value }),
  fc.record({ kind: fc.constant<'delete'>('delete'), node, handle }),
  fc.record({ kind: fc.constant<'advance'>('advance'), node }),
);

/** Runs the worker once over a change and keeps every version of the table that it wrote, and each backfill where it was asked for. */
async function versionsOf(title: string): Promise<readonly Version[]> {
  const change = changes.find((each) => each.title === title);
  if (change === undefined) throw new Error(`no change is called ${title}`);
  const versions: Version[] = [];
  const tasks: ReorgTask[] = [];
  await using fleet = await Fleet.start(etcd, {
    reorg: {
      // One row, so that there is a batch to be asked for.
      range: async (_task, physicalId) => ({ physicalId, start: Buffer.from('a'), end: Buffer.from('b') }),
      split: async (_task, range) => [range],
      async backfill(task) {
        tasks.push(task);
        return { rows: 1, next: undefined };
      },
    },
  });
  const { table, schema } = await prepare(fleet);
  const spec = await change.spec({ table, schema }, fleet);
  const first = await fleet.read((meta) => meta.schemaVersion());
  const keep = async () => {
    const info = await fleet.read((meta) => meta.table(table.schemaId, table.tableId));
    if (info !== undefined) versions.push({ table: info, task: undefined });
  };
  await keep();
  const [, gate] = fleet.servers;
  await gate?.allow(first);
  const { id } = await fleet.jobs.submit(spec);
  for (let version = first + 1n; version <= first + BigInt(change.versions); version++) {
    const wanted = version;
    await waitFor(async () => (await fleet.read((meta) => meta.schemaVersion())) >= wanted);
    await keep();
    const at = versions.length - 1;
    await gate?.allow(version);
    // The backfill, if there is one, runs before the next version: it belongs to this one.
    if (version < first + BigInt(change.versions)) {
      await waitFor(async () => (await fleet.read((meta) => meta.schemaVersion())) > wanted);
      const [task] = tasks.splice(0);
      if (task !== undefined) {
        versions[at] = { table: task.table, task };
      }
    }
  }
  await fleet.jobs.wait(id);
  return versions;
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Plays moves over versions. Returns what went wrong first, or undefined. */
function play(versions: readonly Version[], moves: readonly Move[]): string | undefined {
  const store = new TableStore();
  const at: [number, number] = [0, 0];
  const last = versions.length - 1;
  const pending = new Set<number>();
  let filling = -1;
  const written = new Map<number, number>();
  const tableOf = (which: 0 | 1) => versions[at[which]]?.table;
  const look = (which: 0 | 1): string | undefined => {
    const table = tableOf(which);
    if (table === undefined) return undefined;
    for (const [key, row] of store.read(table)) {
      if (row.b !== String(written.get(key))) return `row ${key} has b = ${row.b}, written was ${written.get(key)}`;
      const c = row.c ?? row.c2;
      if (c !== undefined && Number(c) !== written.get(key))
        return `row ${key} has c = ${c}, written was ${written.get(key)}`;
    }
    return store.disagreement(table);
  };
  const advance = (which: 0 | 1): string | undefined => {
    const other = at[which === 0 ? 1 : 0];
    if (at[which] > other || at[which] === last) return undefined;
    const here = versions[at[which]];
    if (here?.task !== undefined && at[0] === at[1]) {
      // The owner goes on only when all rows of the snapshot are backfilled.
      if (filling !== at[which]) {
        filling = at[which];
        for (const key of store.rows.keys()) pending.add(key);
      }
      const [next] = pending;
      if (next !== undefined) {
        pending.delete(next);
        store.backfillRow(here.task, next);
        return undefined;
      }
    }
    at[which]++;
    return undefined;
  };
  const act = (each: Move): void => {
    const table = tableOf(each.node);
    if (table === undefined) return;
    if (each.kind === 'delete') {
      if (store.delete(table, each.handle)) written.delete(each.handle);
    } else if (each.kind !== 'advance') {
      const values: Record<string, Value> = { a: each.handle, b: String(each.value) };
      for (const column of ['c', 'c2']) {
        const info = table.cols.find((one) => one.name.O === column);
        if (info !== undefined) values[column] = info.type.Tp === 15 ? String(each.value) : each.value;
      }
      // A unique key may refuse it; then nothing has happened.
      if (store[each.kind](table, each.handle, values)) written.set(each.handle, each.value);
    }
  };
  const run = (each: Move): string | undefined => {
    try {
      if (each.kind === 'advance') {
        const wrong = advance(each.node);
        if (wrong !== undefined) return wrong;
      } else {
        act(each);
      }
    } catch (error) {
      if (!DdlError.is(error) || error.code !== 'DUPLICATE_ENTRY') throw error;
      // A backfill that finds a duplicate ends the way forward; for the walk that is the end too.
      if (each.kind === 'advance') return 'rolled back';
    }
    return look(0) ?? look(1);
  };
  for (const each of moves) {
    const wrong = run(each);
    if (wrong === 'rolled back') return undefined;
    if (wrong !== undefined) return wrong;
  }
  // To the end, and what indexes that are gone have left is deleted.
  while (at[0] < last || at[1] < last) {
    const wrong = run({ kind: 'advance', node: at[0] <= at[1] ? 0 : 1 });
    if (wrong === 'rolled back') return undefined;
    if (wrong !== undefined) return wrong;
  }
  const end = versions[last]?.table;
  return end === undefined ? undefined : store.disagreement(end);
}

const runs = Number(process.env.DDL_JOBS_MODEL_RUNS ?? 3_000);
const search = (versions: readonly Version[]) =>
  fc.check(
    fc.property(fc.array(move, { minLength: 8, maxLength: 40 }), (moves) => {
      const wrong = play(versions, moves);
      if (wrong !== undefined) throw new Error(wrong);
    }),
    { numRuns: runs, seed: 7 },
  );

const walked = changes.filter(
  (change) =>
    change.versions > 1 &&
    ![ActionType.DropSchema, ActionType.DropTable, ActionType.DropView].some((type) => type === change.type),
);

describe.each(walked)('two nodes one version apart during "$title"', ({ title }) => {
  test('read what was written, and their indexes agree with the rows', async () => {
    const versions = await versionsOf(title);
    const result = search(versions);
    expect(result.failed ? fc.defaultReportMessage(result) : 'nothing wrong').toBe('nothing wrong');
  });
});

describe('the search finds a planted error', () => {
  test.each([
    { title: 'add index', skip: [1], state: 'delete only' },
    { title: 'add index', skip: [2, 3], state: 'write only and write reorganization' },
    { title: 'drop index', skip: [1], state: 'write only' },
    { title: 'modify column, rewriting it and its index', skip: [2, 3], state: 'write only and write reorganization' },
  ])('when "$title" skips $state', async ({ title, skip }) => {
    const versions = (await versionsOf(title)).filter((_, at) => !skip.includes(at));
    expect(search(versions).failed).toBe(true);
  });
});
