import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PumpCaller, startEtcd, temporaryFolder } from './pump-fixture.js';
import type { Held, HeldQuestion, Question, Ready } from './pump-process.js';
import { commit, prewrite } from './transactions.js';

const script = fileURLToPath(new URL('./pump-process.ts', import.meta.url));
const mib = 2 ** 20;

async function startProcess(...words: string[]): Promise<{ child: ChildProcess; ready: Ready } & AsyncDisposable> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', script, ...words], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [ready] = (await Promise.race([once(child, 'message'), ended])) as [Ready];
  return {
    child,
    ready,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function heldBy(child: ChildProcess): Promise<number> {
  child.send('held' satisfies HeldQuestion);
  for (;;) {
    const [message] = (await once(child, 'message')) as [Held | Question];
    // It may ask how a transaction ended, whose end is on its way.
    if ('held' in message) return message.held;
  }
}

test('pullers that do not read cost no more memory, however much is written meanwhile', {
  timeout: 120_000,
}, async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  await using pump = await startProcess(etcd.endpoints[0] ?? '', folder.path);
  const { address, clusterId } = pump.ready;
  using writer = new PumpCaller(address, BigInt(clusterId));
  const value = Buffer.alloc(100_000, 'v');
  let oracle = 0n;
  const write = async (bytes: number): Promise<void> => {
    const end = oracle + BigInt(Math.ceil(bytes / value.length)) * 2n;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (oracle < end) {
          const startTs = ++oracle;
          expect(await writer.write(prewrite(startTs, value))).toBe('ok');
          expect(await writer.write(commit(startTs, ++oracle))).toBe('ok');
        }
      }),
    );
  };
  await write(20 * mib);
  const pullers = Array.from({ length: 4 }, () => new PumpCaller(address, BigInt(clusterId)));
  try {
    // Each has begun: what a pull needs at all is there before it is measured.
    const streams = pullers.map((puller, index) =>
      index % 2 === 0 ? puller.openPull(0n) : puller.openPullBatches(0n, 0),
    );
    for (const stream of streams) {
      stream.on('error', () => {});
      await once(stream, 'data');
      stream.pause();
    }
    const before = await heldBy(pump.child);
    await write(60 * mib);
    const after = await heldBy(pump.child);
    // Each of the four has 80 MiB before it. What may grow is what is shared: blocks of the log, the index.
    expect((after - before) / mib).toBeLessThan(48);
    // They get all of it when they read again.
    const rest = streams.map(async (stream) => {
      let last = 0n;
      for await (const message of stream as AsyncIterable<unknown>) {
        last = positionOf(message);
        if (last >= oracle) return last;
      }
      return last;
    });
    expect(await Promise.all(rest)).toEqual(streams.map(() => oracle));
  } finally {
    for (const puller of pullers) puller.client.close();
  }
});

function positionOf(message: unknown): bigint {
  const { entity, watermark } = message as { entity?: { commitTs: bigint }; watermark?: bigint };
  return entity?.commitTs ?? watermark ?? 0n;
}
