import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Election, EtcdClient, type Leader, Mutex, op, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { buildGoPeer, type GoKeyValue, GoPeer } from './go-peer.js';

const program = await buildGoPeer();
if (program.missing !== undefined) console.warn(`skipped: beside Go's clientv3/concurrency: ${program.missing}`);

let etcd: LocalEtcd;
let client: EtcdClient;
let go: GoPeer;
const sessions: Session[] = [];

async function session(): Promise<Session> {
  const made = await Session.create(client, { ttlSeconds: 60 });
  sessions.push(made);
  return made;
}

function anotherGo(): GoPeer {
  return new GoPeer(program.path ?? '', etcd.endpoints);
}

/** The queue as etcd holds it, in its order. */
async function queue(prefix: string) {
  const { kvs } = await client.range({ prefix: `${prefix}/` }, { sortBy: 'create', order: 'ascend' });
  return kvs.map(({ key, value, lease }) => ({ key: `${key}`, value: `${value}`, lease: lease.toString(16) }));
}

async function queued(prefix: string, count: number): Promise<void> {
  await eventually(async () => (await queue(prefix)).length === count, `${count} in the queue of ${prefix}`);
}

async function createRevisionOf(key: string): Promise<string | undefined> {
  return (await client.get(key)).kv?.createRevision.toString();
}

describe.skipIf(program.missing !== undefined)("beside Go's clientv3/concurrency", () => {
  beforeAll(async () => {
    etcd = await LocalEtcd.start();
    client = new EtcdClient({ endpoints: etcd.endpoints });
    go = anotherGo();
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((each) => each.close()));
  });
  afterAll(async () => {
    await go?.kill();
    await client?.close();
    await etcd?.close();
    await program.remove?.();
  });

  describe('an election', () => {
    it('is one queue with one key a candidate, and is handed over both ways', async () => {
      const leases = [await go.open('e1'), (await session()).leaseHex, await go.open('e3'), (await session()).leaseHex];
      const [ours, theirs] = sessions.map((each) => new Election(each, 'mixed'));
      if (ours === undefined || theirs === undefined) throw new Error('two sessions were opened');
      const values = ['go ÿ 1', 'node ☃ 2', '', 'node 4'];
      const elected: string[] = [];
      const note = <T>(who: string, campaign: Promise<T>) => campaign.finally(() => elected.push(who));

      const first = await note('go 1', go.campaign('e1', 'mixed', values[0] ?? ''));
      const second = note('node 2', ours.campaign(values[1] ?? ''));
      await queued('mixed', 2);
      const third = note('go 3', go.campaign('e3', 'mixed', values[2] ?? ''));
      await queued('mixed', 3);
      const fourth = note('node 4', theirs.campaign(values[3] ?? ''));
      await queued('mixed', 4);
      const expected = leases.map((lease, i) => ({ key: `mixed/${lease}`, value: values[i], lease }));
      expect(await queue('mixed')).toEqual(expected);
      expect(elected).toEqual(['go 1']);
      expect(first).toEqual({ key: `mixed/${leases[0]}`, revision: await createRevisionOf(first.key) });
      expect((await ours.leader()).value.toString()).toBe(values[0]);

      await go.resign('e1', 'mixed');
      const tenure = await second;
      expect(tenure.key).toBe(`mixed/${leases[1]}`);
      expect(elected).toEqual(['go 1', 'node 2']);
      expect(await go.leader('e3', 'mixed')).toMatchObject({
        ...expected[1],
        createRevision: tenure.createRevision.toString(),
      });

      await ours.resign();
      const place = await third;
      expect(elected).toEqual(['go 1', 'node 2', 'go 3']);
      const { key, value, lease, createRevision } = await theirs.leader();
      expect({ key, value: value.toString(), lease: lease.toString(16) }).toEqual(expected[2]);
      expect(place).toEqual({ key, revision: createRevision.toString() });

      await go.resign('e3', 'mixed');
      await fourth;
      expect(elected).toEqual(['go 1', 'node 2', 'go 3', 'node 4']);
      await theirs.resign();
      expect(await queue('mixed')).toEqual([]);
      await expect(go.leader('e3', 'mixed')).rejects.toThrow('election: no leader');
      await expect(ours.leader()).rejects.toMatchObject({ code: 'NO_LEADER' });
    });

    it('passes on when the session of a leader ends, and when its process is killed', async () => {
      await using killed = anotherGo();
      await killed.open('k', 8);
      await killed.campaign('k', 'ended', 'to be killed');
      const own = await session();
      const elected = new Election(own, 'ended').campaign('node');
      await queued('ended', 2);
      const lease = await go.open('e5');
      const next = go.campaign('e5', 'ended', 'go');
      await queued('ended', 3);
      await killed.kill();
      expect((await elected).key).toBe(`ended/${own.leaseHex}`);
      await own.close();
      expect((await next).key).toBe(`ended/${lease}`);
      const last = new Election(await session(), 'ended').campaign('node again');
      await queued('ended', 2);
      await go.close('e5');
      await last;
    });

    it('lets a candidate that gave up leave the middle of the queue', async () => {
      await go.open('e6');
      await go.open('e7');
      await go.campaign('e6', 'given-up', 'leads');
      const [goGivesUp, nodeGivesUp] = [new AbortController(), new AbortController()];
      const goWaits = go.campaign('e7', 'given-up', 'waits', goGivesUp.signal);
      await queued('given-up', 2);
      const nodeWaits = new Election(await session(), 'given-up').campaign('waits', { signal: nodeGivesUp.signal });
      await queued('given-up', 3);
      const last = new Election(await session(), 'given-up');
      const elected = last.campaign('last');
      await queued('given-up', 4);
      nodeGivesUp.abort();
      await expect(nodeWaits).rejects.toMatchObject({ code: 'ABORTED' });
      goGivesUp.abort();
      await expect(goWaits).rejects.toThrow('context canceled');
      await queued('given-up', 2);
      expect((await last.leader()).value.toString()).toBe('leads');
      await go.resign('e6', 'given-up');
      await elected;
    });

    it('has one candidate for one lease, though Go and Node hold a session on it', async () => {
      const lease = await go.open('e9');
      const joined = await Session.create(client, { leaseId: BigInt(`0x${lease}`) });
      const place = await go.campaign('e9', 'joined', 'go');
      const election = new Election(joined, 'joined');
      const tenure = await election.campaign('node');
      expect(tenure).toMatchObject({ key: place.key, createRevision: BigInt(place.revision) });
      expect(await queue('joined')).toEqual([{ key: place.key, value: 'node', lease }]);
      await go.proclaim('e9', 'joined', 'go again');
      await election.proclaim('node again');
      expect((await go.leader('e9', 'joined')).value).toBe('node again');
      joined.orphan();
      expect(await queue('joined')).toEqual([{ key: place.key, value: 'node again', lease }]);
      await go.close('e9');
      expect(await queue('joined')).toEqual([]);
    });

    it('shows both observers the same leaders and the same values', async () => {
      const stop = new AbortController();
      const bySide = { go: [] as GoKeyValue[], node: [] as GoKeyValue[] };
      await go.open('watcher');
      const goObserves = go.observe('watcher', 'seen', (seen) => bySide.go.push(seen), stop.signal);
      const told = ({ key, value, lease, createRevision, modRevision }: Leader): GoKeyValue => ({
        key,
        value: value.toString(),
        lease: lease.toString(16),
        createRevision: createRevision.toString(),
        modRevision: modRevision.toString(),
      });
      const nodeObserves = (async () => {
        const observer = new Election(await session(), 'seen');
        for await (const leader of observer.observe({ signal: stop.signal })) bySide.node.push(told(leader));
      })();
      const expected: string[] = [];
      const shown = async (value: string) => {
        expected.push(value);
        await eventually(
          () => [bySide.go, bySide.node].every((side) => side.at(-1)?.value === value),
          `both observers see ${value}`,
        );
      };
      await go.open('e8');
      const election = new Election(await session(), 'seen');
      await go.campaign('e8', 'seen', 'go');
      await shown('go');
      await go.proclaim('e8', 'seen', 'go, proclaimed');
      await shown('go, proclaimed');
      const elected = election.campaign('node');
      await queued('seen', 2);
      await go.resign('e8', 'seen');
      await elected;
      await shown('node');
      await election.proclaim('node, proclaimed');
      await shown('node, proclaimed');
      await election.resign();
      await go.campaign('e8', 'seen', 'go again');
      await shown('go again');
      stop.abort();
      await Promise.all([goObserves, nodeObserves]);
      expect(bySide.node.map(({ value }) => value)).toEqual(expected);
      expect(bySide.go).toEqual(bySide.node);
    });
  });

  describe('a lock', () => {
    it('is one queue with one empty key a locker, and is handed over both ways', async () => {
      const leases = [(await session()).leaseHex, await go.open('l2'), (await session()).leaseHex, await go.open('l4')];
      const [ours, theirs] = sessions.map((each) => new Mutex(each, 'lock/mixed'));
      if (ours === undefined || theirs === undefined) throw new Error('two sessions were opened');
      const locked: string[] = [];
      const note = <T>(who: string, lock: Promise<T>) => lock.finally(() => locked.push(who));

      const tenure = await note('node 1', ours.lock());
      const second = note('go 2', go.lock('l2', 'lock/mixed'));
      await queued('lock/mixed', 2);
      const third = note('node 3', theirs.lock());
      await queued('lock/mixed', 3);
      const fourth = note('go 4', go.lock('l4', 'lock/mixed'));
      await queued('lock/mixed', 4);
      expect(await queue('lock/mixed')).toEqual(
        leases.map((lease) => ({ key: `lock/mixed/${lease}`, value: '', lease })),
      );
      expect(locked).toEqual(['node 1']);
      expect(tenure.key).toBe(`lock/mixed/${leases[0]}`);
      expect(tenure.createRevision.toString()).toBe(await createRevisionOf(tenure.key));

      await ours.unlock();
      const place = await second;
      expect(place).toEqual({ key: `lock/mixed/${leases[1]}`, revision: await createRevisionOf(place.key) });
      expect(locked).toEqual(['node 1', 'go 2']);
      await go.unlock('l2', 'lock/mixed');
      expect((await third).key).toBe(`lock/mixed/${leases[2]}`);
      expect(locked).toEqual(['node 1', 'go 2', 'node 3']);
      await theirs.unlock();
      expect((await fourth).key).toBe(`lock/mixed/${leases[3]}`);
      await go.unlock('l4', 'lock/mixed');
      expect(await queue('lock/mixed')).toEqual([]);
    });

    it('is refused at once to who only tries, who leaves no key behind', async () => {
      await go.open('l5');
      const ours = new Mutex(await session(), 'lock/tried');
      const held = { key: (await go.tryLock('l5', 'lock/tried')).key, value: '' };
      await expect(ours.tryLock()).rejects.toMatchObject({ code: 'LOCKED' });
      expect(await queue('lock/tried')).toMatchObject([held]);
      await go.unlock('l5', 'lock/tried');
      const { key } = await ours.tryLock();
      await expect(go.tryLock('l5', 'lock/tried')).rejects.toThrow('mutex: Locked by another session');
      expect(await queue('lock/tried')).toMatchObject([{ key, value: '' }]);
      await ours.unlock();
      expect(await queue('lock/tried')).toEqual([]);
    });

    it('passes over a locker that gave up in the middle of the queue', async () => {
      const holder = new Mutex(await session(), 'lock/given-up');
      await holder.lock();
      const [goGivesUp, nodeGivesUp] = [new AbortController(), new AbortController()];
      await go.open('l6');
      await go.open('l7');
      const nodeWaits = new Mutex(await session(), 'lock/given-up').lock({ signal: nodeGivesUp.signal });
      await queued('lock/given-up', 2);
      const goWaits = go.lock('l6', 'lock/given-up', goGivesUp.signal);
      await queued('lock/given-up', 3);
      const last = go.lock('l7', 'lock/given-up');
      await queued('lock/given-up', 4);
      goGivesUp.abort();
      await expect(goWaits).rejects.toThrow('context canceled');
      nodeGivesUp.abort();
      await expect(nodeWaits).rejects.toMatchObject({ code: 'ABORTED' });
      await queued('lock/given-up', 2);
      await holder.unlock();
      await last;
      await go.unlock('l7', 'lock/given-up');
    });

    it('lets in one at a time, of Go and Node together, so that no count is lost', async () => {
      const rounds = 20;
      const goCounts = ['c1', 'c2', 'c3'].map(async (name) => {
        await go.open(name);
        await go.count(name, 'lock/count', 'counted', rounds);
      });
      const nodeCounts = [1, 2, 3].map(async () => {
        const mutex = new Mutex(await session(), 'lock/count');
        for (let i = 0; i < rounds; i++) {
          await mutex.withLock(async () => {
            const { kv } = await client.get('counted');
            await client.put('counted', `${Number(kv?.value.toString() ?? '0') + 1}`);
          });
        }
      });
      await Promise.all([...goCounts, ...nodeCounts]);
      expect((await client.get('counted')).kv).toMatchObject({ value: Buffer.from('120'), version: 120n });
      expect(await queue('lock/count')).toEqual([]);
    });

    it('is fenced alike: what its past holder writes late is refused, whoever holds it now', async () => {
      await go.open('l8');
      const own = await session();
      const ours = new Mutex(own, 'lock/fenced');
      await ours.lock();
      const fence = ours.fence();
      const write = () => client.txn({ compare: fence, success: [op.put('fenced', 'node')] });
      expect((await write()).succeeded).toBe(true);
      const next = go.lock('l8', 'lock/fenced');
      await queued('lock/fenced', 2);
      await own.close();
      await next;
      expect((await write()).succeeded).toBe(false);
      await go.unlock('l8', 'lock/fenced');
    });
  });
});
