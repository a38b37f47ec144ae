import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatServerInfo, parseServerInfo } from '../src/server-info.js';
import { ServerInfoSyncer } from '../src/server-info-syncer.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { eventually, LocalFleet, patience } from './local-fleet.js';

let fleet: LocalFleet;
const open: ServerInfoSyncer[] = [];
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await fleet.clear();
});
afterAll(async () => {
  for (const each of open.splice(0)) await each.close();
  await fleet[Symbol.asyncDispose]();
});

function syncer(options: ConstructorParameters<typeof ServerInfoSyncer>[1] = {}): ServerInfoSyncer {
  const made = new ServerInfoSyncer(fleet.client, options);
  open.push(made);
  return made;
}

describe('the JSON of a server info', () => {
  it("has TiDB's fields in TiDB's order, and keeps fields it does not know", () => {
    const info = exampleServerInfo('a', 4000, { binlog_status: 'Off', server_id: 7, newest: { x: 1 } });
    const text = formatServerInfo(info);
    expect(text).toBe(
      '{"version":"8.0.11-TiDB-v8.3.0","git_hash":"0000000000000000000000000000000000000000","ddl_id":"a","ip":"127.0.0.1","listening_port":4000,"status_port":4001,"lease":"45s","binlog_status":"Off","start_timestamp":1700000000,"labels":{},"server_id":7,"newest":{"x":1}}',
    );
    expect(parseServerInfo(text)).toEqual(info);
  });

  it.each(['', 'x', '[]', 'null', '5', '{"ip":5}', '{"listening_port":"4000"}', '{"start_timestamp":-1}'])(
    'is not %j',
    (text) => {
      expect(parseServerInfo(text)).toBeUndefined();
    },
  );

  it('is refused with the field that is wrong', () => {
    expect(() => formatServerInfo(exampleServerInfo('a', Number.NaN))).toThrow(
      /listening_port is null; it must be a whole number/,
    );
  });
});

describe('a server', () => {
  it('is announced on a lease, changed, and gone with the process', async () => {
    const a = syncer({ ttlSeconds: 60 });
    await a.register(exampleServerInfo('a', 4000), patience);
    await a.register(exampleServerInfo('a', 4000, { binlog_status: 'On' }), patience);
    const { kv } = await fleet.client.get('/tidb/server/info/a');
    expect(parseServerInfo(kv?.value.toString() ?? '')).toMatchObject({ binlog_status: 'On' });
    expect(await fleet.client.leaseTimeToLive(kv?.lease ?? 0n)).toMatchObject({ grantedTtlSeconds: 60 });
    await a.close();
    await a.close();
    expect(await fleet.leases()).toEqual([]);
    await expect(a.register(exampleServerInfo('a', 4000))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('is announced again, with all that hung on its lease, after that was lost', async () => {
    const a = syncer({ ttlSeconds: 3 });
    await a.register(exampleServerInfo('a', 4000), patience);
    await a.reportMinStartTs(449_000_000_000_000_001n, patience);
    const before = (await fleet.client.get('/tidb/server/info/a')).kv?.lease ?? 0n;
    await fleet.client.leaseRevoke(before);
    await eventually(async () => {
      const { kv } = await fleet.client.get('/tidb/server/info/a');
      return kv !== undefined && kv.lease !== before;
    }, 'it is announced again');
    expect(await fleet.read('/tidb/server/minstartts/a')).toBe('449000000000000001');
  });

  it('is in the topology: an info that stays, and a time on a lease that is refreshed', async () => {
    const a = syncer({ topologyIntervalMs: 50 });
    await expect(a.announceTopology({ deployPath: '/opt/tidb/bin' })).rejects.toMatchObject({
      code: 'NOT_INITIALIZED',
    });
    await a.register(exampleServerInfo('a', 4000), patience);
    await a.announceTopology({ deployPath: '/opt/tidb/bin' }, patience);
    const info = (await fleet.client.get('/topology/tidb/127.0.0.1:4000/info')).kv;
    expect(info?.lease).toBe(0n);
    expect(JSON.parse(info?.value.toString() ?? '')).toMatchObject({
      ip: '127.0.0.1',
      status_port: 4001,
      deploy_path: '/opt/tidb/bin',
    });
    const first = await fleet.read('/topology/tidb/127.0.0.1:4000/ttl');
    expect(first).toMatch(/^\d{19}$/);
    await eventually(
      async () => (await fleet.read('/topology/tidb/127.0.0.1:4000/ttl')) !== first,
      'the time is refreshed',
    );
    expect(
      await fleet.client.leaseTimeToLive((await fleet.client.get('/topology/tidb/127.0.0.1:4000/ttl')).kv?.lease ?? 0n),
    ).toMatchObject({ grantedTtlSeconds: 45 });
  });
});

it('everybody is told who joins and leaves', async () => {
  const a = syncer();
  const b = syncer();
  const servers = a.follow()[Symbol.asyncIterator]();
  expect((await next(servers)).size).toBe(0);
  await b.register(exampleServerInfo('b', 4001), patience);
  expect([...(await next(servers)).keys()]).toEqual(['b']);
  expect([...(await a.servers(patience)).keys()]).toEqual(['b']);
  await b.unregister(patience);
  expect((await next(servers)).size).toBe(0);
  await a.close();
  expect((await servers.next()).done).toBe(true);
});
