import { BinlogReader, PumpsClient, SchemaHistory } from '@tidb-js/binlog';
import { BinlogType, encodePrewriteValue } from '@tidb-js/binlog/wire';
import { EtcdClient } from '@tidb-js/etcd-session';
import { expect, test } from 'vitest';
import { timestampOfMs } from '../src/index.js';
import { compare, PumpUnderFire, Storage } from './kill-proof.js';
import { startEtcd, temporaryFolder } from './pump-fixture.js';

const names = ['a', 'b'] as const;
const writers = 48;
const fakeMs = '200';
/** No rows: what is proven here is which transactions come, not what is in them. */
const prewriteValue = encodePrewriteValue({ schemaVersion: 1n, mutations: [] });

test('a reader of two Pumps gets every committed transaction once and in order, whichever of them is killed meanwhile', {
  timeout: 240_000,
}, async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  const storage = new Storage(() => timestampOfMs(Date.now()));
  const spawnPump = (name: string): Promise<PumpUnderFire> => {
    const target = { pdUrl: etcd.endpoints[0] ?? '', dataDir: `${folder.path}/${name}`, more: [name, fakeMs] };
    return PumpUnderFire.spawn(target, storage);
  };
  const pumps = new Map<string, PumpUnderFire>();
  for (const name of names) pumps.set(name, await spawnPump(name));
  const pumpsClient = await PumpsClient.connect({ etcd: client, finishTimeoutMs: 60_000 });
  const reader = new BinlogReader({ etcd: client, after: 0n, schemas: new SchemaHistory() });
  const read: bigint[] = [];
  const reading = (async () => {
    for await (const { commitTs } of reader) read.push(commitTs);
  })();
  const held = new Map(names.map((name) => [name, 0]));
  let isOver = false;
  const write = async (): Promise<void> => {
    for (let count = 1; !isOver; count++) {
      const startTs = storage.begin();
      const prewriteKey = Buffer.from(`k${startTs}`);
      const binlog = { startTs, prewriteKey };
      const isWritten = await pumpsClient.write({ ...binlog, type: BinlogType.Prewrite, prewriteValue }).then(
        () => true,
        () => false,
      );
      if (!isWritten || count % 7 === 0) {
        storage.rollBack(startTs);
        await pumpsClient.write({ ...binlog, type: BinlogType.Rollback }).catch(() => {});
        continue;
      }
      const commitTs = storage.commit(startTs);
      // As a node does: not waited for.
      pumpsClient.write({ ...binlog, type: BinlogType.Commit, commitTs }).catch(() => {});
    }
  };
  try {
    const writing = Promise.all(Array.from({ length: writers }, write));
    for (const name of [...names, ...names]) {
      const before = storage.committed.size;
      await expect.poll(() => storage.committed.size, { timeout: 60_000 }).toBeGreaterThan(before + 500);
      await pumps.get(name)?.end();
      pumps.set(name, await spawnPump(name));
    }
    isOver = true;
    await writing;
    await expect.poll(() => reader.position, { timeout: 60_000 }).toBeGreaterThanOrEqual(storage.lastCommit);
    expect(compare(read, storage)).toEqual([]);
    expect(read).toEqual([...new Set(read)].sort((a, b) => (a < b ? -1 : 1)));
    for (const [name, pump] of pumps) {
      for await (const { binlogs, watermark } of pump.caller.openPullBatches(0n, 0)) {
        held.set(name as 'a' | 'b', (held.get(name as 'a' | 'b') ?? 0) + binlogs.length);
        if (watermark >= storage.lastCommit) break;
      }
    }
    for (const count of held.values()) expect(count).toBeGreaterThan(100);
  } finally {
    isOver = true;
    await reader.close();
    await reading.catch(() => {});
    await pumpsClient.close();
    for (const pump of pumps.values()) await pump.end();
  }
});
