import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBinlog } from '@tidb-js/binlog/wire';
import { scanBinlog } from '../src/binlog-fields.js';
import { silentLogger } from '../src/silent-logger.js';
import { BinlogStore } from '../src/store/binlog-store.js';

// The store alone, beside its floor: the same bytes appended and synced in groups of the same size.
const pairs = 50_000;
const writers = 256;
const value = Buffer.alloc(1024, 'v');
const dir = await mkdtemp(join(tmpdir(), 'pump-bench-'));

function report(what: string, count: number, begun: number): void {
  const seconds = (performance.now() - begun) / 1000;
  process.stdout.write(`${what.padEnd(44)}${Math.round(count / seconds).toLocaleString('en')}/s\n`);
}

try {
  const floor = await open(join(dir, 'floor'), 'w');
  const group = Buffer.alloc(writers * 1100);
  let begun = performance.now();
  const groups = 200;
  for (let index = 0; index < groups; index++) {
    await floor.write(group);
    await floor.datasync();
  }
  report(`floor: append + fdatasync, groups of ${writers}`, groups * writers, begun);
  await floor.close();

  const store = await BinlogStore.open(join(dir, 'data'), {
    segmentBytes: 500 << 20,
    syncLog: true,
    maxPendingBytes: 64 << 20,
    maxQueuedIndexEntries: 1 << 20,
    index: {},
    logger: silentLogger,
  });
  let oracle = 1n;
  begun = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (let index = 0; index < pairs / writers; index++) {
        const startTs = ++oracle;
        const prewriteKey = Buffer.from(`k${startTs}`);
        await store.write(scanBinlog(encodeBinlog({ type: 0, startTs, prewriteKey, prewriteValue: value })));
        await store.write(scanBinlog(encodeBinlog({ type: 1, startTs, commitTs: ++oracle, prewriteKey })));
      }
    }),
  );
  report(`store: durable binlogs of 1 KiB, ${writers} writers`, 2 * pairs, begun);
  const last = oracle;
  await store.watermarkAbove(last - 1n, AbortSignal.timeout(10_000));
  begun = performance.now();
  let pulled = 0;
  const { signal } = new AbortController();
  for await (const { binlogs } of store.pull(0n, { signal, batchBytes: 256 << 10, once: true }))
    pulled += binlogs.length;
  report('store: pulled pairs of 1 KiB', pulled, begun);
  process.stdout.write(
    `${'bytes on disk per binlog'.padEnd(44)}${Math.round(store.status().logBytes / (2 * pairs))}\n`,
  );
  process.stdout.write(`${'resident memory'.padEnd(44)}${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB\n`);
  await store.close();
} finally {
  await rm(dir, { recursive: true, force: true });
}
