import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinlogReader, SchemaHistory } from '@tidb-js/binlog';
import { decodeTableInfo } from '@tidb-js/ddl-jobs';
import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { PumpServer } from '@tidb-js/pump-stub';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TidbNode } from '../src/index.js';

const logger = pino({ level: 'silent' });
const closers: (() => Promise<unknown>)[] = [];
const nodes: TidbNode[] = [];
let etcd: LocalEtcd;
let pump: PumpServer;

async function connect(node: TidbNode, options: mysql.ConnectionOptions = {}): Promise<mysql.Connection> {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port: node.port, user: 'root', ...options });
  closers.unshift(async () => connection.destroy());
  return connection;
}

function nodeAt(index: number): TidbNode {
  const node = nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

const rowsOf = async (connection: mysql.Connection, sql: string) => (await connection.query<RowDataPacket[]>(sql))[0];

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  closers.unshift(() => etcd.close());
  const dataDir = await mkdtemp(join(tmpdir(), 'tidb-node-test-'));
  closers.unshift(() => rm(dataDir, { recursive: true, force: true }));
  const pdUrls = etcd.endpoints;
  pump = await PumpServer.start({
    pdUrls,
    dataDir,
    address: '127.0.0.1:0',
    nodeId: 'p0',
    stopWriteAtAvailableSpace: 0,
  });
  closers.unshift(() => pump.close());
  for (let i = 0; i < 2; i += 1) {
    const node = await TidbNode.start({ endpoints: etcd.endpoints, port: 0, statusPort: 0, binlog: {}, logger });
    nodes.push(node);
    closers.unshift(() => node.close());
  }
});

afterAll(async () => {
  for (const close of closers) await close();
});

describe('two nodes and a Pump', () => {
  it('show each other’s tables and rows, by text and by prepared statements', async () => {
    const [a, b] = [await connect(nodeAt(0)), await connect(nodeAt(1))];
    await a.query('create table test.t (id int primary key, name varchar(20), at datetime(3))');
    await b.execute('insert into test.t values (?, ?, ?), (?, ?, ?)', [
      1,
      'one',
      '2024-02-03 04:05:06.789',
      2,
      null,
      null,
    ]);
    expect(await rowsOf(a, 'select id, name from test.t order by id')).toEqual([
      { id: 1, name: 'one' },
      { id: 2, name: null },
    ]);
    const [prepared] = await a.execute<RowDataPacket[]>('select count(*) n, max(id) m from test.t where id > ?', [0]);
    expect(prepared).toEqual([{ n: 2, m: 2 }]);
  });

  it('rename tables, one and several', async () => {
    const [a, b] = [await connect(nodeAt(0)), await connect(nodeAt(1))];
    await a.query('create table test.r1 (a int primary key)');
    await a.query('create table test.r2 (b int primary key)');
    await b.query('insert into test.r1 values (1)');
    await a.query('alter table test.r1 rename to test.r3');
    await b.query('rename table test.r3 to test.r1, test.r2 to test.r3');
    expect(await rowsOf(a, 'select a from test.r1')).toEqual([{ a: 1 }]);
    expect(await rowsOf(b, 'select b from test.r3')).toEqual([]);
  });

  it('add an index while both write, and every entry has its row', async () => {
    const [a, b] = [await connect(nodeAt(0)), await connect(nodeAt(1))];
    await a.query('create table test.busy (id bigint primary key auto_increment, v int)');
    await a.query(`insert into test.busy (v) values ${Array.from({ length: 200 }, (_, i) => `(${i})`).join(',')}`);
    let writing = true;
    const writer = async (connection: mysql.Connection) => {
      for (let i = 0; writing; i += 1) {
        await connection.query('insert into test.busy (v) values (?)', [1000 + i]);
        await connection
          .query('update test.busy set v = v + 1 where id = ?', [(i % 200) + 1])
          .catch((error: mysql.QueryError) => {
            // Two writers of one row: one of them is told to try again.
            if (error.errno !== 9007) throw error;
          });
      }
    };
    const writers = [writer(await connect(nodeAt(0))), writer(b)];
    await a.query('alter table test.busy add index by_v (v)');
    writing = false;
    await Promise.all(writers);
    await a.query('admin check table test.busy');
    const [byIndex] = await rowsOf(a, 'select count(*) n from test.busy use index (by_v) where v >= 0');
    const [byTable] = await rowsOf(a, 'select count(*) n from test.busy');
    expect(byIndex).toEqual(byTable);
  });

  it('change a column’s type with its rows, or not at all', async () => {
    const a = await connect(nodeAt(0));
    await a.query('create table test.wide (id int primary key, v varchar(10), n int)');
    await a.query("insert into test.wide values (1, '12', 5), (2, '-7', null)");
    await a.query('alter table test.wide modify column v int');
    expect(await rowsOf(a, 'select id, v from test.wide order by id')).toEqual([
      { id: 1, v: 12 },
      { id: 2, v: -7 },
    ]);
    await a.query('create table test.nokey (n int, v varchar(10))');
    await a.query("insert into test.nokey values (1, 'x'), (null, 'y')");
    const addKey = 'alter table test.nokey add primary key (n, v) nonclustered';
    await expect(a.query(addKey)).rejects.toMatchObject({ errno: 1138 });
    await a.query("insert into test.nokey values (null, 'z')");
    await a.query('delete from test.nokey where n is null');
    await a.query(addKey);
    await expect(a.query("insert into test.nokey values (null, 'w')")).rejects.toMatchObject({ errno: 1048 });
    await expect(a.query("insert into test.nokey values (1, 'x')")).rejects.toMatchObject({ errno: 1062 });

    await a.query('create table test.keyed (id int primary key, v varchar(10), n int, key (v), unique key (n, v))');
    await a.query("insert into test.keyed values (1, '12', 5), (2, '-7', 5)");
    await a.query('alter table test.keyed modify column v int');
    await a.query('admin check table test.keyed');
    expect(await rowsOf(a, 'select id from test.keyed use index (v) where v = 12')).toEqual([{ id: 1 }]);
    await expect(a.query('alter table test.wide modify column n int not null')).rejects.toMatchObject({ errno: 1265 });
    await a.query('alter table test.wide modify column v varchar(20)');
    await a.query("insert into test.wide values (3, 'words', 1)");
    await expect(a.query('alter table test.wide modify column v int')).rejects.toThrow(/words/);
    expect(await rowsOf(a, 'select v from test.wide where id = 3')).toEqual([{ v: 'words' }]);
  });

  it('rewrite a column as the session that asked for it converts values, and tell it what was lost', async () => {
    const a = await connect(nodeAt(0));
    await a.query('create table test.converted (id int primary key, v varchar(10), ts timestamp null, d datetime)');
    await a.query("set time_zone = '+05:00'");
    const time = '2020-01-01 12:00:00';
    await a.query(`insert into test.converted values (1, 'abc', '${time}', '${time}'), (2, '12x', null, null)`);
    await a.query('alter table test.converted modify ts datetime');
    await a.query('alter table test.converted modify d timestamp null');
    await a.query("set time_zone = '+00:00'");
    const times = 'select cast(ts as char) ts, cast(d as char) d from test.converted where id = 1';
    expect(await rowsOf(a, times)).toEqual([{ ts: time, d: '2020-01-01 07:00:00' }]);

    await expect(a.query('alter table test.converted modify v varchar(2)')).rejects.toMatchObject({
      errno: 1265,
      message: "Data truncated for column 'v', value is 'abc'",
    });
    await a.query("set sql_mode = ''");
    await a.query('alter table test.converted modify v int');
    expect(await rowsOf(a, 'show warnings')).toEqual([
      {
        Level: 'Warning',
        Code: 1292,
        Message: "2 warnings with this error code, first warning: Truncated incorrect DOUBLE value: 'abc'",
      },
    ]);
    expect(await rowsOf(a, 'select v from test.converted order by id')).toEqual([{ v: 0 }, { v: 12 }]);
    const [job] = await rowsOf(a, 'admin show ddl jobs 1');
    expect(job).toMatchObject({ JOB_TYPE: 'modify column', STATE: 'synced', ROW_COUNT: 2 });
    await a.query('alter table test.converted add column n int, add index (v)');
    expect((await rowsOf(a, 'admin show ddl jobs 1')).map(({ JOB_TYPE, STATE }) => [JOB_TYPE, STATE])).toEqual([
      ['alter table multi-schema change', 'synced'],
      ['add column /* subjob */', 'done'],
      ['add index /* subjob */ /* txn */', 'done'],
    ]);
  });

  it('count from what ALTER TABLE … AUTO_INCREMENT says, on each of them', async () => {
    const [a, b] = [await connect(nodeAt(0)), await connect(nodeAt(1))];
    await a.query('create table test.counted (id bigint primary key auto_increment, v int) auto_increment = 100');
    await a.query('insert into test.counted (v) values (1), (2)');
    await b.query('insert into test.counted (v) values (3)');
    await a.query('alter table test.counted auto_increment = 5000000');
    await a.query('insert into test.counted (v) values (4)');
    await b.query('insert into test.counted (v) values (5)');
    const rows = await rowsOf(a, 'select id from test.counted order by v');
    // Each takes 30,000 ids at once.
    expect(rows.map(({ id }) => id)).toEqual([100, 101, 30_100, 5_000_000, 5_030_000]);
  });

  it('refuse a wrong statement in TiDB’s words and go on', async () => {
    const a = await connect(nodeAt(0));
    await expect(a.query('select * from test.nosuch')).rejects.toMatchObject({ errno: 1146, sqlState: '42S02' });
    await expect(a.query('selec 1')).rejects.toMatchObject({ errno: 1064 });
    expect(await rowsOf(a, 'select 1 + 1 as two')).toEqual([{ two: 2 }]);
  });

  it('keep what a transaction did to themselves until it commits, and drop it when its client leaves', async () => {
    const [a, b] = [await connect(nodeAt(0)), await connect(nodeAt(1))];
    await a.query('create table test.tx (id int primary key)');
    await a.beginTransaction();
    await a.query('insert into test.tx values (1)');
    expect(await rowsOf(b, 'select * from test.tx')).toEqual([]);
    await a.commit();
    expect(await rowsOf(b, 'select * from test.tx')).toEqual([{ id: 1 }]);
    await a.beginTransaction();
    await a.query('delete from test.tx');
    a.destroy();
    expect(await rowsOf(b, 'select * from test.tx')).toEqual([{ id: 1 }]);
  });

  it('tell of themselves and of each other on the status port', async () => {
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${nodeAt(0).statusPort}${path}`)).json();
    expect(await get('/status')).toMatchObject({ version: expect.stringContaining('TiDB') });
    const all = (await get('/info/all')) as { servers_num: number; owner_id: string; all_servers_info: object };
    expect(all.servers_num).toBe(2);
    expect(Object.keys(all.all_servers_info)).toContain(all.owner_id);
    const overview = (await get('/api/overview')) as { nodes: { schemaVersion?: string }[]; pumps: { id: string }[] };
    expect(overview.nodes.every((node) => node.schemaVersion !== undefined)).toBe(true);
    expect(overview.pumps.map((one) => one.id)).toEqual(['p0']);
    const history = (await get('/ddl/history?limit=1')) as object[];
    expect(history).toHaveLength(1);
  });

  it('send each commit to the Pump, which gives it in order', async () => {
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    closers.unshift(() => client.close());
    const a = await connect(nodeAt(0));
    await a.query('create table test.logged (id int primary key, v varchar(5))');
    await a.query("insert into test.logged values (7, 'x')");
    await a.query("update test.logged set v = 'y' where id = 7");
    const schemas = new SchemaHistory();
    const tables = await (await fetch(`http://127.0.0.1:${nodeAt(0).statusPort}/schema/test`)).text();
    for (const table of JSON.parse(tables) as { id: number }[]) {
      schemas.add({ commitTs: 1n, schema: 'test', tableId: table.id, table: decodeTableInfo(JSON.stringify(table)) });
    }
    const seen: string[] = [];
    let last = 0n;
    for await (const event of new BinlogReader({ etcd: client, after: 0n, schemas })) {
      expect(event.commitTs > last).toBe(true);
      last = event.commitTs;
      if (event.type === 'ddl') seen.push(event.query);
      else for (const change of event.changes) if (change.table === 'logged') seen.push(change.type);
      if (seen.at(-1) === 'update') break;
    }
    expect(seen.slice(-3)).toEqual([expect.stringContaining('create table test.logged'), 'insert', 'update']);
  });
});
