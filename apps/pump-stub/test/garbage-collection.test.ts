import { readdir } from 'node:fs/promises';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timestampOfMs } from '../src/index.js';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  await etcd.close();
});

const minuteMs = 60_000;
/** A few of them fill a file of the log. */
const segmentBytes = 16 << 10;
const value = Buffer.alloc(4000, 'v');

async function write(caller: PumpCaller, startTs: bigint): Promise<void> {
  expect(await caller.write(prewrite(startTs, value))).toBe('ok');
  expect(await caller.write(commit(startTs, startTs + 1n))).toBe('ok');
}

const agoTs = (minutes: number): bigint => timestampOfMs(Date.now() - minutes * minuteMs);

test('by age: files that are too old go, a pull from before them is refused, and a new one begins after them', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, { gcAgeMs: 60 * minuteMs, segmentBytes });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const oldest = agoTs(180);
  for (let index = 0n; index < 20n; index++) await write(caller, oldest + 10n * index);
  const kept = agoTs(30);
  await write(caller, kept);
  await expect.poll(() => pump.status().maxCommitTs).toBe(kept + 1n);
  const before = await readdir(`${folder.path}/value`);
  const answer = await fetch(`http://${pump.address}/debug/gc/trigger`, { method: 'POST' });
  expect(await answer.text()).toBe('trigger gc success');
  await expect.poll(async () => (await readdir(`${folder.path}/value`)).length).toBeLessThan(before.length - 3);
  expect(await caller.pullRefusal(oldest)).toMatch(/^11 binlogs after \d+ were garbage-collected up to \d+/);
  expect((await caller.pull(0n, 1)).map(({ commitTs }) => commitTs)).toEqual([kept + 1n]);
  const metrics = async () => (await fetch(`http://${pump.address}/metrics`)).text();
  await expect.poll(metrics).toMatch(/binlog_pump_storage_deleted_files_total [1-9]/);
  // 20 Prewrites and Commits; gc_ts is an hour ago, and what is deleted is 10 minutes older.
  expect(await metrics()).toMatch(/binlog_pump_storage_deleted_kv_total 40\n/);
  const gcMs = Number(/binlog_pump_storage_gc_ts (\d+)/.exec(await metrics())?.[1]);
  expect(await metrics()).toContain(`binlog_pump_storage_done_gc_ts ${gcMs - 10 * minuteMs}\n`);
});

test('by size: the oldest files go until the log fits, but none that an undecided transaction needs', async () => {
  await using folder = await temporaryFolder();
  const gcMaxBytes = 3 * segmentBytes;
  await using pump = await startPump(etcd, folder.path, { gcMaxBytes, segmentBytes });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const base = agoTs(1);
  for (let index = 0n; index < 20n; index++) await write(caller, base + 10n * index);
  const undecided = base + 1000n;
  await caller.write(prewrite(undecided, value));
  for (let index = 0n; index < 20n; index++) await write(caller, undecided + 10n + 10n * index);
  const trigger = () => fetch(`http://${pump.address}/debug/gc/trigger`, { method: 'POST' });
  await trigger();
  await expect
    .poll(async () => (await readdir(`${folder.path}/value`))[0], { timeout: 20_000 })
    .not.toBe('000000.vlog');
  // The undecided one stands in the middle: what came after it stays.
  expect(pump.status().logBytes).toBeGreaterThan(gcMaxBytes);
  await caller.write(commit(undecided, undecided + 1n));
  await expect.poll(() => pump.status().undecided).toBe(0);
  await trigger();
  await expect.poll(() => pump.status().logBytes, { timeout: 20_000 }).toBeLessThanOrEqual(gcMaxBytes + segmentBytes);
  const pulled = await caller.pull(0n, 3);
  expect(pulled.every(({ startTs, commitTs }) => commitTs === startTs + 1n)).toBe(true);
});
