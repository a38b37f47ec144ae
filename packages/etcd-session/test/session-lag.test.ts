import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
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
