import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { cisternService } from '@tidb-js/binlog/wire';
import { EtcdClient } from '@tidb-js/etcd-session';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readProgramOptions } from '../src/cli/flags.js';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
let etcd: LocalEtcd;
let client: EtcdClient;
beforeAll(async () => {
  etcd = await startEtcd();
  client = new EtcdClient({ endpoints: [...etcd.endpoints] });
});
afterAll(async () => {
  await client.close();
  await etcd.close();
});

test('flags stand before the environment, before the file, before the defaults', async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/pump.toml`;
  await writeFile(
    config,
    'gc = 3\nheartbeat-interval = 7\ndata-dir = "from-file"\naddr = "127.0.0.1:1"\n[storage]\nsync-log = false\nkv_chan_cap = 5\nstop-write-at-available-space = "2 gib"\n',
  );
  const environment = { PUMP_ADDR: '127.0.0.1:2', PUMP_DATA_DIR: 'from-environment' };
  const { pump, logLevel } = await readProgramOptions({ config, addr: '127.0.0.1:3' }, environment);
  expect(pump).toMatchObject({
    address: '127.0.0.1:3',
    dataDir: 'from-environment',
    gcAgeMs: 3 * 24 * 3_600_000,
    heartbeatIntervalMs: 7000,
    syncLog: false,
    stopWriteAtAvailableSpace: 2 * 2 ** 30,
  });
  expect(logLevel).toBe('info');
  expect((await readProgramOptions({}, {})).pump).toEqual({ dataDir: 'data.pump' });
});

test.each([
  [{ gc: 'week' }, /gc is "week": it must be whole days or a duration/],
  [{ sslCert: 'a.pem' }, /ssl-cert and ssl-key are given together/],
  [{ syncLog: 'yes' }, /sync-log is "yes": it must be true or false/],
  [{ heartbeatInterval: '-1' }, /heartbeat-interval is "-1": it must be a whole number/],
  [{ config: '/nonexistent.toml' }, /cannot read the configuration \/nonexistent.toml/],
])('a wrong flag is named with its rule: %o', async (flags, message) => {
  await expect(readProgramOptions(flags, {})).rejects.toThrow(message);
});

test('an unknown key of the file is an error, in the words of a Go Pump', async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/pump.toml`;
  await writeFile(config, '[storage]\nnosuch = 1\n');
  await expect(readProgramOptions({ config }, {})).rejects.toThrow(
    `component pump's config file ${config} contained unknown configuration options: storage.nosuch`,
  );
});

/** The program itself, with a Go Pump's one-dash flags. */
class Program implements AsyncDisposable {
  errors = '';
  output = '';

  private constructor(readonly child: ChildProcess) {
    child.stderr?.on('data', (text) => {
      this.errors += text;
    });
    child.stdout?.on('data', (text) => {
      this.output += text;
    });
  }

  static run(...words: string[]): Program {
    return new Program(spawn(process.execPath, ['--import', 'tsx', program, ...words], { stdio: 'pipe' }));
  }

  static serve(dataDir: string, ...words: string[]): Program {
    const pdUrls = etcd.endpoints.map((endpoint) => (/^\w+:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`));
    return Program.run(
      '-addr=127.0.0.1:0',
      '-pd-urls',
      pdUrls.join(','),
      '-data-dir',
      dataDir,
      '-fake-binlog-interval',
      '3600',
      '--stop-write-at-available-space=1',
      ...words,
    );
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit();
  }
}

async function entry(nodeId: string): Promise<{ state?: string; host: string }> {
  const { kv } = await client.get(`/tidb-binlog/v1/pumps/${nodeId}`);
  return kv ? JSON.parse(kv.value.toString()) : { host: '' };
}

const eventually = { timeout: 60_000, interval: 100 };

test('the program serves, asks its outcomes module, is read by tail, and is paused by SIGTERM', async () => {
  await using folder = await temporaryFolder();
  const module = `${folder.path}/outcomes.mjs`;
  await writeFile(
    module,
    'export default ({ pdUrls }) => ({ outcome: async ({ startTs }) => pdUrls.length && startTs === 5n ? { kind: "committed", commitTs: 7n } : { kind: "pending" } });',
  );
  const dataDir = `${folder.path}/data`;
  await using pump = Program.serve(dataDir, '-node-id', 'by-program', '--outcomes', module);
  await expect.poll(async () => (await entry('by-program')).state, eventually).toBe('online');
  const { host } = await entry('by-program');
  const status = await (await fetch(`http://${host}/status`)).text();
  using caller = new PumpCaller(host, BigInt(/"clusterId":(\d+)/.exec(status)?.[1] ?? 0));
  await caller.write(prewrite(5n));
  expect((await caller.pull(0n, 1)).map(({ commitTs }) => commitTs)).toEqual([7n]);
  await caller.write(prewrite(9n));
  const waiting = async () => (await fetch(`http://${host}/status`)).text();
  await expect.poll(waiting, eventually).toContain('"why":"the storage says that it may still commit"');
  expect(await (await fetch(`http://${host}/debug/binlog/9`)).json()).toMatchObject({
    binlog: { type: 'Prewrite', startTs: '9' },
    outcome: 'pending',
  });
  expect((await fetch(`http://${host}/debug/binlog/1234`)).status).toBe(404);
  await using tail = Program.run('tail', '--addr', host, '--json');
  expect(await tail.exit()).toBe(0);
  expect(JSON.parse(tail.output)).toMatchObject({ commitTs: '7', startTs: '5', kind: 'dml' });
  await using second = Program.serve(dataDir);
  expect(await second.exit()).toBe(1);
  expect(second.errors).toContain('[DATA_DIR_LOCKED]');
  pump.child.kill('SIGTERM');
  expect(await pump.exit()).toBe(0);
  expect((await entry('by-program')).state).toBe('paused');
  await using check = Program.run('check', dataDir);
  expect(await check.exit()).toBe(0);
  expect(check.output).toContain('1 files, sound');
});

test('a new Pump tells the drainers, one that was paused does not, and one that cannot tell them goes offline with code 2', async () => {
  await using folder = await temporaryFolder();
  let notified = 0;
  const drainer = new Server();
  const { notify } = cisternService;
  drainer.addService(
    { notify },
    {
      notify: (_: unknown, answer: (error: null, reply: object) => void) => {
        notified++;
        answer(null, {});
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    drainer.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const key = '/tidb-binlog/v1/drainers/drainer-1';
  await client.put(
    key,
    `{"nodeId":"drainer-1","host":"127.0.0.1:${port}","state":"online","isAlive":false,"score":0,"label":null,"maxCommitTS":0,"updateTS":0}`,
  );
  try {
    const nodeId = 'telling';
    await (await startPump(etcd, folder.path, { nodeId })).close();
    expect(notified).toBe(1);
    await (await startPump(etcd, folder.path, { nodeId })).close();
    expect(notified).toBe(1);
    drainer.forceShutdown();
    await using pump = Program.serve(`${folder.path}/other`, '-node-id', 'not-telling');
    expect(await pump.exit()).toBe(2);
    expect(pump.errors).toContain('fail to notify all living drainer: drainer-1');
    expect((await entry('not-telling')).state).toBe('offline');
  } finally {
    drainer.forceShutdown();
    await client.delete(key);
  }
});

test('PUT pause ends a Pump as paused, a Commit is still taken on the way, and its name stays with the directory', async () => {
  await using folder = await temporaryFolder();
  const pump = await startPump(etcd, folder.path, { nodeId: 'by-http' });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  await caller.write(prewrite(1n));
  await caller.write(commit(1n, 2n));
  const drainers = await (await fetch(`http://${pump.address}/drainers`)).text();
  expect(drainers).toBe('{}');
  await fetch(`http://${pump.address}/state/by-http/pause`, { method: 'PUT' });
  await pump.done;
  expect((await entry('by-http')).state).toBe('paused');
  expect(await readFile(`${folder.path}/.node`, 'utf8')).toBe('by-http');
  await using again = await startPump(etcd, folder.path, { nodeId: 'another-name' });
  expect(again.nodeId).toBe('by-http');
});
