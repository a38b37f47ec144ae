// A cluster of three nodes beside what its etcd takes alone: statements with and without a binlog, schema changes, backfill.
// BENCH_ONLY (a regular expression on the names) leaves cases out; BENCH_SECONDS (3) is the time of each. Before the first the nodes are warmed up for
// BENCH_WARM_UP (20) seconds: their code is compiled as it is used, and a fresh node does less than half of what it does then.
import { EtcdClient } from '@tidb-js/etcd-session';
import type mysql from 'mysql2/promise';
import { BenchCluster } from './cluster.js';
import { measure, report } from './measure.js';

const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const only = new RegExp(process.env.BENCH_ONLY ?? '.');
const warmUp = Number(process.env.BENCH_WARM_UP ?? 20);
const ROWS = 20_000;

async function rate(
  name: string,
  callers: readonly (() => Promise<unknown>)[],
  aim?: string,
  countOf?: number,
): Promise<number> {
  if (!only.test(name)) return Number.NaN;
  const measured = await measure(callers, seconds, countOf);
  report(name, measured, aim);
  return measured.perSecond;
}

async function floors(endpoints: readonly string[]): Promise<void> {
  await using client = new EtcdClient({ endpoints });
  let key = 0;
  const put = () => client.put(`floor/${key++ % 1_000}`, 'x'.repeat(64));
  const get = () => client.get(`floor/${key++ % 1_000}`);
  await rate('floor: etcd put, 1 caller', [put]);
  await rate('floor: etcd get, 1 caller', [get]);
  await using coalescing = new EtcdClient({ endpoints, coalesce: true });
  const many = () => coalescing.put(`floor/${key++ % 1_000}`, 'x'.repeat(64));
  await rate(
    'floor: etcd put, 64 callers, coalesced',
    Array.from({ length: 64 }, () => many),
  );
}

/** Every kind of statement on every node, for a while. */
async function warm(cluster: BenchCluster): Promise<void> {
  const connections = await cluster.connect(48);
  const id = () => 1 + Math.floor(Math.random() * ROWS);
  const until = performance.now() + warmUp * 1_000;
  await Promise.all(
    connections.map(async (c) => {
      while (performance.now() < until) {
        await c.execute('insert into i (v, name) values (?, ?)', [1, 'some text']);
        await c.execute('select v, name from r where id = ?', [id()]);
        await c.execute('update r set v = v + 1 where id = ?', [id()]).catch(conflict);
      }
    }),
  );
}

async function inserts(cluster: BenchCluster, label: string, aims: Record<number, string>): Promise<void> {
  for (const count of [1, 16, 64]) {
    const connections = await cluster.connect(count);
    let n = 0;
    const run = (connection: mysql.Connection) => () =>
      connection.execute('insert into i (v, name) values (?, ?)', [n++, 'some text']);
    await rate(`insert, ${label}, ${count} connections`, connections.map(run), aims[count]);
  }
}

async function reads(cluster: BenchCluster): Promise<void> {
  for (const count of [1, 16, 64]) {
    const connections = await cluster.connect(count);
    const id = () => 1 + Math.floor(Math.random() * ROWS);
    const aims: Record<number, string> = { 1: 'aim: p50 of 1.5 etcd gets', 64: 'aim: 10,000 /s' };
    await rate(
      `point select, ${count} connections`,
      connections.map((c) => () => c.execute('select v, name from r where id = ?', [id()])),
      aims[count],
    );
    await rate(
      `update by key, ${count} connections`,
      connections.map((c) => () => c.execute('update r set v = v + 1 where id = ?', [id()]).catch(conflict)),
    );
    await rate(
      `range of 100 rows, ${count} connections`,
      connections.map((c) => () => c.execute('select v from r where id between ? and ?', [5_000, 5_099])),
    );
  }
}

/** Two writers of one row: one of them is told so. */
function conflict(error: { readonly errno?: number }): void {
  if (error.errno !== 9007) throw error;
}

async function schemaChanges(cluster: BenchCluster): Promise<void> {
  const connections = await cluster.connect(8);
  const [one] = connections;
  if (one === undefined) throw new Error('no connection');
  let n = 0;
  for (const until = performance.now() + warmUp * 1_000; performance.now() < until; n++) {
    await one.query(`create table w_${n} (id int primary key, v int)`);
    await one.query(`alter table w_${n} add column w int`);
    await one.query(`alter table w_${n} add index i (v)`);
  }
  await rate('create table, 1 connection', [() => one.query(`create table d_${n++} (id int primary key)`)]);
  const create = (c: mysql.Connection) => () => c.query(`create table d_${n++} (id int primary key, v int)`);
  await rate('create table, 8 connections', connections.map(create), 'aim: 100 /s');
  await one.query('create table e (id int primary key, v int)');
  await rate('add column', [() => one.query(`alter table e add column c_${n++} int`)], 'aim: p50 of 30 ms');
  await rate('add index, empty table', [() => one.query(`alter table e add index i_${n++} (v)`)], 'aim: p50 of 40 ms');
  if (!only.test('backfill')) return;
  const began = performance.now();
  await one.query('alter table r add index by_v (v)');
  const rows = ROWS / ((performance.now() - began) / 1_000);
  console.log(
    `backfill of ${ROWS.toLocaleString('en')} rows`.padEnd(52),
    Math.round(rows).toLocaleString('en'),
    'rows/s   aim: 20,000',
  );
  const writers = await cluster.connect(3);
  let writing = true;
  const writes = writers.map(async (c) => {
    let count = 0;
    for (; writing; count += 1) {
      const id = 1 + Math.floor(Math.random() * ROWS);
      await c.execute('update r set v = v + 1 where id = ?', [id]).catch(conflict);
    }
    return count;
  });
  const again = performance.now();
  await one.query('alter table r add index by_name (name, v)');
  const took = (performance.now() - again) / 1_000;
  writing = false;
  const written = (await Promise.all(writes)).reduce((a, b) => a + b, 0);
  console.log(
    'the same while three connections update its rows'.padEnd(52),
    Math.round(ROWS / took).toLocaleString('en'),
    `rows/s, ${Math.round(written / took)} updates/s`,
  );
}

async function prepare(cluster: BenchCluster): Promise<void> {
  const [one] = await cluster.connect(1);
  await one?.query('create table i (id bigint primary key auto_increment, v int, name varchar(40))');
  await one?.query('create table r (id int primary key, v int, name varchar(40))');
  for (let from = 1; from <= ROWS; from += 2_000) {
    const values = Array.from(
      { length: 2_000 },
      (_, i) => `(${from + i}, ${(from * 7919 + i) % 1_000}, 'row ${from + i}')`,
    );
    await one?.query(`insert into r values ${values.join(',')}`);
  }
}

{
  await using cluster = await BenchCluster.start(2);
  await floors(cluster.etcd.endpoints);
  await prepare(cluster);
  await warm(cluster);
  await inserts(cluster, 'binlog on', { 1: 'aim: p50 of 4 etcd puts', 64: 'aim: 3,200 /s' });
  await reads(cluster);
  await schemaChanges(cluster);
}
if (only.test('binlog off')) {
  await using cluster = await BenchCluster.start(0);
  await prepare(cluster);
  await warm(cluster);
  await inserts(cluster, 'binlog off', { 64: 'aim: binlog on costs 10 % of this at most' });
}
