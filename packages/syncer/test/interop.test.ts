import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { parseServerInfo } from '../src/server-info.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { GoTidb, hasGoTidb } from './gotidb.js';
import { eventually, LocalFleet, patience } from './local-fleet.js';

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

async function withGo(generation: string, use: (go: GoTidb) => Promise<void>): Promise<void> {
  const [endpoint = ''] = fleet.etcd.endpoints;
  const go = new GoTidb(generation, endpoint);
  try {
    await use(go);
  } finally {
    go.close();
  }
}

// TiDB's own code is built from public Go modules where a Go tool chain is; without it these are skipped.
describe.for(['v60', 'v85'])('beside TiDB %s by version keys', (generation) => {
  const skip = !hasGoTidb(generation);

  it.skipIf(skip)('our owner waits for its node, and hears of it', () =>
    withGo(generation, async (go) => {
      if (generation === 'v85') await go.call('mdl', { on: false });
      await go.call('syncer.new', { h: 's', uuid: 'go-node' });
      await go.call('syncer.init', { h: 's' });
      const owner = fleet.node({ id: 'ours' });
      await owner.init(patience);
      await owner.ownerUpdateGlobalVersion(5n, patience);
      await owner.updateSelfVersion({ version: 5n }, patience);
      const progress = owner.barrier(5n, patience)[Symbol.asyncIterator]();
      expect((await next(progress)).behind).toMatchObject([{ id: 'go-node', version: 0n }]);
      if (generation === 'v60') expect((await go.call('syncer.mustget', { h: 's' })).ver).toBe(5);
      await go.call('syncer.update', { h: 's', job: 0, ver: 5 });
      expect(await next(progress)).toMatchObject({ synced: true, total: 2 });
    }),
  );

  it.skipIf(skip)('its owner waits for our node, and hears of it', () =>
    withGo(generation, async (go) => {
      if (generation === 'v85') await go.call('mdl', { on: false });
      await go.call('syncer.new', { h: 's', uuid: 'go-node' });
      await go.call('syncer.init', { h: 's' });
      const node = fleet.node({ id: 'ours' });
      await node.init(patience);
      const versions = node.globalVersions()[Symbol.asyncIterator]();
      expect(await next(versions)).toBe(0n);
      await go.call('syncer.update', { h: 's', job: 0, ver: 7 });
      await go.call('syncer.global', { h: 's', ver: 7 });
      expect(await next(versions)).toBe(7n);
      await expect(go.call('syncer.check', { h: 's', job: 0, ver: 7, timeout_ms: 300 })).rejects.toThrow(/deadline/i);
      const checked = go.call('syncer.check', { h: 's', job: 0, ver: 7, timeout_ms: 15_000 });
      await node.updateSelfVersion({ version: 7n }, patience);
      await checked;
    }),
  );

  it.skipIf(skip)('each goes on when the other has left', () =>
    withGo(generation, async (go) => {
      if (generation === 'v85') await go.call('mdl', { on: false });
      await go.call('syncer.new', { h: 's', uuid: 'go-node' });
      await go.call('syncer.init', { h: 's' });
      const node = fleet.node({ id: 'ours' });
      await node.init(patience);
      await node.updateSelfVersion({ version: 9n }, patience);
      const waiting = node.ownerCheckAllVersions(9n, patience);
      await go.call('syncer.close', { h: 's' });
      expect(await waiting).toMatchObject({ synced: true, total: 1 });
    }),
  );
});

describe('beside TiDB v8.5 by metadata lock', () => {
  const skip = !hasGoTidb('v85');
  const server = (id: string, port: number) =>
    fleet.node({ id, protocol: 'metadata-lock', serverInfo: exampleServerInfo(id, port) });

  it.skipIf(skip)('our owner waits for its server, by its server info and its report', () =>
    withGo('v85', async (go) => {
      await go.call('mdl', { on: true });
      await go.call('info.new', { h: 'i', uuid: 'go-node', ip: '127.0.0.1', port: 4_100, status_port: 10_180 });
      await go.call('syncer.new', { h: 's', uuid: 'go-node' });
      await go.call('syncer.init', { h: 's' });
      const text = await fleet.read(`${tidbKeys.serverInfo}/go-node`);
      expect(parseServerInfo(text ?? '')).toMatchObject({ ddl_id: 'go-node', ip: '127.0.0.1', listening_port: 4_100 });
      const owner = server('ours', 4_000);
      await owner.init(patience);
      const target = { jobId: 12n, version: 5n };
      await owner.updateSelfVersion(target, patience);
      const progress = owner.barrier(target, patience)[Symbol.asyncIterator]();
      expect((await next(progress)).behind).toMatchObject([{ id: 'go-node', address: '127.0.0.1:4100' }]);
      await go.call('syncer.update', { h: 's', job: 12, ver: 5 });
      expect(await next(progress)).toMatchObject({ synced: true, total: 2 });
      await owner.ownerRemoveJobVersions(12n, patience);
      expect((await fleet.client.range({ prefix: tidbKeys.jobVersions })).count).toBe(0n);
    }),
  );

  it.skipIf(skip)('its owner waits for our server, reads its info, and sees it leave', () =>
    withGo('v85', async (go) => {
      await go.call('mdl', { on: true });
      await go.call('info.new', { h: 'i', uuid: 'go-node', ip: '127.0.0.1', port: 4_100, status_port: 10_180 });
      await go.call('syncer.new', { h: 's', uuid: 'go-node' });
      await go.call('syncer.init', { h: 's' });
      await go.call('syncer.loop', { h: 's' });
      const node = server('ours', 4_000);
      await node.init(patience);
      expect(JSON.stringify(await go.call('info.all', { h: 'i' }))).toContain('"ours"');
      await go.call('syncer.update', { h: 's', job: 12, ver: 5 });
      await expect(go.call('syncer.check', { h: 's', job: 12, ver: 5, timeout_ms: 1_500 })).rejects.toThrow(
        /deadline/i,
      );
      const checked = go.call('syncer.check', { h: 's', job: 12, ver: 5, timeout_ms: 15_000 });
      await node.updateSelfVersion({ jobId: 12n, version: 5n }, patience);
      await checked;
      await go.call('syncer.update', { h: 's', job: 13, ver: 6 });
      const without = go.call('syncer.check', { h: 's', job: 13, ver: 6, timeout_ms: 15_000 });
      await node.close();
      await without;
      await eventually(
        async () => (await fleet.read(`${tidbKeys.serverInfo}/ours`)) === undefined,
        'our server info is gone',
      );
    }),
  );
});
