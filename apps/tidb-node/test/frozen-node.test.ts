import { fileURLToPath } from 'node:url';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Playground } from '../src/playground/playground.js';

let etcd: LocalEtcd;
let playground: Playground;
const connections: mysql.Connection[] = [];

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  const program = fileURLToPath(new URL('../bin/tidb-node.js', import.meta.url));
  playground = await Playground.create({
    db: 2,
    endpoints: etcd.endpoints,
    portOffset: 22_000,
    dbArgs: ['--session-ttl', '3s'],
    programs: { node: program, pump: program },
  });
  await playground.up();
});

afterAll(async () => {
  for (const connection of connections) connection.destroy();
  await playground?.close();
  await etcd?.close();
});

async function connect(name: string): Promise<mysql.Connection> {
  const address = playground.display().find((one) => one.name === name)?.address ?? '';
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port: Number(address.split(':')[1]),
    user: 'root',
    database: 'test',
  });
  connections.push(connection);
  return connection;
}

it('a node that stood still for longer than its session commits nothing of before, joins again and serves', {
  timeout: 120_000,
}, async () => {
  const [a, b] = await Promise.all([connect('db-0'), connect('db-1')]);
  const pid = playground.display().find((one) => one.name === 'db-1')?.pid ?? 0;
  await a.query('create table t (id int primary key)');
  await b.query('begin');
  await b.query('insert into t values (1)');
  process.kill(pid, 'SIGSTOP');
  try {
    // Waits for the frozen node until its session is over, and no longer.
    await a.query('alter table t add column v int not null default 5');
    await a.query('alter table t add index by_v (v)');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect(b.query('commit')).rejects.toMatchObject({ errno: expect.toBeOneOf([8027, 8028]) });
  // It serves again, with the schema of now.
  await expect
    .poll(
      async () =>
        b.query('insert into t (id) values (2)').then(
          () => 'ok',
          (error: Error) => error.message,
        ),
      {
        timeout: 60_000,
      },
    )
    .toBe('ok');
  const [rows] = await b.query<RowDataPacket[]>('select * from t use index (by_v) where v > 0');
  expect(rows).toEqual([{ id: 2, v: 5 }]);
  await b.query('admin check table t');
  await b.query('alter table t add column w int');
  expect(await a.query('select w from t').then(() => true)).toBe(true);
});
