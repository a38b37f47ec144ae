import { cp, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scanBinlog } from '../src/binlog/scan.js';
import { checkDataDir } from '../src/cli/check.js';
import { silentLogger } from '../src/silent-logger.js';
import { BinlogStore } from '../src/store/binlog-store.js';
import { temporaryFolder } from './pump-fixture.js';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
interface Recorded {
  readonly writes: readonly { name: string; sent?: string; error: { code: number; details: string } | null }[];
  readonly pulled: readonly { payload: string }[];
}
const recorded = JSON.parse(await readFile(`${fixtures}pump.json`, 'utf8')) as Recorded;

function open(dir: string): Promise<BinlogStore> {
  return BinlogStore.open(dir, {
    segmentBytes: 500 << 20,
    syncLog: true,
    maxPendingBytes: 1 << 20,
    maxQueuedIndexEntries: 1024,
    index: {},
    logger: silentLogger,
  });
}

async function pullAll(store: BinlogStore): Promise<string[]> {
  const payloads: string[] = [];
  const { signal } = new AbortController();
  for await (const { binlogs } of store.pull(0n, { signal, batchBytes: 1 << 20, once: true })) {
    payloads.push(...binlogs.map(({ payload }) => payload.toString('hex')));
  }
  return payloads;
}

test('the data directory of a Go Pump opens, and a pull gives what that Pump gave', async () => {
  await using folder = await temporaryFolder();
  await cp(`${fixtures}pump-dir`, folder.path, { recursive: true });
  const store = await open(folder.path);
  try {
    expect(await pullAll(store)).toEqual(recorded.pulled.map(({ payload }) => payload));
  } finally {
    await store.close();
  }
});

test('the same writes make the same value log, byte for byte', async () => {
  await using folder = await temporaryFolder();
  const store = await open(folder.path);
  for (const { sent, error } of recorded.writes) {
    if (sent === undefined || error) continue;
    const binlog = scanBinlog(Buffer.from(sent, 'hex'));
    if (binlog.startTs !== 0n) await store.write([binlog]);
  }
  await store.close();
  const ours = await readFile(`${folder.path}/value/000000.vlog`);
  expect(ours.equals(await readFile(`${fixtures}pump-dir/value/000000.vlog`))).toBe(true);
  const lines: string[] = [];
  expect(await checkDataDir(folder.path, (line) => lines.push(line))).toBe(true);
  expect(lines.at(-1)).toBe('1 files, sound');
});
