import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PumpsClient } from '@tidb-js/binlog';
import { type Binlog, BinlogType, decodeBinlog, decodePrewriteValue } from '@tidb-js/binlog/wire';
import { EtcdClient } from '@tidb-js/etcd-session';
import { PumpServer } from '@tidb-js/pump-stub';
import { expect, it } from 'vitest';
import { httpGet } from '../src/http-get.js';
import { LocalCluster } from './local-cluster.js';

const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** `tidb-node pump` as a process. */
async function startPump(endpoints: readonly string[]): Promise<{ address: string } & AsyncDisposable> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ddl-binlogs-'));
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', program, 'pump', '--data-dir', dataDir, '--addr', '127.0.0.1:0'],
      ...['--pd-urls', endpoints.join(','), '--stop-write-at-available-space', '0'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    const { msg, address } = JSON.parse(line) as { msg?: string; address?: string };
    if (msg !== 'pump is up' || address === undefined) continue;
    child.stdout.resume();
    return {
      address,
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGTERM');
        await ended;
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  }
  throw new Error('tidb-node pump ended at its start');
}

it('a Pump finds that the DDL binlogs of the nodes fit their jobs, and tells of one that does not', {
  timeout: 120_000,
}, async () => {
  await using cluster = await LocalCluster.start(0);
  const { endpoints } = cluster.etcd;
  await using pump = await startPump(endpoints);
  await cluster.add({ binlog: {} });
  const connection = await cluster.connect(0);
  await connection.query('create table t (id int primary key, v int, w int)');
  await connection.query('insert into t values (1, 1, 1), (2, 1, 1)');
  await connection.query('alter table t add column x int not null default 5');
  await connection.query('alter table t add index by_v (v)');
  await connection.query('alter table t drop column w');
  await connection.query('alter table t modify column x varchar(20)');
  await connection.query('alter table t add column y int, drop column x');
  // It is rolled back, which has a binlog of its own.
  await expect(connection.query('alter table t add unique index only_v (v)')).rejects.toMatchObject({ errno: 1062 });
  await connection.query('create database d');
  await connection.query('drop table t');
  const status = async () => {
    const { text } = await httpGet(`http://${pump.address}/status`, AbortSignal.timeout(10_000));
    return JSON.parse(text) as { lastIllegalDdlBinlogs: { jobId: number; type: string; jobState?: number }[] };
  };
  await using etcd = new EtcdClient({ endpoints });
  await using pumps = await PumpsClient.connect({ etcd });
  const startTs = 1n << 60n;
  const binlog = { startTs, prewriteKey: Buffer.from('m'), ddlQuery: Buffer.from('drop table t'), ddlJobId: 999n };
  await pumps.write({ ...binlog, type: BinlogType.Prewrite });
  await pumps.write({ ...binlog, type: BinlogType.Commit, commitTs: startTs + 1n });
  // They are checked in their order: all before this one were found in order.
  await expect
    .poll(async () => (await status()).lastIllegalDdlBinlogs, { timeout: 20_000 })
    .toEqual([expect.objectContaining({ jobId: 999, type: 'commit' })]);
});

/** What a Pump was sent, in the order in which it came: the records of its log. */
async function recordsOf(dataDir: string): Promise<Binlog[]> {
  const bytes = await readFile(join(dataDir, 'value/000000.vlog'));
  const binlogs: Binlog[] = [];
  // Magic, length, checksum; then the payload.
  for (let at = 0; at + 16 <= bytes.length && bytes.readUInt32LE(at) === 0x823a56e8; ) {
    const end = at + 16 + bytes.readUInt32LE(at + 4);
    binlogs.push(decodeBinlog(bytes.subarray(at + 16, end)));
    at = end;
  }
  return binlogs;
}

const hex = (text: string): string => text.replaceAll(' ', '');

it('a Pump gets a Prewrite and a Commit of each DDL and each transaction, in order, with the rows that TiDB’s own tests expect', {
  timeout: 120_000,
}, async () => {
  await using cluster = await LocalCluster.start(0);
  const dataDir = await mkdtemp(join(tmpdir(), 'ddl-binlogs-'));
  try {
    {
      await using _ = await PumpServer.start({
        pdUrls: cluster.etcd.endpoints,
        dataDir,
        address: '127.0.0.1:0',
        stopWriteAtAvailableSpace: 0,
        fakeBinlogIntervalMs: 3_600_000,
      });
      const node = await cluster.add({ binlog: {} });
      const connection = await cluster.connect(0);
      for (const sql of [
        'create table local_binlog2 (name varchar(64) primary key nonclustered, age int)',
        "insert into local_binlog2 values ('abc', 16), ('def', 18)",
        "delete from local_binlog2 where name = 'def'",
        'create table local_binlog3 (c1 int, c2 int)',
        'insert into local_binlog3 values (1, 2), (1, 3), (2, 3)',
        'update local_binlog3 set c1 = 3 where c1 = 2',
        'create table local_binlog4 (c1 int primary key, c2 int)',
        'insert into local_binlog4 values (1, 1), (3, 2)',
        'begin',
        'delete from local_binlog4 where c1 = 1',
        'insert into local_binlog4 values (1, 1)',
        'update local_binlog4 set c2 = 3 where c1 = 3',
        'commit',
        // What changes nothing, and what is taken back, has no binlog.
        'select * from local_binlog4',
        'begin',
        'delete from local_binlog4',
        'rollback',
      ]) {
        await connection.query(sql);
      }
      connection.destroy();
      // Its end waits for the outcomes that are on their way.
      await node.close();
    }
    const all = await recordsOf(dataDir);
    // A new cluster's first databases come before.
    const binlogs = all.slice(all.findIndex(({ ddlQuery }) => ddlQuery?.toString().includes('local_binlog2')));
    const [ddls, transactions] = [3, 6];
    expect(binlogs).toHaveLength(2 * (ddls + transactions));
    // The next statement begins when the Commit of the last is on its way, so the starts alone have an order.
    const prewrites = binlogs.filter(({ type }) => type === BinlogType.Prewrite);
    expect(prewrites.map(({ ddlJobId }) => (ddlJobId > 0n ? 'DDL' : 'DML'))).toEqual([
      'DDL',
      'DML',
      'DML',
      'DDL',
      'DML',
      'DML',
      'DDL',
      'DML',
      'DML',
    ]);
    for (const prewrite of prewrites) {
      const at = binlogs.indexOf(prewrite);
      const end = binlogs.findIndex(({ type, startTs }) => type === BinlogType.Commit && startTs === prewrite.startTs);
      expect(end).toBeGreaterThan(at);
      expect(binlogs[end]?.prewriteValue ?? Buffer.alloc(0)).toHaveLength(0);
    }
    const mutationsOf = (at: number) =>
      decodePrewriteValue(prewrites[at]?.prewriteValue ?? Buffer.alloc(0)).mutations[0];
    const rowsOf = (rows: readonly Uint8Array[] | undefined) => rows?.map((row) => Buffer.from(row).toString('hex'));
    expect(rowsOf(mutationsOf(2)?.deletedRows)).toEqual([hex('08 02 02 06 64 65 66 08 04 08 24 08 01 08 04')]);
    expect(rowsOf(mutationsOf(5)?.updatedRows)).toEqual([
      hex('08 02 08 04 08 04 08 06 08 01 08 06 08 02 08 06 08 04 08 06 08 01 08 06'),
    ]);
    const last = mutationsOf(8);
    expect(last?.sequence).toEqual([4, 0, 1]);
    expect(rowsOf(last?.deletedRows)).toEqual([hex('08 02 08 02 08 04 08 02')]);
    expect(rowsOf(last?.insertedRows)).toEqual([hex('08 02 08 04 08 02')]);
    expect(rowsOf(last?.updatedRows)).toEqual([hex('08 02 08 06 08 04 08 04 08 02 08 06 08 04 08 06')]);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
