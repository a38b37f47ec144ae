import { readFileSync } from 'node:fs';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addColumn,
  ClockTimestamps,
  createTable,
  type DdlBinlog,
  JobState,
  MemoryMetaStorage,
  newTableInfo,
  SchemaState,
} from '../src/index.js';
import { listHeadKey, listItemKey } from '../src/meta/structure.js';
import { transact } from '../src/meta/transact.js';
import { Fleet, until } from './fleet.js';
import { int, prepare, targetOf } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

const pairs: readonly { readonly key: string; readonly value: string | null; readonly value_text: string | null }[] =
  JSON.parse(readFileSync(new URL('fixtures/kv-meta.json', import.meta.url), 'utf8')).kvs;
const signal = () => AbortSignal.timeout(30_000);

test('metadata that a TiDB 6.6 wrote are worked on as they are: its tables keep their names, its counters go on', async () => {
  const storage = new MemoryMetaStorage();
  await transact(storage, { signal: signal() }, async (buffer) => {
    for (const { key, value, value_text } of pairs) {
      buffer.set(Buffer.from(key, 'hex'), Buffer.from(value ?? value_text ?? '', value == null ? 'utf8' : 'hex'));
    }
  });
  await using fleet = await Fleet.start(etcd, { storage });
  const [table] = await fleet.read((meta) => meta.tables(84));
  const before = await fleet.read((meta) => meta.schemaVersion());
  const schema = { schemaId: 84, schemaName: 'vec' };
  const taken = createTable(schema, newTableInfo(table?.name.O ?? '', [int('a')]));
  await expect(fleet.jobs.run(taken)).rejects.toMatchObject({ errno: 1050 });
  const job = await fleet.jobs.run(
    addColumn({ ...schema, tableId: table?.id ?? 0, tableName: table?.name.O ?? '' }, int('added')),
  );
  expect(job.state).toBe(JobState.Synced);
  expect(await fleet.read((meta) => meta.schemaVersion())).toBe(before + 4n);
  // The newest is ours, the oldest is TiDB's.
  const history = await fleet.jobs.history({ limit: 1_000 });
  expect(history.at(0)?.id).toBe(job.id);
  expect(history.at(-1)?.id).toBe(3);
});

test('a job that a TiDB of 2018 put at the head of its list is run, with the members that were not there yet', async () => {
  await using fleet = await Fleet.start(etcd);
  const text =
    '{"id":2638,"type":1,"schema_id":2637,"table_id":0,"state":0,"err":null,"err_count":0,"row_count":0,' +
    '"raw_args":[{"id":2637,"db_name":{"O":"Old","L":"old"},"charset":"utf8","collate":"utf8_bin","state":0}],' +
    '"schema_state":0,"snapshot_ver":0,"start_ts":405741719074373658,"dependency_id":0,"query":"create database Old","binlog":null}';
  await transact(fleet.storage, { signal: signal() }, async (buffer) => {
    // A list that has been used for long: its indexes do not begin at 0.
    const head = Buffer.alloc(16);
    head.writeBigInt64BE(41n, 0);
    head.writeBigInt64BE(42n, 8);
    buffer.set(listHeadKey('DDLJobList'), head);
    buffer.set(listItemKey('DDLJobList', 41n), Buffer.from(text));
  });
  const job = await until(
    async () => (await fleet.jobs.history({ limit: 1 })).find((each) => each.id === 2638),
    'it ended',
  );
  expect(job).toMatchObject({
    state: JobState.Synced,
    schema_state: SchemaState.Public,
    start_ts: 405741719074373658n,
  });
  expect((await fleet.read((meta) => meta.databaseNamed('OLD')))?.id).toBe(2637);
  expect(await fleet.jobs.jobs()).toEqual([]);
});

test('a clock that jumps, a day ahead and a year back, between the steps of a job, neither holds it up nor turns its timestamps round', async () => {
  let ahead = 0;
  const jumps = [86_400_000, -31_536_000_000, 5_000];
  const timestamps = new ClockTimestamps(() => Date.now() + ahead);
  const storage = new MemoryMetaStorage({ timestamps });
  const written: DdlBinlog[] = [];
  await using fleet = await Fleet.start(etcd, {
    storage,
    binlog: {
      async prewrite(binlog) {
        written.push(binlog);
        ahead += jumps[written.length % jumps.length] ?? 0;
      },
      commit: () => {},
      rollback: () => {},
    },
  });
  const { schema } = await prepare(fleet);
  for (let at = 0; at < 6; at++) {
    const table = targetOf(await fleet.jobs.run(createTable(schema, newTableInfo(`u${at}`, [int('a')]))), `u${at}`);
    const job = await fleet.jobs.run(addColumn(table, int('z')));
    expect(job.state).toBe(JobState.Synced);
    expect(job.binlog?.FinishedTS).toBeGreaterThan(job.start_ts);
  }
  const starts = written.map((binlog) => binlog.startTs);
  expect(starts).toEqual([...starts].sort((a, b) => (a < b ? -1 : 1)));
});
