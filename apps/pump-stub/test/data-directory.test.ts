import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecordHeader, recordHeaderBytes, recordMagic } from '../src/log/record.js';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

const run = promisify(execFile);
let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  await etcd.close();
});

const succeeds = (program: string, ...words: string[]): Promise<boolean> =>
  run(program, words).then(
    () => true,
    () => false,
  );
const hasFlock = process.platform === 'linux' && (await succeeds('flock', '--version'));

/** Fills a directory with `count` transactions, and closes it. */
async function fill(path: string, count: bigint, segmentBytes = 500 << 20): Promise<void> {
  await using pump = await startPump(etcd, path, { segmentBytes });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (let index = 0n; index < count; index++) {
    await caller.write(prewrite(2n * index + 1n, Buffer.alloc(500)));
    await caller.write(commit(2n * index + 1n, 2n * index + 2n));
  }
}

test.skipIf(!hasFlock)(
  'a Go Pump holds its directory by a lock that we respect (skipped where flock is missing)',
  async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.path, { recursive: true });
    const holder = spawn('flock', [`${folder.path}/.lock`, 'sh', '-c', 'echo held; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    try {
      await once(holder.stdout, 'data');
      await expect(startPump(etcd, folder.path)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
    } finally {
      process.kill(-(holder.pid ?? 0), 'SIGKILL');
    }
  },
);

test('files that do not belong there are left alone', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, 2n);
  await writeFile(`${folder.path}/value/notes.txt`, 'mine');
  await mkdir(`${folder.path}/lost+found`);
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect((await caller.pull(0n, 2)).map(({ commitTs }) => commitTs)).toEqual([2n, 4n]);
  expect(await readdir(`${folder.path}/value`)).toContain('notes.txt');
});

test('a log without one of its files does not start, and says what to do', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, 20n, 2000);
  await rm(`${folder.path}/value/000001.vlog`);
  await expect(startPump(etcd, folder.path)).rejects.toThrow(/holds the files 0 and 2 but not 1; put it back/);
});

test('what cannot be read as a log file is named', async () => {
  await using folder = await temporaryFolder();
  await mkdir(`${folder.path}/value/000000.vlog`, { recursive: true });
  await expect(startPump(etcd, folder.path)).rejects.toMatchObject({
    code: 'DATA_DIR_INVALID',
    message: expect.stringContaining('000000.vlog'),
  });
});

test('a damaged index is set aside and made again from the log', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, 5n);
  await writeFile(`${folder.path}/kv/CURRENT`, 'nonsense');
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect((await caller.pull(0n, 5)).map(({ commitTs }) => commitTs)).toEqual([2n, 4n, 6n, 8n, 10n]);
  expect((await readdir(folder.path)).some((name) => name.startsWith('kv.broken-'))).toBe(true);
});

test('a Commit that a damaged byte makes look like a Prewrite ends the pull, and is not passed over', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, 3n);
  const log = `${folder.path}/value/000000.vlog`;
  const bytes = await readFile(log);
  const secondCommit = bytes.indexOf(commit(3n, 4n));
  expect(bytes.subarray(secondCommit, secondCommit + 2).toString('hex')).toBe('0801');
  bytes[secondCommit + 1] = 0;
  await writeFile(log, bytes);
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect(await caller.pullRefusal(0n)).toMatch(/^15 .*000000\.vlog holds no whole record at byte/);
  const metrics = await (await fetch(`http://${pump.address}/metrics`)).text();
  expect(metrics).toContain('binlog_pump_storage_error_count{type="read_value"} 1\n');
  expect(metrics).toContain('binlog_pump_storage_error_count{type="feed_pre_write_value"} 0\n');
});

test('a length above what gRPC can carry is taken for damage, so that nothing allocates it', () => {
  const header = Buffer.alloc(recordHeaderBytes);
  header.writeUInt32LE(recordMagic, 0);
  header.writeBigUInt64LE(2n ** 31n, 4);
  expect(readRecordHeader(header, 0)?.payloadBytes).toBe(2 ** 31);
  header.writeBigUInt64LE(2n ** 31n + 1n, 4);
  expect(readRecordHeader(header, 0)).toBeUndefined();
});

const disk = await smallDisk();

async function smallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const path = `/tmp/pump-small-disk-${process.pid}`;
  await mkdir(path, { recursive: true });
  if (await succeeds('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path)) return path;
  await rm(path, { recursive: true });
  return undefined;
}

afterAll(async () => {
  if (!disk) return;
  await succeeds('umount', disk);
  await rm(disk, { recursive: true });
});

test.skipIf(!disk)(
  'a disk that is full to the last byte refuses writes, loses none, and takes them again (skipped without root: needs a tmpfs)',
  async () => {
    const dataDir = `${disk}/data`;
    // What fills the disk up to a little before the log does.
    const ballast = `${disk}/ballast`;
    await writeFile(ballast, Buffer.alloc(3 << 20));
    const acknowledged: bigint[] = [];
    {
      await using pump = await startPump(etcd, dataDir, { index: { writeBufferBytes: 1 << 16 } });
      using caller = new PumpCaller(pump.address, pump.clusterId);
      let refusal = 'ok';
      let startTs = 1n;
      for (; refusal === 'ok' && startTs < 1000n; startTs += 2n) {
        refusal = await caller.write(prewrite(startTs, Buffer.alloc(40_000)));
        if (refusal !== 'ok') break;
        refusal = await caller.write(commit(startTs, startTs + 1n));
        if (refusal === 'ok') acknowledged.push(startTs + 1n);
      }
      expect(refusal).toMatch(/no space left|ENOSPC|no available space/i);
      const metrics = await (await fetch(`http://${pump.address}/metrics`)).text();
      expect(metrics).toMatch(/binlog_pump_storage_error_count\{type="write_log"\} [1-9]/);
      await rm(ballast);
      const later = startTs + 10n;
      await expect.poll(() => caller.write(prewrite(later, Buffer.alloc(40_000))), { timeout: 30_000 }).toBe('ok');
      expect(await caller.write(commit(later, later + 1n))).toBe('ok');
      acknowledged.push(later + 1n);
    }
    await using pump = await startPump(etcd, dataDir, {
      settleAfterMs: 10,
      outcomes: { outcome: async () => ({ kind: 'rolled-back' }) },
    });
    using caller = new PumpCaller(pump.address, pump.clusterId);
    const pulled = await caller.pull(0n, acknowledged.length);
    expect(pulled.map(({ commitTs }) => commitTs)).toEqual(acknowledged);
  },
);
