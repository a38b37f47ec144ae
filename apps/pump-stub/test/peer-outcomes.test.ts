import { expect, test } from 'vitest';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite, rollback } from './transactions.js';

test('a Pump that was left with a Prewrite learns its end from the Pump that was told', {
  timeout: 60_000,
}, async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  const settleAfterMs = 20;
  await using a = await startPump(etcd, `${folder.path}/a`, { nodeId: 'a', settleAfterMs });
  await using b = await startPump(etcd, `${folder.path}/b`, { nodeId: 'b', settleAfterMs });
  using toA = new PumpCaller(a.address, a.clusterId);
  using toB = new PumpCaller(b.address, b.clusterId);
  // As a client does that hears nothing from the first: both have the Prewrite, and the second alone is told the end.
  for (const caller of [toA, toB]) {
    for (const startTs of [10n, 11n]) expect(await caller.write(prewrite(startTs))).toBe('ok');
  }
  await toA.write(prewrite(30n));
  await toA.write(commit(30n, 31n));
  await toB.write(commit(10n, 20n));
  await toB.write(rollback(11n));
  await expect.poll(() => a.status().undecided, { timeout: 20_000 }).toBe(0);
  expect(a.status().maxCommitTs).toBe(31n);
  const ofA = await toA.pull(0n, 2);
  expect(ofA.map(({ startTs, commitTs }) => [startTs, commitTs])).toEqual([
    [10n, 20n],
    [30n, 31n],
  ]);
  // The same transaction, with its changes, as the other Pump gives it.
  expect(Buffer.from(ofA[0]?.payload ?? '', 'hex').includes('v10')).toBe(true);

  // What no Pump knows waits, and says so.
  await toA.write(prewrite(40n));
  const waiting = async () => (await fetch(`http://${a.address}/status`)).text();
  await expect.poll(waiting, { timeout: 20_000 }).toContain('no other Pump knows how it ended');
  expect((await fetch(`http://${b.address}/end/40`)).status).toBe(404);
  expect((await fetch(`http://${b.address}/end/x`)).status).toBe(400);
  expect(a.status().undecided).toBe(1);
});
