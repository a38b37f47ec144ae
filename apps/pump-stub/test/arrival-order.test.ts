import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite, rollback } from './transactions.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  await etcd.close();
});

/** Writes in this order, and gives what a pull then shows up to the watermark, by [start_ts, commit_ts]. */
async function shown(writes: readonly Buffer[], watermark: bigint, undecided: number): Promise<bigint[][]> {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (const payload of writes) expect(await caller.write(payload)).toBe('ok');
  await expect.poll(() => pump.status()).toMatchObject({ maxCommitTs: watermark, undecided });
  const seen: bigint[][] = [];
  for await (const batch of caller.openPullBatches(0n, 0)) {
    for (const { startTs, commitTs } of batch.binlogs) seen.push([startTs, commitTs]);
    if (batch.watermark >= watermark) return seen;
  }
  throw new Error('the pull ended before the watermark');
}

const cases: { what: string; writes: Buffer[]; watermark: bigint; undecided?: number; pulled: bigint[][] }[] = [
  { what: 'a commit after its prewrite', writes: [prewrite(1n), commit(1n, 2n)], watermark: 2n, pulled: [[1n, 2n]] },
  {
    what: 'two that overlap, the younger commits first',
    writes: [prewrite(1n), prewrite(2n), commit(2n, 3n), commit(1n, 10n)],
    watermark: 10n,
    pulled: [
      [2n, 3n],
      [1n, 10n],
    ],
  },
  {
    what: 'commits that arrive out of order',
    writes: [prewrite(1n), prewrite(2n), commit(1n, 10n), commit(2n, 9n), prewrite(20n), commit(20n, 200n)],
    watermark: 200n,
    pulled: [
      [2n, 9n],
      [1n, 10n],
      [20n, 200n],
    ],
  },
  {
    what: 'the same prewrite twice',
    writes: [prewrite(1n), prewrite(1n), commit(1n, 2n)],
    watermark: 2n,
    pulled: [[1n, 2n]],
  },
  {
    what: 'a prewrite again after its commit',
    writes: [prewrite(1n), commit(1n, 2n), prewrite(1n)],
    watermark: 2n,
    pulled: [[1n, 2n]],
  },
  {
    what: 'the same commit twice',
    writes: [prewrite(1n), commit(1n, 2n), commit(1n, 2n)],
    watermark: 2n,
    pulled: [[1n, 2n]],
  },
  {
    what: 'a commit before its prewrite',
    writes: [commit(1n, 2n), prewrite(1n)],
    watermark: 2n,
    pulled: [[1n, 2n]],
  },
  {
    what: 'a commit whose prewrite went to another pump',
    writes: [commit(5n, 6n), prewrite(7n), commit(7n, 8n)],
    watermark: 8n,
    pulled: [[7n, 8n]],
  },
  {
    what: 'a rollback: not shown, and nothing waits for it',
    writes: [prewrite(1n), prewrite(2n), commit(2n, 4n), rollback(1n)],
    watermark: 4n,
    pulled: [[2n, 4n]],
  },
  {
    what: 'a rollback without its prewrite',
    writes: [rollback(3n), prewrite(4n), commit(4n, 5n)],
    watermark: 5n,
    pulled: [[4n, 5n]],
  },
  {
    what: 'one undecided: what is older than it still passes, what is younger waits',
    writes: [prewrite(1n), prewrite(10n), commit(1n, 9n), prewrite(11n), commit(11n, 12n)],
    watermark: 10n,
    undecided: 1,
    pulled: [[1n, 9n]],
  },
  {
    what: 'writers whose clocks are years apart',
    writes: [prewrite(1n << 60n), prewrite(5n), commit(5n, 6n), commit(1n << 60n, (1n << 60n) + 1n)],
    watermark: (1n << 60n) + 1n,
    pulled: [
      [5n, 6n],
      [1n << 60n, (1n << 60n) + 1n],
    ],
  },
];

for (const { what, writes, watermark, undecided = 0, pulled } of cases) {
  test(what, async () => {
    expect(await shown(writes, watermark, undecided)).toEqual(pulled);
  });
}

test('a pull begins after its position, and the suffix of a position means nothing', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (const startTs of [1n, 3n, 5n]) {
    await caller.write(prewrite(startTs));
    await caller.write(commit(startTs, startTs + 1n));
  }
  expect((await caller.pull(2n, 2)).map(({ commitTs }) => commitTs)).toEqual([4n, 6n]);
  const stream = caller.openPull(4n, 99n);
  for await (const { entity } of stream) {
    expect(entity.commitTs).toBe(6n);
    break;
  }
});

test('a pull in batches keeps to the size that was asked for, and tells the watermark with each', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (let startTs = 1n; startTs < 20n; startTs += 2n) {
    await caller.write(prewrite(startTs, Buffer.alloc(1000)));
    await caller.write(commit(startTs, startTs + 1n));
  }
  const commits: bigint[] = [];
  let watermark = 0n;
  for await (const batch of caller.openPullBatches(0n, 2500)) {
    expect(batch.binlogs.length).toBeLessThanOrEqual(3);
    expect(batch.watermark).toBeGreaterThanOrEqual(watermark);
    watermark = batch.watermark;
    for (const { commitTs } of batch.binlogs) {
      expect(commitTs).toBeLessThanOrEqual(watermark);
      commits.push(commitTs);
    }
    if (watermark >= 20n) break;
  }
  expect(commits).toEqual(Array.from({ length: 10 }, (_, index) => BigInt(2 * index + 2)));
});

test('a puller that does not read holds nobody up, and gets everything when it reads again', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using slow = new PumpCaller(pump.address, pump.clusterId);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const stream = slow.openPull(0n);
  stream.pause();
  const count = 200n;
  for (let index = 0n; index < count; index++) {
    expect(await caller.write(prewrite(2n * index + 1n, Buffer.alloc(50_000)))).toBe('ok');
    expect(await caller.write(commit(2n * index + 1n, 2n * index + 2n))).toBe('ok');
  }
  expect((await caller.pull(0n, Number(count))).length).toBe(Number(count));
  let last = 0n;
  for await (const { entity } of stream) {
    expect(entity.commitTs).toBe(last + 2n);
    last = entity.commitTs;
    if (last === 2n * count) break;
  }
});
