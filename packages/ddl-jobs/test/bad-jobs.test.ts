import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addColumn,
  addIndex,
  alterIndexVisibility,
  type ColumnPosition,
  createSchema,
  createTable,
  type DdlEvent,
  dropColumn,
  dropIndex,
  dropTable,
  type Job,
  JobState,
  Meta,
  modifyColumn,
  modifyTableComment,
  multiSchemaChange,
  newIndexInfo,
  newTableInfo,
  renameIndex,
  renameTable,
  setDefaultValue,
  type TableTarget,
} from '../src/index.js';
import { listHeadKey, listItemKey } from '../src/meta/structure.js';
import { transact } from '../src/meta/transact.js';
import { newJob } from '../src/model/job.js';
import { JobQueue } from '../src/queue.js';
import { Fleet, until } from './fleet.js';
import { int, prepare } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

const signal = () => AbortSignal.timeout(30_000);

/** Puts a job into the queue as another peer's submit would. */
async function queueForeign(fleet: Fleet, fields: Partial<Job> & { readonly type: number }): Promise<number> {
  return transact(fleet.storage, { signal: signal() }, async (buffer) => {
    const [id = 0] = await new Meta(buffer).allocateIds(1);
    await JobQueue.append(buffer, 'general', [newJob({ id, ...fields })]);
    return id;
  });
}

describe('a statement about objects that are or are not there ends Cancelled with TiDB’s error', () => {
  test('create what exists, drop and change what does not', async () => {
    await using fleet = await Fleet.start(etcd);
    const { schema, table } = await prepare(fleet);
    const missing = { ...table, tableId: 9999, tableName: 'nosuch' };
    const run = (spec: Parameters<Fleet['jobs']['run']>[0]) => fleet.jobs.run(spec);
    const cases = [
      [createSchema('D'), 1007, "Can't create database 'D'; database exists"],
      [createTable(schema, newTableInfo('T', [int('a')])), 1050, "Table 'd.T' already exists"],
      [createTable(schema, newTableInfo('u', [int('a'), int('A')])), 1060, "Duplicate column name 'A'"],
      [createTable({ schemaId: 77, schemaName: 'x' }, newTableInfo('u', [int('a')])), 1049, "Unknown database 'x'"],
      [dropTable(missing), 1051, "Unknown table 'd.nosuch'"],
      [addColumn(missing, int('z')), 1146, "Table 'd.nosuch' doesn't exist"],
      [addColumn(table, int('a')), 1060, "Duplicate column name 'a'"],
      [addColumn(table, int('z'), { after: 'zzz' }), 1054, "Unknown column 'zzz' in 't'"],
      [dropColumn(table, 'zzz'), 1091, "Can't DROP 'zzz'; check that column/key exists"],
      [addIndex(table, newIndexInfo('kc', ['a'])), 1061, 'index already exist kc'],
      [addIndex(table, newIndexInfo('u', ['zzz'])), 1072, 'column does not exist: zzz'],
      [dropIndex(table, 'nosuch'), 1091, "index nosuch doesn't exist"],
      [renameIndex(table, 'nosuch', 'x'), 1176, "Key 'nosuch' doesn't exist in table 't'"],
      [renameTable(missing, { name: 'x' }), 1146, "Table 'd.nosuch' doesn't exist"],
    ] as const;
    const before = await fleet.read((meta) => meta.schemaVersion());
    for (const [spec, errno, message] of cases) {
      await expect(run(spec)).rejects.toMatchObject({ errno, message });
    }
    const [last] = await fleet.jobs.history({ limit: 1 });
    expect(last).toMatchObject({
      state: JobState.Cancelled,
      err_count: 1,
      err: { code: 1146, rfccode: 'schema:1146' },
    });
    expect(await fleet.read((meta) => meta.schemaVersion())).toBe(before);
  });
});

describe('jobs of strangers', () => {
  test('bytes that are no job are moved aside, reported, and the queue goes on', async () => {
    await using fleet = await Fleet.start(etcd);
    const events: DdlEvent[] = [];
    const stop = new AbortController();
    const listening = (async () => {
      for await (const event of fleet.worker.events({ signal: stop.signal })) events.push(event);
    })();
    const { schema } = await prepare(fleet);
    await transact(fleet.storage, { signal: signal() }, async (buffer) => {
      const head = Buffer.alloc(16);
      head.writeBigInt64BE(1n, 8);
      buffer.set(listHeadKey('DDLJobList'), head);
      buffer.set(listItemKey('DDLJobList', 0n), Buffer.from('{"id": "seven"'));
    });
    const job = await fleet.jobs.run(createTable(schema, newTableInfo('after', [int('a')])));
    expect(job.state).toBe(JobState.Synced);
    stop.abort();
    await listening;
    const malformed = events.find((event) => event.kind === 'malformed');
    expect(malformed).toMatchObject({ queue: 'general', index: 0n });
  });

  test.each([
    { title: 'a type that nobody knows', fields: { type: 142 }, errno: 8204, message: 'Invalid DDL job type: 142' },
    {
      title: 'a type of TiDB that is not done here',
      fields: { type: 45 },
      errno: 8200,
      message: 'Unsupported alter check constraint',
    },
    { title: 'arguments of version 2', fields: { type: 17, version: 2 }, errno: 8213, message: /version: 2/ },
    {
      title: 'an argument of the wrong kind',
      fields: { type: 17, raw_args: [7] },
      errno: 8204,
      message: /argument 0 .* must be a text/,
    },
    {
      title: 'no arguments at all',
      fields: { type: 5, raw_args: null },
      errno: 8204,
      message: /argument 0 .* must be an object/,
    },
  ])('$title: the job ends Cancelled with $errno', async ({ fields, errno, message }) => {
    await using fleet = await Fleet.start(etcd);
    const { table } = await prepare(fleet);
    const id = await queueForeign(fleet, {
      schema_id: table.schemaId,
      table_id: table.tableId,
      schema_name: 'd',
      table_name: 't',
      ...fields,
    });
    const job = await until(
      async () => (await fleet.jobs.history({ limit: 1 })).find((each) => each.id === id),
      'it ended',
    );
    expect(job.state).toBe(JobState.Cancelled);
    expect(job.err?.code).toBe(errno);
    expect(job.err?.message).toMatch(message);
    await expect(fleet.jobs.wait(id)).rejects.toMatchObject({ errno });
  });

  test('a type that is not done here is refused before it is queued', async () => {
    await using fleet = await Fleet.start(etcd);
    const spec = { type: 34, schemaId: 1, schemaName: 'd', fill: () => ({ rawArgs: null }) };
    await expect(fleet.jobs.submit(spec)).rejects.toMatchObject({
      errno: 8200,
      message: 'Unsupported create sequence',
    });
    await expect(fleet.jobs.submit({ ...spec, type: 0 })).rejects.toMatchObject({ errno: 8204 });
  });
});

describe('asking for what is not there', () => {
  test('wait, cancel, pause and resume of an unknown job answer 8224', async () => {
    await using fleet = await Fleet.start(etcd);
    await expect(fleet.jobs.wait(404)).rejects.toMatchObject({ errno: 8224, message: 'DDL Job:404 not found' });
    for (const command of ['cancel', 'pause', 'resume'] as const) {
      const [result] = await fleet.jobs[command]([404]);
      expect(result?.error).toMatchObject({ errno: 8224 });
    }
    await expect(fleet.jobs.history({ limit: 0 })).rejects.toThrow('ddl history limit must be greater than 0');
  });

  test('a wait ends by its signal while the job goes on, and by close', async () => {
    await using fleet = await Fleet.start(etcd);
    const { table } = await prepare(fleet);
    const [, gate] = fleet.servers;
    await gate?.allow(0n);
    const { id } = await fleet.jobs.submit(addColumn(table, int('z')));
    await expect(fleet.jobs.wait(id, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' });
    const waiting = fleet.jobs.wait(id);
    waiting.catch(() => {});
    await gate?.allow(undefined);
    expect((await waiting).state).toBe(JobState.Synced);
    await fleet.jobs.close();
    await expect(fleet.jobs.wait(id)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('an ALTER whose actions meet', () => {
  const t: TableTarget = { schemaId: 1, schemaName: 'd', tableId: 2, tableName: 't' };
  const add = (column: string, position?: ColumnPosition) => addColumn(t, int(column), position);
  const index = (indexName: string, column: string) => addIndex(t, newIndexInfo(indexName, [column]));
  const column = (each: string) => `Unsupported operate same column '${each}'`;
  test.each([
    { title: 'add a column twice', changes: [add('x'), add('X')], message: column('x') },
    { title: 'add and drop a column', changes: [add('x'), dropColumn(t, 'x')], message: column('x') },
    { title: 'drop a column twice', changes: [dropColumn(t, 'b'), dropColumn(t, 'b')], message: column('b') },
    { title: 'put one after an added one', changes: [add('x'), add('y', { after: 'x' })], message: column('x') },
    {
      title: 'put one after a dropped one',
      changes: [dropColumn(t, 'b'), add('y', { after: 'b' })],
      message: column('b'),
    },
    { title: 'index an added column', changes: [add('x'), index('k', 'x')], message: column('x') },
    { title: 'index a dropped column', changes: [dropColumn(t, 'b'), index('k', 'b')], message: column('b') },
    { title: 'modify and drop', changes: [modifyColumn(t, 'b', int('b')), dropColumn(t, 'b')], message: column('b') },
    { title: 'rename and drop', changes: [modifyColumn(t, 'b', int('z')), dropColumn(t, 'b')], message: column('b') },
    {
      title: 'modify and set a default',
      changes: [modifyColumn(t, 'b', int('b')), setDefaultValue(t, int('b'))],
      message: column('b'),
    },
    {
      title: 'add an index twice',
      changes: [index('k', 'a'), index('K', 'b')],
      message: "Unsupported operate same index 'k'",
    },
    {
      title: 'rename and drop an index',
      changes: [renameIndex(t, 'k', 'l'), dropIndex(t, 'k')],
      message: "Unsupported operate same index 'k'",
    },
    {
      title: 'drop and hide an index',
      changes: [dropIndex(t, 'k'), alterIndexVisibility(t, 'k', true)],
      message: "Unsupported operate same index 'k'",
    },
    {
      title: 'rename the table beside',
      changes: [add('x'), renameTable(t, { name: 'u' })],
      message: 'Unsupported multi schema change for rename table',
    },
  ])('to $title is refused with 8200', ({ changes, message }) => {
    expect(() => multiSchemaChange(t, changes)).toThrow(expect.objectContaining({ errno: 8200, message }));
  });

  test('which do not meet, may stand in one', () => {
    const changes = [add('x'), dropColumn(t, 'b'), index('k', 'a'), dropIndex(t, 'l'), modifyTableComment(t, 'c')];
    expect(multiSchemaChange(t, changes).subJobs).toHaveLength(5);
  });
});
