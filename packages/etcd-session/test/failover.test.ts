import { afterEach, beforeEach, expect, it } from 'vitest';
import { EtcdClient, EtcdError } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import type { LocalMember } from '../src/local-etcd/member.js';
import { eventually } from './eventually.js';

let etcd: LocalEtcd;
let client: EtcdClient;

beforeEach(async () => {
  etcd = await LocalEtcd.start({ members: 3 });
  client = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 30_000 });
});
afterEach(async () => {
  await client?.close();
  await etcd?.close();
});

/** The member that the client talks to. */
async function current(): Promise<LocalMember> {
  const { memberId } = await client.status();
  const urls = (await client.memberList()).find((each) => each.id === memberId)?.clientUrls ?? [];
  const member = etcd.members.find((each) => urls.includes(`http://${each.endpoint}`));
  if (member === undefined) throw new Error(`no member has ${urls}`);
  return member;
}

/** What a careful user does: asks again after a failure that allows it. The key is written by nobody else. */
async function write(key: string, value: string, timeoutMs: number): Promise<void> {
  for (;;) {
    try {
      await client.put(key, value, { timeoutMs });
      return;
    } catch (error) {
      expect(EtcdError.from(error)).toMatchObject({ retryable: true });
    }
  }
}

async function takeUntil(last: string, watch: ReturnType<EtcdClient['watch']>): Promise<string[]> {
  const values: string[] = [];
  for await (const { events } of watch) {
    for (const { kv } of events) values.push(kv.value.toString());
    if (values.at(-1) === last) break;
  }
  return values;
}

/** A change that was asked for again may show twice, next to itself; nothing else may be missing or move. */
function withoutRepeats(values: readonly string[]): string[] {
  return values.filter((value, i) => value !== values[i - 1]);
}

const wanted = Array.from({ length: 30 }, (_, i) => `${i}`);

it('one of three is killed: calls and watches go on with another, and leases and data are kept', async () => {
  const lease = await client.leaseGrant(600);
  await client.put('kept', 'x', { lease: lease.id });
  const watch = client.watch('k');
  await watch.ready;
  const got = takeUntil('29', watch);
  await (await current()).kill();
  for (const value of wanted) await write('k', value, 30_000);
  expect(withoutRepeats(await got)).toEqual(wanted);
  expect(client.stats().failovers).toBeGreaterThanOrEqual(1);
  expect((await client.get('kept')).kv?.lease).toBe(lease.id);
  expect((await client.leaseTimeToLive(lease.id)).ttlSeconds).toBeGreaterThan(0);
});

it('one of three is frozen: it is left after one deadline, reads do not fail at all, watches notice the silence', async () => {
  const watch = client.watch('k');
  await watch.ready;
  const got = takeUntil('29', watch);
  await client.put('read', 'x');
  const frozen = await current();
  frozen.pause();
  expect((await client.get('read', { timeoutMs: 10_000 })).kv?.value.toString()).toBe('x');
  for (const value of wanted) await write('k', value, 5_000);
  expect(withoutRepeats(await got)).toEqual(wanted);
  expect(client.stats().failovers).toBeGreaterThanOrEqual(1);
  expect((await current()).endpoint).not.toBe(frozen.endpoint);
  frozen.resume();
});

it('a write that a frozen member took is reported as unknown, and is not sent to another in silence', async () => {
  await client.put('k', 'before');
  const frozen = await current();
  frozen.pause();
  const error = await client.put('k', 'after', { timeoutMs: 1_000 }).then(
    () => undefined,
    (reason: unknown) => EtcdError.from(reason),
  );
  expect(error).toMatchObject({ code: 'DEADLINE', outcomeUnknown: true });
  frozen.resume();
  expect((await client.get('k')).kv?.version).toBeLessThanOrEqual(2n);
});

it('without a quorum nothing is done and callers are told; with it all goes on', async () => {
  await client.put('k', 'before');
  const [first, second] = etcd.members;
  await Promise.all([first?.kill(), second?.kill()]);
  const outcomes = await Promise.allSettled([
    client.put('k', 'during', { timeoutMs: 1_500 }),
    client.get('k', { timeoutMs: 1_500 }),
  ]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { retryable: true } });
  const codes = outcomes.map((each) => (each.status === 'rejected' ? EtcdError.from(each.reason).code : 'ok'));
  for (const code of codes) expect(['DEADLINE', 'UNAVAILABLE']).toContain(code);
  await Promise.all([first?.launch(), second?.launch()]);
  await Promise.all([first?.ready(), second?.ready()]);
  await eventually(async () => (await client.get('k')).kv !== undefined, 'reads are answered');
  await write('k', 'after', 30_000);
  expect((await client.get('k')).kv?.value.toString()).toBe('after');
});
