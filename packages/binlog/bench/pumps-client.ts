// Rates of the pump client against a Pump that answers at once, beside a floor: bare gRPC calls of the same shape.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { PumpsClient } from '../src/index.js';
import { encodeBinlog, pumpService } from '../src/wire/index.js';

const seconds = 2;
const prewriteValue = Buffer.alloc(1_024, 'v');

async function withPump(door: 'stream' | 'unary', run: (address: string) => Promise<void>): Promise<void> {
  const script = fileURLToPath(new URL('./answering-pump.ts', import.meta.url));
  const child = fork(script, [door], { execArgv: ['--import', 'tsx'] });
  try {
    const [port] = (await once(child, 'message')) as [number];
    await run(`127.0.0.1:${port}`);
  } finally {
    child.kill();
  }
}

/** Runs so many writers for the time and prints how many binlogs all wrote a second. */
async function rate(name: string, writers: number, write: (startTs: bigint) => Promise<number>): Promise<void> {
  let next = 1n;
  let count = 0;
  const run = async (until: number) => {
    while (performance.now() < until) {
      const written = await write(next++);
      count += written;
    }
  };
  const all = (until: number) => Promise.all(Array.from({ length: writers }, () => run(until)));
  await all(performance.now() + 500);
  count = 0;
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await all(began + seconds * 1_000);
  const elapsed = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round((count / elapsed) * 1_000).toLocaleString('en');
  const load = Math.round((user + system) / elapsed / 10);
  console.log(`${`${name}, ${writers} writers`.padEnd(44)} ${perSecond.padStart(12)} /s  (${load} % of a core)`);
}

await withPump('unary', async (address) => {
  const bare = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = pumpService.writeBinlog;
  const payload = encodeBinlog({ type: 0, startTs: 1n, prewriteValue });
  const call = () =>
    new Promise<number>((resolve, reject) => {
      const request = { clusterId: 1n, payload };
      bare.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) =>
        error === null ? resolve(1) : reject(error),
      );
    });
  for (const writers of [1, 64]) await rate('floor: bare calls, 1 KiB', writers, call);
  bare.close();
});
for (const door of ['unary', 'stream'] as const) {
  await withPump(door, async (address) => {
    const client = PumpsClient.local({ address, clusterId: 1n });
    const transaction = async (startTs: bigint) => {
      await client.write({ type: 0, startTs, prewriteValue });
      await client.write({ type: 1, startTs, commitTs: startTs + 1n });
      return 2;
    };
    for (const writers of [1, 16, 64, 256, 1_024]) await rate(`P of 1 KiB and C by ${door}`, writers, transaction);
    await client.close();
  });
}
