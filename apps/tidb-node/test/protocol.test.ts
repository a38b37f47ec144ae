import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TidbNode } from '../src/index.js';

const MIB = 1024 * 1024;
let etcd: LocalEtcd;
let node: TidbNode;
const connections: mysql.Connection[] = [];

async function connect(options: mysql.ConnectionOptions = {}): Promise<mysql.Connection> {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port: node.port, user: 'root', ...options });
  // Some of them are ended by the server.
  connection.on('error', () => undefined);
  connections.push(connection);
  return connection;
}

const rowsOf = async (connection: mysql.Connection, sql: string) => (await connection.query<RowDataPacket[]>(sql))[0];
const idOf = async (connection: mysql.Connection) => (await rowsOf(connection, 'select connection_id() id'))[0]?.id;
/** A billion rows: it ends only when it is made to. */
const ENDLESS = 'select count(*) from p.n a, p.n b, p.n c';

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  const logger = pino({ level: 'silent' });
  node = await TidbNode.start({ endpoints: etcd.endpoints, port: 0, statusPort: 0, logger });
  const setup = await connect();
  await setup.query('create database p');
  await setup.query('create table p.n (id int primary key)');
  await setup.query(`insert into p.n values ${Array.from({ length: 1000 }, (_, i) => `(${i})`).join(',')}`);
});

afterAll(async () => {
  for (const connection of connections) connection.destroy();
  await node.close();
  await etcd.close();
});

it('stops a join without end on KILL QUERY, answers others meanwhile, and keeps the connection', async () => {
  const [busy, other] = [await connect(), await connect()];
  const id = await idOf(busy);
  const ended = expect(busy.query(ENDLESS)).rejects.toMatchObject({ errno: 1317, sqlState: '70100' });
  expect(await rowsOf(other, 'select 1 one')).toEqual([{ one: 1 }]);
  while ((await rowsOf(other, 'show processlist')).find((each) => each.Id === id)?.Command !== 'Query');
  await other.query(`kill query ${id}`);
  await ended;
  expect(await rowsOf(busy, 'select 2 two')).toEqual([{ two: 2 }]);
});

it('ends a connection on KILL, with its statement and its transaction', async () => {
  const [victim, other] = [await connect(), await connect()];
  await victim.query('begin');
  await victim.query('insert into p.n values (5000)');
  const gone = expect(victim.query(ENDLESS)).rejects.toThrow();
  await other.query(`kill ${victim.threadId}`);
  await gone;
  await expect(victim.query('select 1')).rejects.toThrow();
  expect(await rowsOf(other, 'select id from p.n where id = 5000')).toEqual([]);
  await expect(other.query('kill 999999')).rejects.toMatchObject({ errno: 1094 });
});

it('gives the lock of GET_LOCK to one connection, until it releases it, ends or is reset', async () => {
  const [holder, other] = [await connect(), await connect()];
  const value = async (connection: mysql.Connection, expression: string, values: unknown[] = []) =>
    (await connection.execute<RowDataPacket[]>(`select ${expression} v`, values as string[]))[0][0]?.v;
  expect(await value(holder, 'coalesce(get_lock(?, ?), 0) = 1', ['Migrations', 10])).toBe(1);
  expect(await value(holder, "get_lock('migrations', 0)")).toBe(1);
  expect(await value(other, "get_lock('migrations', 0)")).toBe(0);
  expect(await value(other, "release_lock('migrations')")).toBe(0);
  expect(await value(other, "get_lock('another', 10) + get_lock('one', 10)")).toBe(2);
  expect(await value(other, 'release_all_locks()')).toBe(2);

  const got = value(other, "get_lock('migrations', 60)");
  expect(await value(holder, 'release_lock(?)', ['migrations'])).toBe(1);
  expect(await value(holder, "release_lock('migrations')")).toBe(1);
  expect(await got).toBe(1);

  const next = value(holder, "get_lock('migrations', 60)");
  other.destroy();
  expect(await next).toBe(1);
  const last = await connect();
  const killed = expect(value(last, "get_lock('migrations', 60)")).rejects.toMatchObject({ errno: 1317 });
  const id = last.threadId;
  while (
    !(await rowsOf(holder, 'show processlist')).some((each) => each.Id === id && /get_lock/.test(each.Info ?? ''))
  );
  await holder.query(`kill query ${id}`);
  await killed;
  await holder.changeUser({ user: 'root' });
  expect(await value(last, "get_lock('migrations', 60)")).toBe(1);
  await expect(value(last, "get_lock('', 1)")).rejects.toMatchObject({ errno: 3057 });
  await last.query("do release_lock('migrations')");
  await holder.query("set @got = get_lock('migrations', 10)");
  expect(await value(holder, '@got')).toBe(1);
  expect(await value(last, "get_lock('migrations', 0)")).toBe(0);
});

it('keeps max_execution_time, as a variable and as a hint', async () => {
  const connection = await connect();
  const late = { errno: 3024, message: 'Query execution was interrupted, maximum statement execution time exceeded' };
  await expect(
    connection.query(ENDLESS.replace('select', 'select /*+ MAX_EXECUTION_TIME(50) */')),
  ).rejects.toMatchObject(late);
  await connection.query('set max_execution_time = 50');
  await expect(connection.query(ENDLESS)).rejects.toMatchObject(late);
  await connection.query('set max_execution_time = 0');
  expect(await rowsOf(connection, 'select count(*) n from p.n')).toEqual([{ n: 1000 }]);
});

it('takes and gives packets over 16 MiB, and of exactly the longest length', async () => {
  const connection = await connect();
  const long = 'x'.repeat(17 * MIB);
  const [rows] = await connection.execute<RowDataPacket[]>('select length(?) n, ? v', [long, long]);
  expect(rows[0]?.n).toBe(17 * MIB);
  expect(rows[0]?.v === long).toBe(true);
  // The command's byte, the words and the quotes make 0xffffff: an empty packet has to follow.
  const whole = 'y'.repeat(0xffffff - "?select '' v".length);
  expect((await rowsOf(connection, `select '${whole}' v`))[0]?.v === whole).toBe(true);
});

it('refuses a packet beyond max_allowed_packet with 1153, and ends that connection only', async () => {
  const [greedy, other] = [await connect(), await connect()];
  await expect(greedy.query(`select length('${'y'.repeat(65 * MIB)}')`)).rejects.toThrow();
  expect(await rowsOf(other, 'select 1 one')).toEqual([{ one: 1 }]);
});

it('forgets a session on CHANGE_USER', async () => {
  const [connection, other] = [await connect({ database: 'p' }), await connect()];
  await connection.query('set @a = 1');
  await connection.query('begin');
  await connection.query('insert into n values (6000)');
  await connection.changeUser({ user: 'root', database: 'information_schema' });
  expect(await rowsOf(connection, 'select @a a, lower(database()) db')).toEqual([
    { a: null, db: 'information_schema' },
  ]);
  expect(await rowsOf(other, 'select id from p.n where id = 6000')).toEqual([]);
  await expect(connection.changeUser({ user: 'nobody' })).rejects.toMatchObject({ errno: 1045, sqlState: '28000' });
});

it.each(['ffffff0041414141', '05000001ff00000000', '0000000100000001', '01000000'])(
  'ends the connection of a client that greets with %s, and no other',
  async (bytes) => {
    const socket = connectTcp(node.port, '127.0.0.1');
    await once(socket, 'data');
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(Buffer.from(bytes, 'hex'));
    await once(socket, 'close');
    expect(await rowsOf(await connect(), 'select 1 one')).toEqual([{ one: 1 }]);
  },
);

it('keeps the bytes of a parameter that is no text, whatever type it is bound as', async () => {
  const connection = await connect();
  await connection.query('create table p.b (id int primary key, b blob, v varchar(10))');
  const bytes = Buffer.from([0, 1, 0xff, 0x80, 0x27]);
  // mysql2 binds a Buffer as VAR_STRING.
  await connection.execute('insert into p.b values (?, ?, ?)', [1, bytes, 'text']);
  expect(await rowsOf(connection, 'select b, v from p.b')).toEqual([{ b: bytes, v: 'text' }]);
  await expect(connection.execute('insert into p.b values (?, ?, ?)', [2, null, bytes])).rejects.toMatchObject({
    errno: 1366,
  });
});

it('reads a statement that ends with a zero byte', async () => {
  expect(await rowsOf(await connect(), 'select 1 one\0')).toEqual([{ one: 1 }]);
});

it('tells the connection that is too many so, and lets the next in when one has left', async () => {
  const logger = pino({ level: 'silent' });
  const small = await TidbNode.start({ endpoints: etcd.endpoints, port: 0, statusPort: 0, maxConnections: 1, logger });
  try {
    const only = await connect({ port: small.port });
    await expect(connect({ port: small.port })).rejects.toMatchObject({ errno: 1040, message: 'Too many connections' });
    await only.end();
    expect(await rowsOf(await until(() => connect({ port: small.port })), 'select 1 one')).toEqual([{ one: 1 }]);
  } finally {
    await small.close();
  }
});

/** Tries again until the server has seen that a client left. */
async function until<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= 100) throw error;
      await setTimeout(20);
    }
  }
}
