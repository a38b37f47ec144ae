import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchProcess } from './bench-process.js';
import {
  openClient,
  pullBatches,
  pullSingly,
  type Send,
  streamSender,
  TransactionSource,
  unarySender,
  write,
} from './load.js';
import { watchMemory } from './steady-load.js';

/** What is measured. */
export interface BenchOptions {
  /** On the disk that is to be measured. */
  readonly dir: string;
  readonly sizes: readonly number[];
  readonly writers: readonly number[];
  /** Of each row of the table of writes. */
  readonly seconds: number;
  /** Of the log that is pulled and recovered. */
  readonly binlogs: number;
  /** Bytes of a change of that log. */
  readonly storedBytes: number;
  /** Of a load whose memory is watched; 0 for none. */
  readonly loadSeconds: number;
  readonly print: (line: string) => void;
}

const mib = 2 ** 20;
const storedWriters = 1024;

/** Measures this machine as a Pump's: writes, pulls, recovery, disk and memory, beside the floors of the same run. */
export async function bench(options: BenchOptions): Promise<void> {
  const dir = await mkdtemp(join(options.dir, 'pump-bench-'));
  try {
    await benchWrites(options, dir);
    await benchStored(options, dir);
    const { loadSeconds, sizes, writers, print } = options;
    if (loadSeconds > 0) {
      const load = { dir, valueBytes: sizes[0] ?? 1024, writers: writers.at(-1) ?? 256, seconds: loadSeconds };
      await watchMemory(load, print);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function benchWrites({ sizes, writers, seconds, print }: BenchOptions, dir: string): Promise<void> {
  print(
    'durable writes, one binlog (P or C) each; floors: echo = bare grpc-js call, sync = append + fdatasync in groups of as many',
  );
  print(row('P of', 'writers', 'unary/s', 'echo/s', 'of echo', 'stream/s', 'sync/s', 'µs cpu unary', 'µs cpu stream'));
  await using echo = await BenchProcess.start('echo', dir);
  await using pump = await BenchProcess.start('pump', join(dir, 'writes'));
  let oracle = 1n << 58n;
  for (const size of sizes) {
    for (const count of writers) {
      const rate = async (server: BenchProcess, sender: (client: ReturnType<typeof openClient>) => Send) => {
        const source = new TransactionSource(size, oracle);
        const measured = await measureWrites(server, sender, source, count, seconds);
        oracle = source.oracle;
        return measured;
      };
      const floor = await rate(echo, unarySender);
      const unary = await rate(pump, unarySender);
      const stream = await rate(pump, streamSender);
      const synced = await syncFloor(dir, count, size, seconds / 2);
      const share = `${Math.round((100 * unary.rate) / floor.rate)} %`;
      print(row(size, count, unary.rate, floor.rate, share, stream.rate, synced, unary.cpu, stream.cpu));
    }
  }
}

async function measureWrites(
  server: BenchProcess,
  sender: (client: ReturnType<typeof openClient>) => Send,
  source: TransactionSource,
  writers: number,
  seconds: number,
): Promise<{ rate: number; cpu: number }> {
  const client = openClient(server.address);
  try {
    const send = sender(client);
    const warm = performance.now() + 300;
    await write(source, send, writers, () => performance.now() < warm);
    const before = await server.usage();
    const begun = performance.now();
    const end = begun + seconds * 1000;
    const binlogs = await write(source, send, writers, () => performance.now() < end);
    const elapsed = (performance.now() - begun) / 1000;
    const after = await server.usage();
    return { rate: binlogs / elapsed, cpu: (after.cpuMicros - before.cpuMicros) / binlogs };
  } finally {
    client.close();
  }
}

/** A group holds as many Prewrites as Commits. */
async function syncFloor(dir: string, writers: number, size: number, seconds: number): Promise<number> {
  const path = join(dir, 'floor');
  const file = await open(path, 'w');
  try {
    const group = Buffer.alloc(Math.ceil(writers / 2) * (size + 80) + Math.ceil(writers / 2) * 60);
    const begun = performance.now();
    const end = begun + seconds * 1000;
    let groups = 0;
    while (performance.now() < end) {
      await file.write(group);
      await file.datasync();
      groups++;
    }
    return (groups * writers) / ((performance.now() - begun) / 1000);
  } finally {
    await file.close();
    await rm(path);
  }
}

async function benchStored({ binlogs, storedBytes, print }: BenchOptions, dir: string): Promise<void> {
  const data = join(dir, 'stored');
  let written = 0;
  {
    await using pump = await BenchProcess.start('pump', data);
    const client = openClient(pump.address);
    const source = new TransactionSource(storedBytes, 1n << 58n);
    const begun = performance.now();
    let left = binlogs;
    written = await write(source, streamSender(client), storedWriters, () => {
      left -= 2;
      return left >= 0;
    });
    report(print, `writes by the stream, ${storedWriters} writers, ${storedBytes} B`, written, begun);
    await untilWatermark(pump, source.oracle);
    const usage = await pump.usage();
    print(`  on disk per binlog   ${Math.round(usage.logBytes / written)} B in the log (payload and 16 B each)`);
    print(`  resident memory      ${Math.round(usage.residentBytes / mib)} MiB after ${written} writes`);
    const pulling = performance.now();
    await pullSingly(client, written / 2);
    report(print, 'pull, one message a transaction', written / 2, pulling);
    const batches = performance.now();
    await pullBatches(client, written / 2);
    report(print, 'pull, in batches', written / 2, batches);
    print(`  resident memory      ${Math.round((await pump.usage()).residentBytes / mib)} MiB after the pulls`);
    client.close();
    await pump.kill();
  }
  {
    await using pump = await BenchProcess.start('pump', data);
    print(`start after kill -9    ${pump.ready.startSeconds.toFixed(2)} s`);
    await pump.kill();
  }
  await rm(join(data, 'kv'), { recursive: true });
  await using pump = await BenchProcess.start('pump', data);
  const { startSeconds } = pump.ready;
  print(`start without an index ${startSeconds.toFixed(2)} s, ${format(written / startSeconds)} binlogs/s`);
}

async function untilWatermark(pump: BenchProcess, ts: bigint): Promise<void> {
  while (BigInt((await pump.usage()).watermark) < ts) await new Promise((resolve) => setTimeout(resolve, 20));
}

function report(print: (line: string) => void, what: string, count: number, begun: number): void {
  print(`${what}: ${format(count / ((performance.now() - begun) / 1000))}/s`);
}

function row(...cells: readonly (string | number)[]): string {
  return cells.map((cell) => (typeof cell === 'number' ? format(cell) : cell).padStart(13)).join('');
}

function format(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Where the measured files go unless said otherwise. */
export const defaultBenchDir = tmpdir();
