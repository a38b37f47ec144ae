import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BinlogReader, type BinlogReaderOptions } from '../src/index.js';
import { dml, fake, HoldingPump, type HoldingPumpOptions, history, type Stored } from './holding-pump.js';

let etcdServer: LocalEtcd;
let etcd: EtcdClient;
let ends: (() => unknown)[] = [];

beforeAll(async () => {
  etcdServer = await LocalEtcd.start({ members: 1 });
  etcd = new EtcdClient({ endpoints: etcdServer.endpoints });
});
afterAll(async () => {
  await etcd.close();
  await etcdServer.close();
});
beforeEach(async () => {
  await etcd.delete({ prefix: '/tidb-binlog/' });
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

async function pump(nodeId: string, holds: Stored[], options: HoldingPumpOptions = {}): Promise<HoldingPump> {
  const started = await HoldingPump.start(holds, { nodeId, stream: true, ...options });
  ends.push(() => started.server.stop());
  await started.server.register(etcd);
  return started;
}

/** Reads into a list, in the background. */
function reading(options: Partial<BinlogReaderOptions> = {}) {
  const given: bigint[] = [];
  const reader = new BinlogReader({
    etcd,
    clusterId: 1n,
    after: 0n,
    schemas: history(),
    ...options,
  } as BinlogReaderOptions);
  const ended = (async () => {
    for await (const { commitTs } of reader) given.push(commitTs);
  })();
  ends.push(async () => {
    await reader.close();
    await ended.catch(() => undefined);
  });
  const has = (...expected: bigint[]) => vi.waitFor(() => expect(given).toEqual(expected), { timeout: 20_000 });
  return { given, has, reader, ended };
}

describe('a pump that', () => {
  it('appears is waited for from the moment that it is registered, with nothing left out', async () => {
    const a = await pump('a', [dml(10n)]);
    const { has, given } = reading();
    await has(10n);
    // The registration is done before the other pump says that it is past 30: from then on nothing may go by.
    const b = await pump('b', [dml(20n)]);
    a.add(dml(30n));
    await has(10n, 20n);
    b.add(dml(25n), fake(40n));
    await has(10n, 20n, 25n, 30n);
    expect(given.length).toBe(4);
  });

  it('is paused holds the rest up, since it may have what comes first; back online it goes on', async () => {
    const a = await pump('a', [dml(10n), dml(30n)]);
    const b = await pump('b', [dml(20n)]);
    const { has } = reading();
    await has(10n, 20n);
    b.server.stop();
    await b.server.register(etcd, 'paused');
    a.add(fake(50n));
    b.holds.push(dml(25n), fake(60n));
    await has(10n, 20n);
    await b.server.listen();
    await b.server.register(etcd);
    await has(10n, 20n, 25n, 30n);
    expect(b.pulls).toContain(20n);
  });

  it('goes offline still gives what it had, and is then not waited for', async () => {
    const a = await pump('a', [dml(10n)]);
    const b = await pump('b', [dml(20n), dml(30n)]);
    const { has } = reading();
    await has(10n);
    // What b has is here already, but a is not past it.
    await vi.waitFor(() => expect(b.pulls).toEqual([0n]), { timeout: 20_000 });
    await b.server.register(etcd, 'offline');
    b.server.stop();
    a.add(dml(40n));
    await has(10n, 20n, 30n, 40n);
  });

  it('is taken out of the registry is as one that is offline', async () => {
    const a = await pump('a', [dml(10n)]);
    await pump('b', [dml(5n), dml(20n)]);
    const { has } = reading();
    await has(5n, 10n);
    await etcd.delete('/tidb-binlog/v1/pumps/b');
    a.add(dml(40n));
    await has(5n, 10n, 20n, 40n);
  });

  it('is offline from the start is not asked', async () => {
    const a = await pump('a', [dml(10n)]);
    const b = await pump('b', [dml(5n)]);
    await b.server.register(etcd, 'offline');
    const { has } = reading();
    await has(10n);
    expect([a.pulls.length, b.pulls.length]).toEqual([1, 0]);
  });

  it('dies and comes back at another address is found there, without a loss or a repetition', async () => {
    const a = await pump('a', [dml(10n), dml(20n)], { cut: 2 });
    const { has } = reading();
    await has(10n, 20n);
    a.server.stop();
    const again = await pump('a', [...a.holds, dml(30n)]);
    await has(10n, 20n, 30n);
    expect(again.pulls).toEqual([20n]);
  });

  it('has an entry that nobody can read any more stays known', async () => {
    const a = await pump('a', [dml(10n)]);
    const b = await pump('b', [fake(5n)]);
    const { has, given } = reading();
    await vi.waitFor(() => expect(b.open).toBe(1), { timeout: 20_000 });
    await etcd.put('/tidb-binlog/v1/pumps/b', 'no JSON');
    a.add(dml(20n));
    b.add(fake(15n));
    await has(10n);
    b.add(fake(25n));
    await has(10n, 20n);
    expect(given.length).toBe(2);
  });

  it.each([{ stream: true }, { stream: false }])('hangs is connected to anew (batches: $stream)', async (door) => {
    const a = await pump('a', [dml(10n)], door);
    const { has } = reading({ silenceMs: 300 });
    await has(10n);
    await vi.waitFor(() => expect(a.pulls.length).toBeGreaterThan(2), { timeout: 20_000 });
    expect(a.pulls.slice(1).every((position) => position === 10n)).toBe(true);
    a.add(dml(20n));
    await has(10n, 20n);
  });
});

it.each([
  ['number', { maxBuffered: 64 }],
  ['bytes', { maxBufferedBytes: 64 << 10 }],
] as const)('what waits for a pump that lags is bounded by %s', async (_, bound) => {
  const all = Array.from({ length: 4_000 }, (_value, index) => dml(BigInt(index + 1), 6_000));
  const a = await pump('a', [...all, fake(9_000n)], { stream: false });
  const b = await pump('b', [fake(0n)], { stream: false });
  const { given, ended, reader } = reading(bound);
  await vi.waitFor(() => expect([a.open, b.open]).toEqual([1, 1]), { timeout: 20_000 });
  // The stream is not read further: beside what the connection's window takes, the pump cannot get rid of its 24 MB.
  const before = process.memoryUsage().arrayBuffers;
  b.add(fake(10n));
  await vi.waitFor(() => expect(given.length).toBe(10), { timeout: 20_000 });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
  b.add(fake(9_000n));
  await vi.waitFor(() => expect(given.length).toBe(4_000), { timeout: 60_000 });
  expect(given).toEqual(all.map(({ commitTs }) => commitTs));
  await reader.close();
  await ended;
});

it('the reading goes on over a restart of etcd', async () => {
  const a = await pump('a', [dml(10n)]);
  const { has } = reading();
  await has(10n);
  await etcdServer.members[0]?.kill();
  a.add(dml(20n));
  await etcdServer.members[0]?.restart();
  await has(10n, 20n);
});
