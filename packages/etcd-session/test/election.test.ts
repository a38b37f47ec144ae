import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compare, Election, EtcdClient, op, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { Etcdctl } from './etcdctl.js';
import { eventually } from './eventually.js';

let etcd: LocalEtcd;
let client: EtcdClient;
const sessions: Session[] = [];

async function session(ttlSeconds = 60): Promise<Session> {
  const made = await Session.create(client, { ttlSeconds });
  sessions.push(made);
  return made;
}

async function keys(prefix: string): Promise<string[]> {
  const { kvs } = await client.range({ prefix }, { sortBy: 'create', order: 'ascend' });
  return kvs.map((kv) => kv.key.toString());
}

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints });
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await client?.close();
  await etcd?.close();
});

describe('an election', () => {
  it("writes Go's keys: the prefix, a slash, the lease in hex, on the lease", async () => {
    const mine = await session();
    const tenure = await new Election(mine, 'keys').campaign('me');
    expect(tenure.key).toBe(`keys/${mine.leaseId.toString(16)}`);
    const { kv } = await client.get(tenure.key);
    expect(kv?.lease).toBe(mine.leaseId);
    expect(kv?.createRevision).toBe(tenure.createRevision);
    expect(kv?.value.toString()).toBe('me');
  });

  it('elects one at a time in the order of joining, and each waits for its predecessor only', async () => {
    const elected: number[] = [];
    const candidates = await Promise.all(Array.from({ length: 5 }, async () => new Election(await session(), 'order')));
    const tenures: Promise<unknown>[] = [];
    for (const [i, candidate] of candidates.entries()) {
      tenures.push(candidate.campaign(String(i)).then(() => elected.push(i)));
      await eventually(async () => (await keys('order/')).length === i + 1, `candidate ${i} has joined`);
    }
    for (const [i, candidate] of candidates.entries()) {
      await tenures[i];
      expect(elected).toEqual(Array.from({ length: i + 1 }, (_, n) => n));
      await candidate.resign();
    }
    expect(await keys('order/')).toEqual([]);
  });

  it('passes over a middle candidate that died', async () => {
    const [a, b, c] = [
      new Election(await session(), 'middle'),
      await session(3),
      new Election(await session(), 'middle'),
    ];
    await a.campaign('a');
    const dead = new Election(b, 'middle').campaign('b');
    dead.catch(() => undefined);
    await eventually(async () => (await keys('middle/')).length === 2, 'b waits');
    let elected = false;
    const third = c.campaign('c').then(() => {
      elected = true;
    });
    await eventually(async () => (await keys('middle/')).length === 3, 'c waits');
    await client.leaseRevoke(b.leaseId);
    await expect(dead).rejects.toMatchObject({ code: expect.stringMatching(/SESSION_LOST|NOT_LEADER/) });
    expect(elected).toBe(false);
    await a.resign();
    await third;
  });

  it('takes a candidate that gives up out of the queue, whether it waits or is just joining', async () => {
    const leader = new Election(await session(), 'giveup');
    await leader.campaign('leader');
    const waiting = new Election(await session(), 'giveup');
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const campaign = waiting.campaign('w', { signal: controller.signal });
      if (i % 2 === 0) await eventually(async () => (await keys('giveup/')).length === 2, 'the candidate waits');
      controller.abort();
      await expect(campaign).rejects.toMatchObject({ code: 'ABORTED' });
      expect(await keys('giveup/')).toHaveLength(1);
    }
  });

  it('never elects a candidate whose lease went while it waited (platform A4, row 14)', async () => {
    const leader = new Election(await session(), 'lapse');
    await leader.campaign('leader');
    const lapsed = await session();
    const campaign = new Election(lapsed, 'lapse').campaign('lapsed');
    campaign.catch(() => undefined);
    await eventually(async () => (await keys('lapse/')).length === 2, 'the candidate waits');
    await client.leaseRevoke(lapsed.leaseId);
    await leader.resign();
    await expect(campaign).rejects.toMatchObject({ code: expect.stringMatching(/SESSION_LOST|NOT_LEADER/) });
    expect(await keys('lapse/')).toEqual([]);
  });

  it('refuses a candidate whose key somebody deleted', async () => {
    const leader = new Election(await session(), 'removed');
    await leader.campaign('leader');
    const mine = await session();
    const campaign = new Election(mine, 'removed').campaign('x');
    campaign.catch(() => undefined);
    await eventually(async () => (await keys('removed/')).length === 2, 'the candidate waits');
    await client.delete(`removed/${mine.leaseHex}`);
    await leader.resign();
    await expect(campaign).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  it('tells a candidate at once that somebody deleted its key, whoever else leads on', async () => {
    const leader = new Election(await session(), 'removed-early');
    await leader.campaign('leader');
    const [second, third] = [await session(), await session()];
    const campaigns = [second, third].map((each) => new Election(each, 'removed-early').campaign('x'));
    for (const campaign of campaigns) campaign.catch(() => undefined);
    await eventually(async () => (await keys('removed-early/')).length === 3, 'both candidates wait');
    await client.delete(`removed-early/${third.leaseHex}`);
    await client.put('removed-early/other', 'x');
    await client.compact((await client.get('removed-early/other')).revision);
    await client.delete(`removed-early/${second.leaseHex}`);
    for (const campaign of campaigns) await expect(campaign).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect(leader.fence()).toHaveLength(1);
  });

  it('elects none whose key went with that of its leader, and whoever is left', async () => {
    const leader = await session();
    await new Election(leader, 'together').campaign('leader');
    const [second, third] = [await session(), await session()];
    const next = new Election(second, 'together').campaign('x');
    next.catch(() => undefined);
    await eventually(async () => (await keys('together/')).length === 2, 'the next waits');
    const last = new Election(third, 'together').campaign('x');
    await eventually(async () => (await keys('together/')).length === 3, 'the last waits');
    await client.txn({
      success: [leader, second].map(({ leaseHex }) => op.delete(`together/${leaseHex}`)),
    });
    await expect(next).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect((await last).key).toBe(`together/${third.leaseHex}`);
  });

  it('tells a leader whose key was deleted', async () => {
    const election = new Election(await session(), 'deleted');
    const tenure = await election.campaign('x');
    const lost = new Promise((resolve) => tenure.signal.addEventListener('abort', resolve, { once: true }));
    await client.delete(tenure.key);
    await lost;
    expect(() => election.fence()).toThrowError(/NOT_LEADER/);
    await expect(election.proclaim('y')).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  it('tells a leader whose key had been deleted before its signal was first read', async () => {
    const election = new Election(await session(), 'deleted-before');
    const tenure = await election.campaign('x');
    await client.delete(tenure.key);
    const { revision } = await client.put('other', 'x');
    await client.compact(revision);
    await eventually(() => tenure.signal.aborted, 'the tenure ends');
    expect(tenure.signal.reason.code).toBe('SESSION_LOST');
  });

  it('ends a tenure with the session that was revoked under it', async () => {
    const mine = await session(2);
    const tenure = await new Election(mine, 'revoked').campaign('x');
    const { signal } = tenure;
    await client.leaseRevoke(mine.leaseId);
    await eventually(() => signal.aborted, 'the tenure ends');
    expect(signal.reason.code).toBe('SESSION_LOST');
  });

  it('proclaims with the lease kept, and only as the leader', async () => {
    const mine = await session();
    const election = new Election(mine, 'proclaim');
    await expect(election.proclaim('early')).rejects.toMatchObject({ code: 'NOT_LEADER' });
    const tenure = await election.campaign('one');
    await election.proclaim('two');
    await election.proclaim('three');
    const leader = await election.leader();
    expect(leader).toMatchObject({ key: tenure.key, createRevision: tenure.createRevision, lease: mine.leaseId });
    expect(leader.value.toString()).toBe('three');
    expect(await election.campaign('four')).toBe(tenure);
    expect((await election.leader()).value.toString()).toBe('four');
    await election.resign();
    await expect(election.leader()).rejects.toMatchObject({ code: 'NO_LEADER', rawMessage: 'election: no leader' });
    await election.resign();
  });

  it('takes over the place that its session has in the queue, with the new value', async () => {
    const mine = await session();
    const first = await new Election(mine, 'again').campaign('one');
    const second = await new Election(mine, 'again').campaign('two');
    expect(second.createRevision).toBe(first.createRevision);
    expect((await client.get(first.key)).kv?.value.toString()).toBe('two');
  });

  it("is not confused by keys that begin with the election's name", async () => {
    await client.put('sibling_old', 'x');
    await client.put('sibling', 'x');
    const election = new Election(await session(), 'sibling');
    await election.campaign('me');
    expect((await election.leader()).value.toString()).toBe('me');
  });

  it('observes every leader and value in order', async () => {
    const [watching, first, second] = [
      await session(),
      new Election(await session(), 'seen'),
      new Election(await session(), 'seen'),
    ];
    const controller = new AbortController();
    const values: string[] = [];
    const observing = (async () => {
      for await (const leader of new Election(watching, 'seen').observe({ signal: controller.signal }))
        values.push(leader.value.toString());
    })();
    await first.campaign('a');
    await eventually(() => values.includes('a'), 'a is seen');
    await first.proclaim('a2');
    const next = second.campaign('b');
    await eventually(() => values.includes('a2'), 'a2 is seen');
    await first.resign();
    await next;
    await eventually(() => values.includes('b'), 'b is seen');
    await second.resign();
    await first.campaign('c');
    await eventually(() => values.includes('c'), 'c is seen');
    expect(values).toEqual(['a', 'a2', 'b', 'c']);
    controller.abort();
    await observing;
  });

  it('fences: a transaction of the leader passes, one that comes after the handover does nothing', async () => {
    const [old, next] = [new Election(await session(), 'fence'), new Election(await session(), 'fence')];
    await old.campaign('old');
    const fence = old.fence();
    const write = { compare: fence, success: [op.put('fenced', 'old')] };
    expect((await client.txn(write)).succeeded).toBe(true);
    const turn = next.campaign('next');
    await old.resign();
    await turn;
    expect((await client.txn(write)).succeeded).toBe(false);
    expect((await client.txn({ compare: next.fence(), success: [op.put('fenced', 'next')] })).succeeded).toBe(true);
    expect((await client.txn({ compare: [...next.fence(), compare.value('fenced', '=', 'next')] })).succeeded).toBe(
      true,
    );
    expect(() => old.fence()).toThrowError(/NOT_LEADER/);
  });

  it('leaves no unhandled rejection when nobody listens to a lost election (platform A4, row 15)', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', note);
    const mine = await session(2);
    const tenure = await new Election(mine, 'quiet').campaign('x');
    void tenure.signal;
    await client.leaseRevoke(mine.leaseId);
    await mine.done;
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
});

describe.skipIf(!Etcdctl.found)('an election with etcdctl elect', () => {
  it('waits behind it and is elected when it resigns', async () => {
    await using other = new Etcdctl(etcd.endpoints, ['elect', 'ctl', 'theirs']);
    await other.printed('theirs');
    const election = new Election(await session(), 'ctl');
    const campaign = election.campaign('ours');
    await eventually(async () => (await keys('ctl/')).length === 2, 'ours waits behind theirs');
    expect((await election.leader()).value.toString()).toBe('theirs');
    await other.interrupt();
    const tenure = await campaign;
    expect((await election.leader()).key).toBe(tenure.key);
  });

  it('makes it wait, is listened to by it, and hands over to it', async () => {
    const election = new Election(await session(), 'ctl2');
    await election.campaign('ours');
    await using listener = new Etcdctl(etcd.endpoints, ['elect', '-l', 'ctl2']);
    await listener.printed('ours');
    await using other = new Etcdctl(etcd.endpoints, ['elect', 'ctl2', 'theirs']);
    await eventually(async () => (await keys('ctl2/')).length === 2, 'theirs waits behind ours');
    expect(other.output).toBe('');
    await election.resign();
    await other.printed('theirs');
    await listener.printed('theirs');
  });
});
