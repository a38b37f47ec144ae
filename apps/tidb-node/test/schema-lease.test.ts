import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { EtcdClient } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer } from '@tidb-js/syncer';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeDomain } from '../src/domain/node-domain.js';
import { SchemaValidator } from '../src/domain/schema-validator.js';
import { httpGet } from '../src/http-get.js';
import { EtcdStorage } from '../src/storage/etcd-storage.js';
import { LocalCluster, rowsOf } from './local-cluster.js';

const logger = pino({ level: 'silent' });

describe('with metadata lock', () => {
  let cluster: LocalCluster;
  beforeAll(async () => {
    cluster = await LocalCluster.start(2);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  /** Who the owner waits for, by its own status port. */
  async function behind(): Promise<string[]> {
    const views = await Promise.all(
      cluster.nodes.map(async ({ statusPort }) => {
        const { text } = await httpGet(`http://127.0.0.1:${statusPort}/api/node`, AbortSignal.timeout(10_000));
        return JSON.parse(text) as { barriers: { behind: { id: string }[] }[] };
      }),
    );
    return views.flatMap(({ barriers }) => barriers.flatMap((barrier) => barrier.behind.map(({ id }) => id)));
  }

  it('a transaction on an old schema holds the DDL on its table, is named by the owner, commits, and the DDL goes on', async () => {
    const [a, b, c] = await Promise.all([cluster.connect(0), cluster.connect(1), cluster.connect(0)]);
    await a.query('create table held (id int primary key)');
    await a.query('create table free (id int primary key)');
    await b.query('begin');
    await b.query('select * from held');
    await b.query('insert into held values (1)');
    let done = false;
    const altering = a.query('alter table held add column v int default 7').then(() => {
      done = true;
    });
    // The first step passes: one version apart is allowed. The second one has to wait.
    await expect.poll(behind, { timeout: 30_000 }).toEqual([cluster.node(1).id]);
    // Other tables are not held.
    await c.query('alter table free add column v int');
    expect(done).toBe(false);
    await b.query('insert into held values (2)');
    await b.query('commit');
    await altering;
    expect(await rowsOf(b, 'select * from held order by id')).toEqual([
      { id: 1, v: 7 },
      { id: 2, v: 7 },
    ]);
  });

  it('the transaction that holds a DDL can cancel it, and the DDL ends when that transaction does', async () => {
    const [a, b] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
    await a.query('create table unwanted (id int primary key)');
    await b.query('begin');
    await b.query('select count(*) from unwanted');
    const refused = expect(a.query('alter table unwanted add column v int')).rejects.toMatchObject({ errno: 8214 });
    await expect.poll(behind, { timeout: 30_000 }).toEqual([cluster.node(1).id]);
    const [job] = await rowsOf(b, 'admin show ddl jobs 1');
    expect(job).toMatchObject({ JOB_TYPE: 'add column', STATE: 'running' });
    const [result] = await rowsOf(b, `admin cancel ddl jobs ${job?.JOB_ID}`);
    expect(result).toMatchObject({ RESULT: 'successful' });
    await b.query('commit');
    await refused;
    expect(await rowsOf(b, 'show columns from unwanted')).toHaveLength(1);
  });

  it('dropping a database waits for the transactions on its tables', async () => {
    const [a, b] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
    await a.query('create database doomed');
    await a.query('create table doomed.t (id int primary key)');
    await b.query('begin');
    await b.query('insert into doomed.t values (1)');
    const dropping = a.query('drop database doomed');
    await expect.poll(behind, { timeout: 30_000 }).toEqual([cluster.node(1).id]);
    await b.query('commit');
    await dropping;
    await expect(b.query('select * from doomed.t')).rejects.toMatchObject({ errno: 1146 });
  });
});

describe('without metadata lock', () => {
  let cluster: LocalCluster;
  beforeAll(async () => {
    cluster = await LocalCluster.start(2, { metadataLock: false });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('a transaction whose table changed fails at its commit with 8028, and one on another table commits', async () => {
    const [a, b, c] = await Promise.all([cluster.connect(0), cluster.connect(1), cluster.connect(1)]);
    await a.query('create table moving (id int primary key)');
    await a.query('create table still (id int primary key)');
    for (const [connection, table] of [
      [b, 'moving'],
      [c, 'still'],
    ] as const) {
      await connection.query('begin');
      await connection.query(`insert into ${table} values (1)`);
    }
    await a.query('alter table moving add column v int');
    await expect(b.query('commit')).rejects.toMatchObject({ errno: 8028 });
    await c.query('commit');
    expect(await rowsOf(b, 'select * from moving')).toEqual([]);
    expect(await rowsOf(b, 'select * from still')).toEqual([{ id: 1 }]);
  });
});

describe('a node that is not counted', () => {
  it('commits nothing (8027), although the store answers it', { timeout: 120_000 }, async () => {
    await using cluster = await LocalCluster.start(0);
    const { endpoints } = cluster.etcd;
    await using store = new EtcdClient({ endpoints });
    await using storage = await EtcdStorage.open({ client: store, logger });
    // Only the session's connection goes through here, and is cut.
    const sockets = new Set<Socket>();
    const [host, port] = (endpoints[0] ?? '').split(':');
    const proxy = createServer((socket) => {
      const behind = connect(Number(port), host);
      for (const end of [socket, behind]) sockets.add(end.on('error', () => undefined));
      socket.pipe(behind).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    await using cut = new EtcdClient({ endpoints: [`127.0.0.1:${(proxy.address() as AddressInfo).port}`] });
    const syncer = new EtcdSchemaSyncer(cut, { id: 'lonely', protocol: 'version-keys', ttlSeconds: 2, logger });
    await using _domain = await NodeDomain.open({
      storage,
      syncer,
      leaseMs: 45_000,
      metadataLock: false,
      logger,
    });
    const commit = async () => {
      await using transaction = await storage.begin();
      transaction.set(Buffer.from('t-key'), Buffer.from('value'));
      await transaction.commit({ schema: { version: 0n, tableIds: [] } });
    };
    await commit();
    const lost = syncer.done;
    proxy.close();
    for (const socket of sockets) socket.destroy();
    await lost;
    await expect(commit()).rejects.toMatchObject({ code: 'SCHEMA_OUT_OF_DATE', errno: 8027 });
  });
});

describe('the validator', () => {
  const at = (ms: number) => BigInt(ms) << 18n;

  it('judges what began before the node came back as if there were no metadata lock', () => {
    const validator = new SchemaValidator(1_000, true);
    validator.record(5n, undefined);
    validator.renew(at(0));
    validator.stop();
    expect(validator.isCurrent(at(1))).toBe(false);
    validator.record(6n, new Set([7]));
    validator.renew(at(500));
    expect(() => validator.check({ version: 5n, tableIds: [7] }, at(600))).toThrow(/schema is changed/);
    validator.check({ version: 5n, tableIds: [8] }, at(600));
    validator.check({ version: 6n, tableIds: [7] }, at(600));
    validator.record(7n, new Set([7]));
    validator.check({ version: 6n, tableIds: [7] }, at(600));
    expect(() => validator.check({ version: 6n, tableIds: [7] }, at(1_500))).toThrow(
      /schema failed to update in 1 lease/,
    );
  });
});
