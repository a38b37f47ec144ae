import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PumpServer } from '@tidb-js/pump-stub';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { httpGet } from '../src/http-get.js';
import { TidbNode } from '../src/index.js';
import { LocalCluster, rowsOf } from './local-cluster.js';

describe('a node that is stopped', () => {
  it('lets the running transaction end, gives the ownership up, and leaves no trace in the fleet', async () => {
    await using cluster = await LocalCluster.start(2);
    const [a, b] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
    await a.query('create table t (id int primary key)');
    await a.query('begin');
    await a.query('insert into t values (1)');
    const closing = cluster.node(0).close();
    await expect(cluster.connect(0)).rejects.toThrow();
    await a.query('insert into t values (2)');
    await a.query('commit');
    await closing;
    expect(await rowsOf(b, 'select id from t order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    // Nobody waits for the node that left: the other one owns at once, and its DDL is not held up.
    await b.query('alter table t add column v int');
    const { text } = await httpGet(
      `http://127.0.0.1:${cluster.node(1).statusPort}/info/all`,
      AbortSignal.timeout(10_000),
    );
    expect(JSON.parse(text)).toMatchObject({
      servers_num: 1,
      owner_id: cluster.node(1).id,
      is_all_server_version_consistent: true,
    });
  });
});

describe('a node on an address that others can reach', () => {
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')?.address;

  it.skipIf(outer === undefined)('starts only with a password, or when told that it may be insecure', async () => {
    await using cluster = await LocalCluster.start(0);
    const options = {
      endpoints: cluster.etcd.endpoints,
      host: outer ?? '',
      port: 0,
      statusPort: 0,
      logger: pino({ level: 'silent' }),
    };
    await expect(TidbNode.start(options)).rejects.toThrow(/password|--insecure/);
    await using _open = await TidbNode.start({ ...options, insecure: true });
    await using _locked = await TidbNode.start({ ...options, rootPassword: 'secret' });
  });
});

describe('global variables', () => {
  it('are those of all nodes, and of nodes that start later', async () => {
    await using cluster = await LocalCluster.start(2);
    const [a, b] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
    await a.query('set global tidb_ddl_reorg_batch_size = 64');
    const size = async (connection: typeof b) =>
      Number((await rowsOf(connection, 'select @@global.tidb_ddl_reorg_batch_size n'))[0]?.n);
    await expect.poll(() => size(b), { timeout: 20_000 }).toBe(64);
    await cluster.add();
    expect(await size(await cluster.connect(2))).toBe(64);
  });
});

describe('a node whose Pump is away', () => {
  it('refuses to commit, or with ignoreError goes on without a binlog until it is told to recover', {
    timeout: 120_000,
  }, async () => {
    await using cluster = await LocalCluster.start(0);
    const dataDir = await mkdtemp(join(tmpdir(), 'node-life-'));
    const start = () =>
      PumpServer.start({
        pdUrls: cluster.etcd.endpoints,
        dataDir,
        address: '127.0.0.1:0',
        nodeId: 'p0',
        stopWriteAtAvailableSpace: 0,
      });
    const pump = await start();
    try {
      await cluster.add({ binlog: { writeTimeoutMs: 1_000 } });
      await cluster.add({ binlog: { writeTimeoutMs: 1_000, ignoreError: true } });
      const [strict, lenient] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
      await strict.query('create table t (id int primary key)');
      await pump.close();
      await expect(strict.query('insert into t values (1)')).rejects.toMatchObject({ errno: 1105 });
      await lenient.query('insert into t values (2)');
      expect(await rowsOf(lenient, 'select id from t')).toEqual([{ id: 2 }]);
      const recover = async (query: string) => {
        const url = `http://127.0.0.1:${cluster.node(1).statusPort}/binlog/recover${query}`;
        return JSON.parse((await httpGet(url, AbortSignal.timeout(20_000))).text) as { Skipped: boolean };
      };
      const info = await httpGet(`http://127.0.0.1:${cluster.node(1).statusPort}/info`, AbortSignal.timeout(10_000));
      expect(JSON.parse(info.text)).toMatchObject({ binlog_status: 'Skipping' });
      expect(await recover('?op=status')).toMatchObject({ Skipped: true });
      expect(await recover('?op=nowait')).toMatchObject({ Skipped: false });
    } finally {
      await pump.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
