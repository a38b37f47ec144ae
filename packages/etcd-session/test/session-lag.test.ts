import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { EtcdClient, Session } from '../src/index.js';
import { LocalEtcd, type LocalMember } from '../src/local-etcd/index.js';

/** The member that leads and one that does not, which hands every keepalive on to it, one by one for each stream. */
async function leaderAndFollower({ members }: LocalEtcd): Promise<[LocalMember, LocalMember]> {
  let [leader, follower]: (LocalMember | undefined)[] = [];
  for (const member of members) {
    await using client = new EtcdClient({ endpoints: member.endpoint });
    const status = await client.status();
    if (status.memberId === status.leader) leader = member;
    else follower = member;
  }
  if (leader === undefined || follower === undefined) throw new Error('no member leads');
  return [leader, follower];
}

it('keeps more leases than one keepalive stream could when etcd is slow to answer', async () => {
  await using etcd = await LocalEtcd.start({ members: 3 });
  const [leader, follower] = await leaderAndFollower(etcd);
  await using client = new EtcdClient({ endpoints: follower.endpoint });
  const sessions = await Promise.all(Array.from({ length: 1_000 }, () => Session.create(client, { ttlSeconds: 6 })));
  const until = performance.now() + 12_000;
  try {
    // A leader that gets a tenth of its time.
    while (performance.now() < until) {
      leader.pause();
      await pause(60);
      leader.resume();
      await pause(6);
    }
  } finally {
    leader.resume();
  }
  const lost = sessions.filter(({ signal }) => signal.aborted);
  for (const session of sessions) session.orphan();
  expect(lost.map(({ leaseHex }) => leaseHex)).toEqual([]);
}, 60_000);

it('loses none of many leases to a further stream that it has just opened, however long the process has been running', async () => {
  await using etcd = await LocalEtcd.start();
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  const begun = performance.now.bind(performance);
  // A stream counts as idle after half a minute.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => begun() + 60_000);
  try {
    const sessions = await Promise.all(Array.from({ length: 300 }, () => Session.create(client, { ttlSeconds: 2 })));
    const until = begun() + 4_500;
    while (begun() < until) {
      // All at once, more than one stream is to carry.
      await Promise.all(sessions.map((session) => session.refresh().catch(() => undefined)));
      await pause(100);
    }
    const lost = sessions.filter(({ signal }) => signal.aborted);
    for (const session of sessions) session.orphan();
    expect(lost.map(({ leaseHex }) => leaseHex)).toEqual([]);
  } finally {
    clock.mockRestore();
  }
});
