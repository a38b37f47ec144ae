import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addColumn,
  createTable,
  type DdlBinlog,
  type DdlBinlogSink,
  dropColumn,
  JobState,
  modifyColumn,
  multiSchemaChange,
  newTableInfo,
  SchemaState,
} from '../src/index.js';
import { Fleet, until } from './fleet.js';
import { int, prepare, varchar } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

type Written = {
  readonly kind: 'prewrite' | 'commit' | 'rollback';
  readonly binlog: DdlBinlog;
  readonly commitTs?: bigint;
};

/** Keeps what is written, and refuses as many Prewrites as it is told. */
class Sink implements DdlBinlogSink {
  readonly written: Written[] = [];
  refuse = 0;

  async prewrite(binlog: DdlBinlog): Promise<void> {
    this.written.push({ kind: 'prewrite', binlog });
    if (this.refuse > 0) {
      this.refuse--;
      throw new Error('no pump');
    }
  }

  commit(binlog: DdlBinlog, commitTs: bigint): void {
    this.written.push({ kind: 'commit', binlog, commitTs });
  }

  rollback(binlog: DdlBinlog): void {
    this.written.push({ kind: 'rollback', binlog });
  }

  /** The wait for a job may end before the owner has heard that its transaction is through. */
  async settled(jobId: number, count: number): Promise<void> {
    await until(async () => this.of(jobId).length >= count, `${count} binlogs of job ${jobId}`);
  }

  of(jobId: number) {
    return this.written
      .filter((each) => each.binlog.jobId === jobId)
      .map((each) => [each.kind, each.binlog.jobState, each.binlog.schemaState] as const);
  }
}

describe("with ddlBinlog 'synced', as the article has it", () => {
  test('the pair goes out with the transaction that makes the job Synced, and with no other', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink });
    const { table } = await prepare(fleet);
    const job = await fleet.jobs.run(addColumn(table, int('z')));
    await sink.settled(job.id, 2);
    expect(sink.of(job.id)).toEqual([
      ['prewrite', JobState.Synced, SchemaState.Public],
      ['commit', JobState.Synced, SchemaState.Public],
    ]);
    const [prewrite, commit] = sink.written.filter((each) => each.binlog.jobId === job.id);
    expect(prewrite?.binlog.query).toBe('alter table `t` add column `z`');
    expect(commit?.commitTs).toBeGreaterThan(prewrite?.binlog.startTs ?? 0n);
    expect(prewrite?.binlog.startTs).toBe(job.binlog?.FinishedTS);
  });

  test('each pair of several jobs at once has a start_ts of its own', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink });
    const { schema } = await prepare(fleet);
    const names = Array.from({ length: 12 }, (_, at) => `many${at}`);
    await Promise.all(names.map((each) => fleet.jobs.run(createTable(schema, newTableInfo(each, [int('a')])))));
    await until(async () => sink.written.filter((each) => each.kind === 'commit').length >= 14, 'all commits are out');
    const starts = sink.written.filter((each) => each.kind === 'commit').map((each) => each.binlog.startTs);
    expect(new Set(starts).size).toBe(starts.length);
    expect(starts.length).toBe(14);
  });

  test('a job that was rolled back has a pair with RollbackDone, one that was cancelled unbegun has none', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink });
    const { table } = await prepare(fleet);
    const [, gate] = fleet.servers;
    await gate?.allow(await fleet.read((meta) => meta.schemaVersion()));
    const job = await fleet.jobs.submit(addColumn(table, int('z')));
    await until(async () => (await fleet.jobs.job(job.id))?.schema_state === SchemaState.DeleteOnly, 'delete only');
    await fleet.jobs.cancel([job.id]);
    await gate?.allow(undefined);
    await expect(fleet.jobs.wait(job.id)).rejects.toMatchObject({ errno: 8214 });
    await sink.settled(job.id, 2);
    expect(sink.of(job.id)).toEqual([
      ['prewrite', JobState.RollbackDone, SchemaState.None],
      ['commit', JobState.RollbackDone, SchemaState.None],
    ]);
    const failed = await fleet.jobs.submit(addColumn(table, int('a')));
    await expect(fleet.jobs.wait(failed.id)).rejects.toMatchObject({ errno: 1060 });
    expect(sink.of(failed.id)).toEqual([]);
  });

  test('when the Prewrite fails a Rollback follows, no version is burnt, and the job is tried until a Commit exists', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink });
    const { table } = await prepare(fleet);
    const before = await fleet.read((meta) => meta.schemaVersion());
    sink.refuse = 3;
    const job = await fleet.jobs.run(addColumn(table, int('z')));
    await sink.settled(job.id, 8);
    const kinds = sink.of(job.id).map(([kind]) => kind);
    expect(kinds).toEqual([
      'prewrite',
      'rollback',
      'prewrite',
      'rollback',
      'prewrite',
      'rollback',
      'prewrite',
      'commit',
    ]);
    expect(await fleet.read((meta) => meta.schemaVersion())).toBe(before + 4n);
  });
});

describe("with ddlBinlog 'done', as TiDB since 2019", () => {
  test('the pair goes out with the step that makes the job Done, a dropped column has one more at delete only', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink, ddlBinlog: 'done' });
    const { table } = await prepare(fleet);
    const added = await fleet.jobs.run(addColumn(table, int('z')));
    await sink.settled(added.id, 2);
    expect(sink.of(added.id)).toEqual([
      ['prewrite', JobState.Done, SchemaState.Public],
      ['commit', JobState.Done, SchemaState.Public],
    ]);
    const dropped = await fleet.jobs.run(dropColumn(table, 'z'));
    await sink.settled(dropped.id, 4);
    expect(sink.of(dropped.id)).toEqual([
      ['prewrite', JobState.Running, SchemaState.DeleteOnly],
      ['commit', JobState.Running, SchemaState.DeleteOnly],
      ['prewrite', JobState.Done, SchemaState.None],
      ['commit', JobState.Done, SchemaState.None],
    ]);
  });

  test('where steps follow the one that takes effect, the pair goes out with that one, and the history has its version', async () => {
    const sink = new Sink();
    await using fleet = await Fleet.start(etcd, { binlog: sink, ddlBinlog: 'done' });
    const { table } = await prepare(fleet);
    const pair = [
      ['prewrite', JobState.Running, SchemaState.Public],
      ['commit', JobState.Running, SchemaState.Public],
    ];
    const rewritten = await fleet.jobs.run(modifyColumn(table, 'c', varchar('c', 10)));
    await sink.settled(rewritten.id, 2);
    expect(sink.of(rewritten.id)).toEqual(pair);
    expect(rewritten.binlog?.SchemaVersion).toBe(await fleet.read(async (meta) => (await meta.schemaVersion()) - 2n));
    expect(rewritten.binlog?.TableInfo?.cols.map((column) => column.name.O)).toEqual(['a', 'b', 'c']);
    const actions = [addColumn(table, int('z')), modifyColumn(table, 'c', int('c')), dropColumn(table, 'b')];
    const several = await fleet.jobs.run(multiSchemaChange(table, actions));
    await sink.settled(several.id, 2);
    expect(sink.of(several.id).map(([kind, state]) => [kind, state])).toEqual(
      pair.map(([kind, state]) => [kind, state]),
    );
    // The rewritten column has two more steps after the common one, the dropped one three.
    expect(several.binlog?.SchemaVersion).toBe(await fleet.read(async (meta) => (await meta.schemaVersion()) - 5n));
    expect(several.binlog?.TableInfo?.cols.map((column) => column.name.O)).toEqual(['a', 'c', 'z']);
  });
});
