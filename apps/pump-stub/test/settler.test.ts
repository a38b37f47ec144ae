import { expect, test } from 'vitest';
import { scanBinlog } from '../src/binlog/scan.js';
import { Settler } from '../src/settler.js';
import { silentLogger } from '../src/silent-logger.js';
import { BinlogStore } from '../src/store/binlog-store.js';
import { temporaryFolder } from './pump-fixture.js';
import { prewrite } from './transactions.js';

test('a storage that never answers for one transaction does not stop the others from being settled', async () => {
  await using folder = await temporaryFolder();
  const store = await BinlogStore.open(folder.path, {
    segmentBytes: 1 << 20,
    syncLog: true,
    maxPendingBytes: 1 << 20,
    maxQueuedIndexEntries: 1024,
    index: {},
    logger: silentLogger,
  });
  try {
    await store.write([1n, 2n, 3n].map((startTs) => scanBinlog(prewrite(startTs))));
    await expect.poll(() => store.status().undecided).toBe(3);
    const settler = new Settler({
      store,
      outcomes: {
        outcome: ({ startTs }) => (startTs === 1n ? new Promise(() => {}) : Promise.resolve({ kind: 'rolled-back' })),
      },
      settleAfterMs: 0,
      answerMs: 50,
      write: (binlog) => store.write([binlog]),
      logger: silentLogger,
    });
    await settler.settle(new AbortController().signal);
    expect([...store.undecided()].map(({ startTs }) => startTs)).toEqual([1n]);
    expect(settler.reasonOf(1n)).toBe('the storage did not answer: no answer within 50 ms');
    expect(settler.counts).toMatchObject({ asked: 3, rolledBack: 2, failed: 1 });
  } finally {
    await store.close();
  }
});
