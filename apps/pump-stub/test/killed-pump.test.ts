import { appendFile, readdir, rm } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { proveByKills } from './kill-proof.js';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

vi.setConfig({ testTimeout: 300_000 });

test('whatever kill -9 cuts off, every committed transaction is read once and in order, and none that was rolled back', async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  const proof = await proveByKills({
    pdUrl: etcd.endpoints[0] ?? '',
    dataDir: folder.path,
    writers: 64,
    kills: 3,
    isKillDue: (commits) => commits >= 150,
  });
  expect(proof.faults).toEqual([]);
  expect(proof.committed).toBeGreaterThanOrEqual(450);
  expect(proof.pulled).toBe(proof.committed);
  expect(proof.rolledBack).toBeGreaterThan(0);
});

test('a torn end and a lost index are mended at the start', async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  {
    await using pump = await startPump(etcd, folder.path);
    using caller = new PumpCaller(pump.address, pump.clusterId);
    await caller.write(prewrite(1n));
    await caller.write(commit(1n, 2n));
  }
  const [file = ''] = await readdir(`${folder.path}/value`);
  await appendFile(`${folder.path}/value/${file}`, Buffer.from('e8563a8240000000000000001122334401', 'hex'));
  await rm(`${folder.path}/kv`, { recursive: true });
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  await caller.write(prewrite(3n));
  await caller.write(commit(3n, 4n));
  expect((await caller.pull(0n, 2)).map(({ commitTs }) => commitTs)).toEqual([2n, 4n]);
});
