import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeBinlog } from '@tidb-js/binlog/wire';
import { expect, test, vi } from 'vitest';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';

vi.setConfig({ testTimeout: 180_000 });

const script = fileURLToPath(new URL('./pump-process.ts', import.meta.url));
const kills = 3;
const writers = 64;
const acknowledgedPerRound = 300;

async function spawnPump(pdUrl: string, dataDir: string): Promise<{ child: ChildProcess; caller: PumpCaller }> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, pdUrl, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (!child.stdout) throw new Error('the pump has no standard output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [address = '', clusterId = '0'] = line.split(' ');
  return { child, caller: new PumpCaller(address, BigInt(clusterId)) };
}

test('what was acknowledged before kill -9 is in the stream once and in order, and nothing that was rolled back', async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  const pdUrl = etcd.endpoints[0] ?? '';
  let oracle = 100n;
  const committed: bigint[] = [];
  const rolledBack = new Set<bigint>();
  // Commits whose answer the kill cut off: they may be there or not.
  const unknown = new Set<bigint>();
  for (let round = 0; round < kills; round++) {
    const { child, caller } = await spawnPump(pdUrl, folder.path);
    let acknowledged = 0;
    let killed = false;
    const write = async (): Promise<void> => {
      while (!killed) {
        const startTs = ++oracle;
        const prewriteKey = Buffer.from(`k${startTs}`);
        const prewriteValue = Buffer.alloc(200, 'v');
        if ((await caller.write(encodeBinlog({ type: 0, startTs, prewriteKey, prewriteValue }))) !== 'ok') return;
        if (startTs % 7n === 0n) {
          rolledBack.add(startTs);
          await caller.write(encodeBinlog({ type: 2, startTs, prewriteKey }));
          continue;
        }
        const commitTs = ++oracle;
        if ((await caller.write(encodeBinlog({ type: 1, startTs, commitTs, prewriteKey }))) === 'ok') {
          committed.push(commitTs);
          acknowledged++;
        } else unknown.add(commitTs);
        if (acknowledged >= acknowledgedPerRound && !killed) {
          killed = true;
          child.kill('SIGKILL');
        }
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    caller.client.close();
  }
  // The outcome of those that the kill left open comes from the storage; here each is found rolled back.
  await using pump = await startPump(etcd, folder.path, {
    settleAfterMs: 10,
    outcomes: { outcome: async () => ({ kind: 'rolled-back' }) },
  });
  await expect.poll(() => pump.status().undecided, { timeout: 30_000 }).toBe(0);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  committed.sort((a, b) => (a < b ? -1 : 1));
  const last = committed.at(-1) ?? 0n;
  const pulled: { startTs: bigint; commitTs: bigint }[] = [];
  pulled.push(...(await caller.pullUpTo(last)));
  const seen = pulled.map(({ commitTs }) => commitTs).filter((commitTs) => !unknown.has(commitTs));
  expect(seen).toEqual(committed);
  expect(pulled.filter(({ startTs }) => rolledBack.has(startTs))).toEqual([]);
  expect(pulled.every(({ commitTs }, at) => at === 0 || commitTs > (pulled[at - 1]?.commitTs ?? 0n))).toBe(true);
});

test('a torn end and a lost index are mended at the start', async () => {
  await using etcd = await startEtcd();
  await using folder = await temporaryFolder();
  {
    await using pump = await startPump(etcd, folder.path);
    using caller = new PumpCaller(pump.address, pump.clusterId);
    await caller.write(encodeBinlog({ type: 0, startTs: 1n, prewriteKey: Buffer.from('k') }));
    await caller.write(encodeBinlog({ type: 1, startTs: 1n, commitTs: 2n, prewriteKey: Buffer.from('k') }));
  }
  const [file = ''] = await readdir(`${folder.path}/value`);
  await appendFile(`${folder.path}/value/${file}`, Buffer.from('e8563a8240000000000000001122334401', 'hex'));
  await rm(`${folder.path}/kv`, { recursive: true });
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  await caller.write(encodeBinlog({ type: 0, startTs: 3n, prewriteKey: Buffer.from('k') }));
  await caller.write(encodeBinlog({ type: 1, startTs: 3n, commitTs: 4n, prewriteKey: Buffer.from('k') }));
  expect((await caller.pull(0n, 2)).map(({ commitTs }) => commitTs)).toEqual([2n, 4n]);
});
