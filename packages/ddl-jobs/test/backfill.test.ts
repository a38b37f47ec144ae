import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addColumn,
  addIndex,
  addPrimaryKey,
  ColumnFlag,
  createTable,
  DdlWorker,
  dropTable,
  type Job,
  JobState,
  modifyColumn,
  multiSchemaChange,
  newIndexInfo,
  newReorgMeta,
  newTableInfo,
  type ReorgTask,
  reorgWarnings,
  type TableInfo,
  type TableTarget,
} from '../src/index.js';
import { alone, Fleet, until } from './fleet.js';
import { StoreBackend, TableStore } from './table-store.js';
import { int, prepare, varchar } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

/** A fleet with rows 1 to n in its table: b is unique text, c is the row modulo `distinct`. */
async function filled(options: { readonly rows: number; readonly distinct?: number; readonly batchSize?: number }) {
  const backend = new StoreBackend(new TableStore());
  const fleet = await Fleet.start(etcd, {
    reorg: backend,
    reorgSpeed: { batchSize: options.batchSize ?? 10, concurrency: 2 },
    checkpointMs: 0,
  });
  const { table } = await prepare(fleet);
  const info = await infoOf(fleet, table);
  for (let row = 1; row <= options.rows; row++) {
    backend.store.insert(info, row, { a: row, b: `b${row}`, c: row % (options.distinct ?? 1_000_000) });
  }
  return { fleet, backend, store: backend.store, table };
}

async function infoOf(fleet: Fleet, table: TableTarget) {
  return until(() => fleet.read((meta) => meta.table(table.schemaId, table.tableId)), 'the table is there');
}

/** Holds the backfill in one of its batches, until `go`. */
function stopAt(backend: StoreBackend, stop: number) {
  let reached = () => {};
  const middle = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  backend.onBatch = async (_range, batch) => {
    if (batch === stop) {
      reached();
      await gate;
    }
  };
  return { middle, go };
}

describe('adding an index to a table with rows', () => {
  test('fills it in batches, and counts the rows', async () => {
    const { fleet, backend, store, table } = await filled({ rows: 200 });
    await using _ = fleet;
    const job = await fleet.jobs.run(addIndex(table, newIndexInfo('kb', ['b'])));
    expect(job).toMatchObject({ state: JobState.Synced, row_count: 200 });
    expect(job.snapshot_ver).toBeGreaterThan(0n);
    expect(backend.batches).toBeGreaterThanOrEqual(20);
    expect(store.disagreement(await infoOf(fleet, table))).toBe(undefined);
  });

  test('goes back with 1062 when a unique one finds a duplicate, and leaves nothing of it', async () => {
    const { fleet, store, table } = await filled({ rows: 100, distinct: 99 });
    await using _ = fleet;
    const before = (await infoOf(fleet, table)).index_info;
    const failed = fleet.jobs.run(addIndex(table, newIndexInfo('uc', ['c'], { is_unique: true })));
    await expect(failed).rejects.toMatchObject({ errno: 1062, message: "Duplicate entry '1' for key 't.uc'" });
    const [job] = await fleet.jobs.history({ limit: 1 });
    expect(job).toMatchObject({ state: JobState.RollbackDone, err: { code: 1062 }, err_count: 1 });
    const after = await infoOf(fleet, table);
    expect(after.index_info).toEqual(before);
    store.deleteRanges(after);
    expect(store.disagreement(after)).toBe(undefined);
  });

  test('can be cancelled in the middle', async () => {
    const { fleet, backend, table } = await filled({ rows: 400 });
    await using _ = fleet;
    const { middle, go } = stopAt(backend, 8);
    const job = await fleet.jobs.submit(addIndex(table, newIndexInfo('kb', ['b'])));
    await middle;
    const [result] = await fleet.jobs.cancel([job.id]);
    expect(result?.error).toBe(undefined);
    go();
    await expect(fleet.jobs.wait(job.id)).rejects.toMatchObject({ errno: 8214, message: 'Cancelled DDL job' });
    expect(backend.rows).toBeLessThan(400);
    expect((await infoOf(fleet, table)).index_info.map((index) => index.idx_name.O)).toEqual(['kc']);
  });

  test('holds a drop of the table back until it has ended, whoever asked first', async () => {
    const { fleet, backend, table } = await filled({ rows: 100 });
    await using _ = fleet;
    const { middle, go } = stopAt(backend, 3);
    const adding = fleet.jobs.run(addIndex(table, newIndexInfo('kb', ['b'])));
    await middle;
    const drop = await fleet.jobs.submit(dropTable(table));
    // A change of another table passes both.
    const { schemaId, schemaName } = table;
    await fleet.jobs.run(createTable({ schemaId, schemaName }, newTableInfo('beside', [int('a')])));
    expect((await fleet.jobs.job(drop.id))?.state).toBe(JobState.None);
    go();
    expect((await adding).state).toBe(JobState.Synced);
    expect((await fleet.jobs.wait(drop.id)).state).toBe(JobState.Synced);
    expect(await fleet.read((meta) => meta.table(table.schemaId, table.tableId))).toBe(undefined);
  });

  test('can be paused in the middle, and resumed from its checkpoint', async () => {
    const { fleet, backend, store, table } = await filled({ rows: 400 });
    await using _ = fleet;
    let jobId = 0;
    let paused: Promise<unknown> = Promise.resolve();
    backend.onBatch = async (_range, batch) => {
      if (batch === 20) {
        paused = fleet.jobs.pause([jobId]);
        await paused;
      }
    };
    const job = await fleet.jobs.submit(addIndex(table, newIndexInfo('kb', ['b'])));
    jobId = job.id;
    await until(async () => (await fleet.jobs.job(jobId))?.state === JobState.Paused, 'the job is paused');
    const [again] = await fleet.jobs.pause([jobId]);
    expect(again?.error).toMatchObject({ errno: 8262, message: `Job [${jobId}] has already been paused` });
    const done = backend.rows;
    expect(done).toBeLessThan(400);
    const [resumed] = await fleet.jobs.resume([jobId]);
    expect(resumed?.error).toBe(undefined);
    await fleet.jobs.wait(jobId);
    expect(backend.rows).toBeLessThan(done + 400);
    expect(store.disagreement(await infoOf(fleet, table))).toBe(undefined);
    const [finished] = await fleet.jobs.resume([jobId]);
    expect(finished?.error).toMatchObject({ errno: 8224 });
  });

  test('goes on where the last owner’s checkpoint says, after that owner stopped', async () => {
    const { fleet, backend, store, table } = await filled({ rows: 400 });
    await using _ = fleet;
    let reached = () => {};
    const middle = new Promise<void>((resolve) => {
      reached = resolve;
    });
    backend.onBatch = (_range, batch) => {
      if (batch === 30) reached();
    };
    const job = await fleet.jobs.submit(addIndex(table, newIndexInfo('kb', ['b'])));
    await middle;
    await fleet.worker.close();
    const first = backend.rows;
    const [server] = fleet.servers;
    if (server === undefined) throw new Error('no server');
    await using next = new DdlWorker({
      storage: fleet.storage,
      syncer: server.syncer,
      owner: alone,
      reorg: backend,
      reorgSpeed: { batchSize: 10, concurrency: 2 },
    });
    next.start();
    const ended = await fleet.jobs.wait(job.id);
    expect(ended.state).toBe(JobState.Synced);
    expect(backend.rows - first).toBeLessThan(400);
    expect(store.disagreement(await infoOf(fleet, table))).toBe(undefined);
  });

  test('tries a batch that failed again', async () => {
    const { fleet, backend, store, table } = await filled({ rows: 50 });
    await using _ = fleet;
    let failures = 0;
    backend.onBatch = () => {
      if (failures++ < 3) throw new Error('the disk had a hiccup');
    };
    await fleet.jobs.run(addIndex(table, newIndexInfo('kb', ['b'])));
    expect(store.disagreement(await infoOf(fleet, table))).toBe(undefined);
  });

  test('turns back after as many failures as the limit allows, and burns no version by them', async () => {
    const backend = new StoreBackend(new TableStore());
    await using fleet = await Fleet.start(etcd, { reorg: backend, errorCountLimit: 2, retryDelayMs: 1 });
    const { table } = await prepare(fleet);
    backend.store.insert(await infoOf(fleet, table), 1, { a: 1, b: 'b', c: 1 });
    const before = await fleet.read((meta) => meta.schemaVersion());
    backend.onBatch = () => {
      throw new Error('the disk is gone');
    };
    await expect(fleet.jobs.run(addIndex(table, newIndexInfo('kb', ['b'])))).rejects.toMatchObject({ errno: 8214 });
    const [job] = await fleet.jobs.history({ limit: 1 });
    expect(job).toMatchObject({ state: JobState.RollbackDone, err_count: 4 });
    // Three versions there and three back.
    expect(await fleet.read((meta) => meta.schemaVersion())).toBe(before + 6n);
  });

  test('changes its speed while it runs', async () => {
    const { fleet, backend, table } = await filled({ rows: 300, batchSize: 1 });
    await using _ = fleet;
    backend.onBatch = (_range, batch) => {
      if (batch === 10) fleet.worker.setReorgSpeed({ batchSize: 1000 });
    };
    await fleet.jobs.run(addIndex(table, newIndexInfo('kb', ['b'])));
    expect(backend.rows).toBe(300);
    expect(backend.batches).toBeLessThan(60);
    expect(() => fleet.worker.setReorgSpeed({ batchSize: 0 })).toThrow(/must be positive/);
  });
});

describe('adding a primary key over columns that can be NULL', () => {
  const key = (...columns: string[]) => newIndexInfo('PRIMARY', columns).idx_cols;

  test('makes them NOT NULL when no row holds NULL', async () => {
    const { fleet, store, table } = await filled({ rows: 50 });
    await using _ = fleet;
    const flagsOf = (info: TableInfo) => info.cols.slice(0, 2).map((column) => column.type.Flag & guards);
    const guards = ColumnFlag.NotNull | ColumnFlag.PreventNullInsert;
    expect(flagsOf(await infoOf(fleet, table))).toEqual([ColumnFlag.NotNull, 0]);
    const job = await fleet.jobs.run(addPrimaryKey(table, key('a', 'b')));
    expect(job).toMatchObject({ state: JobState.Synced, row_count: 50 });
    const after = await infoOf(fleet, table);
    expect(flagsOf(after)).toEqual([ColumnFlag.NotNull, ColumnFlag.NotNull]);
    expect(store.disagreement(after)).toBe(undefined);
  });

  test('goes back with 1138 when one does, and writes take NULL again', async () => {
    const { fleet, store, table } = await filled({ rows: 50 });
    await using _ = fleet;
    const before = await infoOf(fleet, table);
    store.insert(before, 51, { a: 51, b: null, c: 51 });
    const failed = fleet.jobs.run(addPrimaryKey(table, key('a', 'b')));
    await expect(failed).rejects.toMatchObject({ errno: 1138, message: 'Invalid use of NULL value' });
    const after = await infoOf(fleet, table);
    expect(after.index_info).toEqual(before.index_info);
    expect(after.cols.map((column) => column.type.Flag)).toEqual(before.cols.map((column) => column.type.Flag));
  });
});

describe('changing a column of a table with rows', () => {
  test('rewrites its values and its index', async () => {
    const { fleet, store, table } = await filled({ rows: 60 });
    await using _ = fleet;
    await fleet.jobs.run(modifyColumn(table, 'c', varchar('c', 10)));
    const info = await infoOf(fleet, table);
    expect(store.read(info).get(7)).toEqual({ a: 7, b: 'b7', c: '7' });
    store.deleteRanges(info);
    expect(store.disagreement(info)).toBe(undefined);
    expect(info.cols.map((column) => column.name.O)).toEqual(['a', 'b', 'c']);
    expect(info.index_info.map((index) => index.idx_name.O)).toEqual(['kc']);
  });

  test('to NOT NULL goes back when a row holds NULL, and writes take NULL again', async () => {
    const { fleet, store, table } = await filled({ rows: 3 });
    await using _ = fleet;
    store.insert(await infoOf(fleet, table), 4, { a: 4, b: 'b4', c: null });
    const failed = fleet.jobs.run(modifyColumn(table, 'c', int('c', ColumnFlag.NotNull)));
    await expect(failed).rejects.toMatchObject({ errno: 1265, message: "Data truncated for column 'c' at row 1" });
    const column = (await infoOf(fleet, table)).cols.find((each) => each.name.O === 'c');
    expect((column?.type.Flag ?? 0) & (ColumnFlag.NotNull | ColumnFlag.PreventNullInsert)).toBe(0);
    store.delete(await infoOf(fleet, table), 4);
    expect((await fleet.jobs.run(modifyColumn(table, 'c', int('c', ColumnFlag.NotNull)))).state).toBe(JobState.Synced);
  });
});

test('one ALTER with a column and a unique index: a duplicate takes both back', async () => {
  const { fleet, table } = await filled({ rows: 100, distinct: 99 });
  await using _ = fleet;
  const before = await infoOf(fleet, table);
  const alter = multiSchemaChange(table, [
    addColumn(table, int('m')),
    addIndex(table, newIndexInfo('uc', ['c'], { is_unique: true })),
  ]);
  await expect(fleet.jobs.run(alter)).rejects.toMatchObject({ errno: 1062 });
  const after = await infoOf(fleet, table);
  expect(after.cols).toEqual(before.cols);
  expect(after.index_info).toEqual(before.index_info);
  const [job]: readonly (Job | undefined)[] = await fleet.jobs.history({ limit: 1 });
  expect(job?.state).toBe(JobState.RollbackDone);
  expect(job?.multi_schema_info?.sub_jobs.map((sub) => sub.state)).toEqual([
    JobState.RollbackDone,
    JobState.RollbackDone,
  ]);
});

test('a backfill is told how the session converts values, and its job counts what that warned of', async () => {
  const { fleet, backend, table } = await filled({ rows: 40 });
  await using _ = fleet;
  const session = { sqlMode: 2 ** 21, location: { name: 'UTC', offset: 18_000 } };
  const seen: ReorgTask[] = [];
  const backfill = backend.backfill.bind(backend);
  backend.backfill = async (task, range, options) => {
    seen.push(task);
    const batch = await backfill(task, range, options);
    const warning = { class: 20, code: 1292, message: `from ${task.table.name.O}`, rfccode: 'types:1292' };
    return { ...batch, warnings: [{ warning, count: batch.rows }] };
  };
  const spec = modifyColumn(table, 'c', varchar('c', 10));
  const job = await fleet.jobs.run({ ...spec, reorgMeta: newReorgMeta(session) });
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.map((task) => task.session)).toEqual(seen.map(() => session));
  expect(reorgWarnings(job.reorg_meta)).toMatchObject([{ warning: { code: 1292 }, count: 40 }]);
  expect(job.reorg_meta).toMatchObject({ sql_mode: 2_097_152, warnings_count: { 'types:1292': 40 }, reorg_tp: 1 });
  const plain = await fleet.jobs.run(modifyColumn(table, 'c', int('c')));
  expect(plain.reorg_meta).toBe(null);
  expect(seen.at(-1)?.session).toBe(undefined);
});

test('rows from before a column show the same after its default is changed', async () => {
  const { fleet, table } = await filled({ rows: 3 });
  await using _ = fleet;
  await fleet.jobs.run(addColumn(table, { ...int('d'), default: '5', origin_default: '5' }));
  await fleet.jobs.run(modifyColumn(table, 'd', { ...int('d'), default: '7' }));
  const { cols } = await infoOf(fleet, table);
  expect(cols.at(-1)).toMatchObject({ name: { O: 'd' }, default: '7', origin_default: '5' });
});
