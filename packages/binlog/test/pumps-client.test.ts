import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BinlogError, type BinlogErrorCode, clusterIdOf, PumpsClient, type PumpsClientOptions } from '../src/index.js';
import { healthOf } from '../src/pumps/health.js';
import { createSelector, scoreOf } from '../src/pumps/selector.js';
import { BinlogType } from '../src/wire/index.js';
import { ScriptedPump, type ScriptedPumpOptions } from './scripted-pump.js';

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

async function pump(options: ScriptedPumpOptions = {}): Promise<ScriptedPump> {
  const started = await ScriptedPump.start(options);
  ends.push(() => started.stop());
  return started;
}

async function registered(nodeId: string, options: ScriptedPumpOptions = {}): Promise<ScriptedPump> {
  const started = await pump({ nodeId, ...options });
  await started.register(etcd);
  return started;
}

async function connect(options: Partial<PumpsClientOptions> = {}): Promise<PumpsClient> {
  const client = await PumpsClient.connect({
    etcd,
    clusterId: 1n,
    writeTimeoutMs: 3_000,
    retryIntervalMs: 10,
    finishRetryIntervalMs: 20,
    checkIntervalMs: 100,
    ...options,
  });
  ends.push(() => client.close());
  return client;
}

async function fails(promise: Promise<unknown>, code: BinlogErrorCode): Promise<BinlogError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  return BinlogError.from(error);
}

const prewrite = (startTs: bigint, size = 0) => ({
  type: BinlogType.Prewrite,
  startTs,
  prewriteValue: Buffer.alloc(size),
});
const commit = (startTs: bigint) => ({ type: BinlogType.Commit, startTs, commitTs: startTs + 1n });
const rollback = (startTs: bigint) => ({ type: BinlogType.Rollback, startTs });
const fakeError = { code: status.UNKNOWN, message: 'fake error' };
const startsOf = (server: ScriptedPump) => server.binlogs.map(({ startTs }) => startTs);

describe.each([{ stream: false }, { stream: true }])('with pumps that have the streaming door: $stream', (door) => {
  it('goes round, and a Commit or Rollback goes where its Prewrite went', async () => {
    const [a, b] = [await registered('a', door), await registered('b', door)];
    const client = await connect();
    for (let ts = 1n; ts <= 6n; ts++) expect(await client.write(prewrite(ts))).toBe('written');
    for (let ts = 6n; ts >= 1n; ts--)
      expect(await client.write(ts % 3n === 0n ? rollback(ts) : commit(ts))).toBe('written');
    for (const server of [a, b]) {
      const starts = startsOf(server);
      expect(new Set(starts.slice(0, 3))).toEqual(new Set(starts.slice(3)));
      expect(server.types.slice(0, 3)).toEqual([0, 0, 0]);
    }
  });

  it('writes 2,000 at once, none lost and none twice', async () => {
    const server = await registered('a', door);
    const client = await connect({ writeTimeoutMs: 30_000 });
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => client.write(prewrite(BigInt(i + 1), 100))));
    expect(new Set(startsOf(server)).size).toBe(2_000);
    expect(server.binlogs.length).toBe(2_000);
    if (door.stream) expect(server.streamMessages).toBeLessThan(100);
    expect(client.pumps()[0]?.streaming).toBe(door.stream);
  });

  it('gets through to a pump that fails four times out of five', async () => {
    const server = await registered('a', door);
    let calls = 0;
    server.refuse = () => (++calls % 5 === 0 ? undefined : fakeError);
    const client = await connect({ maxErrors: 1_000 });
    for (let ts = 1n; ts <= 10n; ts++) await client.write(prewrite(ts));
    expect(startsOf(server)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
    expect(calls).toBe(50);
  });

  it('a refusal as too large is final at once', async () => {
    const server = await registered('a', { ...door, maxMessageBytes: 1_024 });
    server.refuse = (binlog) =>
      (binlog.prewriteValue?.length ?? 0) > 500
        ? { code: status.RESOURCE_EXHAUSTED, message: 'received message larger than max (2048 vs. 1024)' }
        : undefined;
    const client = await connect();
    const error = await fails(client.write(prewrite(1n, 600)), 'TOO_LARGE');
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toContain('binlog data is too large');
    await client.write(prewrite(2n, 10));
  });

  it('a pump that died is left for another, and taken again when it is back', async () => {
    const [a, b] = [await registered('a', door), await registered('b', door)];
    const client = await connect();
    await client.write(prewrite(1n));
    await client.write(prewrite(2n));
    a.stop();
    for (let ts = 3n; ts <= 8n; ts++) await client.write(prewrite(ts));
    expect(b.binlogs.length).toBe(7);
    expect(client.pumps().find(({ status: { nodeId } }) => nodeId === 'a')?.usable).toBe(false);
    await a.listen();
    await vi.waitFor(() => expect(client.pumps().every(({ usable }) => usable)).toBe(true), { timeout: 20_000 });
    expect(a.probes).toBeGreaterThan(0);
    for (let ts = 9n; ts <= 12n; ts++) await client.write(prewrite(ts));
    expect(startsOf(a).some((ts) => ts >= 9n)).toBe(true);
  });

  it('a Commit waits for its pump, and fails in the end when the pump stays away', async () => {
    const server = await registered('a', door);
    const client = await connect({ finishTimeoutMs: 30_000 });
    await client.write(prewrite(1n));
    server.stop();
    const waiting = client.write(commit(1n));
    await server.listen();
    expect(await waiting).toBe('written');
    expect(server.types).toEqual([0, 1]);

    const hasty = await connect({ finishTimeoutMs: 200 });
    await hasty.write(prewrite(2n));
    server.stop();
    expect(await fails(hasty.write(commit(2n)), 'UNAVAILABLE')).toMatchObject({ retryable: true });
  });

  it('a pump that hangs does not keep a Prewrite from another', async () => {
    const [a, b] = [await registered('a', door), await registered('b', door)];
    let release: (refusal: undefined) => void = () => undefined;
    const held = new Promise<undefined>((resolve) => {
      release = resolve;
    });
    a.refuse = () => held;
    const client = await connect();
    await client.write(prewrite(1n));
    expect(startsOf(b)).toEqual([1n]);
    release(undefined);
    // The Commit is told to the pump that may have the Prewrite as well.
    await client.write(commit(1n));
    expect(b.types).toEqual([0, 1]);
    await vi.waitFor(() => expect(a.types).toEqual([0, 1]), { timeout: 20_000 });
  });
});

describe('the registry', () => {
  it('without any pump the client does not start', async () => {
    const error = await fails(connect(), 'NO_PUMP');
    expect(error.message).toContain('no pump found under /tidb-binlog/v1/pumps/');
  });

  it('a new pump is used, a paused or deleted one is not', async () => {
    const a = await registered('a');
    const client = await connect();
    const b = await registered('b');
    const nodes = () => client.pumps().map(({ status: entry, usable }) => `${entry.nodeId} ${usable}`);
    await vi.waitFor(() => expect(nodes()).toEqual(['a true', 'b true']), { timeout: 20_000 });
    await a.register(etcd, 'paused');
    await vi.waitFor(() => expect(nodes()).toEqual(['a false', 'b true']), { timeout: 20_000 });
    for (let ts = 1n; ts <= 4n; ts++) await client.write(prewrite(ts));
    expect([a.binlogs.length, b.binlogs.length]).toEqual([0, 4]);
    await etcd.delete('/tidb-binlog/v1/pumps/b');
    await vi.waitFor(() => expect(nodes()).toEqual(['a false']), { timeout: 20_000 });
    expect(await client.write(commit(1n))).toBe('written');
    const error = await fails(client.write(prewrite(5n)), 'NO_PUMP');
    expect(error.message).toContain('registered: a paused');
  });

  it('an entry that is no JSON hides nothing else', async () => {
    await etcd.put('/tidb-binlog/v1/pumps/broken', '{"nodeId":');
    const a = await registered('a');
    const client = await connect();
    await client.write(prewrite(1n));
    expect(a.binlogs.length).toBe(1);
  });

  it('the cluster id is made once, and then stays', async () => {
    await etcd.delete('/pd/cluster_id');
    const ids = await Promise.all([clusterIdOf(etcd), clusterIdOf(etcd), clusterIdOf(etcd)]);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBeGreaterThan(2n ** 53n);
  });
});

describe('what callers are told', () => {
  it('a pump of another cluster', async () => {
    await registered('a', { clusterId: 7n });
    const client = await connect({ writeTimeoutMs: 100 });
    const error = await fails(client.write(prewrite(1n)), 'WRONG_CLUSTER');
    expect(error.message).toContain('cluster ID are mismatch, 1 vs 7');
  });

  it('the last refusal when every pump refuses', async () => {
    const a = await registered('a');
    a.refuse = () => ({
      code: status.UNKNOWN,
      message: 'no available space, available: 1, StopWriteAtAvailableSpace: 2',
    });
    const client = await connect({ writeTimeoutMs: 100 });
    const error = await fails(client.write(prewrite(1n)), 'WRITE_FAILED');
    expect(error.message).toContain('the last error: no available space');
    expect(await client.write(rollback(1n))).toBe('skipped');
  });

  it('that a pump may have it, whatever the last one said', async () => {
    const [a, b] = [await registered('a'), await registered('b')];
    a.refuse = () => new Promise(() => undefined);
    b.refuse = () => fakeError;
    const client = await connect({ writeTimeoutMs: 600 });
    expect(await fails(client.write(prewrite(1n)), 'WRITE_FAILED')).toMatchObject({ outcomeUnknown: true });
    a.refuse = () => undefined;
    expect(await client.write(rollback(1n))).toBe('written');
    expect([a.types, b.types]).toEqual([[2], []]);
  });

  it('an abort, with the outcome unknown', async () => {
    const a = await registered('a');
    a.refuse = () => new Promise(() => undefined);
    const client = await connect();
    const abort = new AbortController();
    const write = client.write(prewrite(1n), { signal: abort.signal });
    abort.abort(new Error('enough'));
    expect(await fails(write, 'ABORTED')).toMatchObject({ outcomeUnknown: true });
  });

  it('a close, whatever is under way', async () => {
    const a = await registered('a', { stream: true });
    a.refuse = () => new Promise(() => undefined);
    const client = await connect();
    const write = client.write(prewrite(1n));
    await vi.waitFor(() => expect(a.streamMessages).toBe(1), { timeout: 20_000 });
    const closing = client.close();
    await fails(write, 'CLOSED');
    await closing;
    await client.close();
    await fails(client.write(prewrite(2n)), 'CLOSED');
    expect(client.status).toBe('closed');
  });

  it('a full queue', async () => {
    const a = await registered('a');
    a.refuse = () => new Promise(() => undefined);
    const client = await connect({ maxPending: 2 });
    const writes = [client.write(prewrite(1n)), client.write(prewrite(2n))];
    await fails(client.write(prewrite(3n)), 'QUEUE_FULL');
    await client.close();
    for (const write of writes) await fails(write, 'CLOSED');
  });

  it('an option that makes no sense', async () => {
    await fails(connect({ writeTimeoutMs: 0 }), 'INVALID_ARGUMENT');
  });
});

describe('ignoreError', () => {
  it('skips after the first error until it is told to recover, and recovery waits for the skipped transactions', async () => {
    const a = await registered('a');
    a.refuse = () => fakeError;
    const client = await connect({ ignoreError: true, writeTimeoutMs: 50 });
    expect(await client.write(prewrite(1n))).toBe('skipped');
    a.refuse = () => undefined;
    expect(await client.write(prewrite(2n))).toBe('skipped');
    expect([client.status, client.ignoredErrors]).toEqual(['skipping', 1]);
    let recovered = false;
    const recovery = client.recover().then(() => {
      recovered = true;
    });
    expect(await client.write(prewrite(3n))).toBe('written');
    expect(await client.write(commit(1n))).toBe('skipped');
    expect(recovered).toBe(false);
    expect(await client.write(rollback(2n))).toBe('skipped');
    await recovery;
    expect(client.status).toBe('on');
    expect(startsOf(a)).toEqual([3n]);
  });

  it('does not ignore a binlog that is too large: that transaction fails, the next is written', async () => {
    const a = await registered('a');
    a.refuse = () => ({ code: status.RESOURCE_EXHAUSTED, message: 'received message larger than max' });
    const client = await connect({ ignoreError: true });
    await fails(client.write(prewrite(1n)), 'TOO_LARGE');
    expect(client.status).toBe('on');
  });
});

it('a local pump on a unix socket needs no registry', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pump-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const server = await pump({ address: `unix:${join(folder, 'pump.sock')}` });
  const client = PumpsClient.local({ address: server.address, clusterId: 1n });
  ends.push(() => client.close());
  await client.write(prewrite(1n));
  await client.write(commit(1n));
  expect(server.types).toEqual([0, 1]);
});

describe('selection', () => {
  const candidate = (nodeId: string, free?: number, lagMs = 0) => ({
    status: {
      nodeId,
      host: '',
      state: 'online' as const,
      maxCommitTs: 1n << 40n,
      updateTs: (1n << 40n) + (BigInt(lagMs) << 18n),
    },
    health: { availableBytes: free, capacityBytes: free === undefined ? undefined : 100 },
  });

  it('hash: by start_ts, moving on with each try', () => {
    const pumps = [candidate('a'), candidate('b'), candidate('c')];
    const picks = [0, 1, 2, 3].map((attempt) => createSelector('hash').select(pumps, 4n, attempt)?.status.nodeId);
    expect(picks).toEqual(['b', 'c', 'a', 'b']);
  });

  it('score: in proportion to free space and against lag, and never none', () => {
    const share = (...pumps: ReturnType<typeof candidate>[]) => {
      const selector = createSelector('score');
      const counts = new Map<string, number>();
      for (let i = 0; i < 1_000; i++) {
        const id = selector.select(pumps, 0n, 0)?.status.nodeId ?? '';
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return pumps.map(({ status: { nodeId } }) => counts.get(nodeId) ?? 0);
    };
    expect(share(candidate('a', 75), candidate('b', 25))).toEqual([750, 250]);
    expect(share(candidate('a'), candidate('b'))).toEqual([500, 500]);
    const [fresh = 0, late = 0] = share(candidate('a', 50), candidate('b', 50, 60_000));
    expect(fresh).toBeGreaterThan(late * 5);
    expect(late).toBeGreaterThan(0);
    expect(scoreOf(candidate('a', 50, 3_000))).toBe(0.5);
  });

  it("reads a pump's disk from its metrics", () => {
    const text =
      '# TYPE x gauge\nbinlog_pump_storage_storage_size_bytes{type="available"} 4.2e+10\nbinlog_pump_storage_storage_size_bytes{type="capacity"} 8.4e+10\n';
    expect(healthOf(text)).toEqual({ availableBytes: 42e9, capacityBytes: 84e9 });
    expect(healthOf('')).toEqual({ availableBytes: undefined, capacityBytes: undefined });
  });
});
