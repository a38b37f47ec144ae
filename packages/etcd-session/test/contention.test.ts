import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { EtcdClient } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

/** mulberry32: the faults of a run can be had again by its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.ROUNDS ?? 8);
/** The longest time between two faults, in which the lock goes round. */
const calmMs = Number(process.env.CALM_MS ?? 500);
const program = fileURLToPath(new URL('contender-process.ts', import.meta.url));

/**
 * What etcd's own history says: who stood in the queue when each write was made. Every write must carry the key that was the
 * first of the queue at that revision, whatever its writer believed.
 */
async function judge(client: EtcdClient): Promise<{ readonly writes: number; readonly holders: number }> {
  const { revision } = await client.get('judged');
  const queue = new Map<string, bigint>();
  const holders = new Set<string>();
  let writes = 0;
  for await (const batch of client.watch({ prefix: '' }, { startRevision: 1n, progressNotify: true })) {
    for (const { type, kv } of batch.events) {
      const key = kv.key.toString();
      if (key === 'judged') {
        const [first] = [...queue].sort(([, a], [, b]) => (a < b ? -1 : 1));
        const [writer] = kv.value.toString().split(' ');
        expect(`${writer} at ${kv.modRevision}`).toBe(`${first?.[0]} at ${kv.modRevision}`);
        holders.add(`${first}`);
        writes++;
      } else if (key.startsWith('contended/')) {
        if (type === 'put') queue.set(key, kv.createRevision);
        else queue.delete(key);
      }
    }
    if (batch.revision >= revision) break;
  }
  return { writes, holders: holders.size };
}

/** What the contenders claimed: when each token was first and last believed in. No two of them may overlap. */
async function judgeClaims(folder: string): Promise<{ readonly claims: number; readonly tenures: number }> {
  const spans = new Map<bigint, { first: bigint; last: bigint }>();
  let claims = 0;
  for (const file of await readdir(folder)) {
    // A process that was killed while it wrote has left half a line, which counts as not said.
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n').slice(0, -1)) {
      const [token = 0n, at = 0n] = line.split(' ').map(BigInt);
      const span = spans.get(token);
      if (span === undefined) spans.set(token, { first: at, last: at });
      else span.last = at;
      claims++;
    }
  }
  const tenures = [...spans].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [i, [token, { first }]] of tenures.entries()) {
    const before = tenures[i - 1];
    if (before === undefined) continue;
    const gap = first - before[1].last;
    if (gap <= 0n) throw new Error(`${token} was held ${-gap} ns before ${before[0]} was given up`);
  }
  return { claims, tenures: tenures.length };
}

it(
  `lock holders that are killed, suspended and cut off, on an etcd that crashes, never hold or write at once (SEED=${seed})`,
  async () => {
    const next = random(seed);
    await using etcd = await LocalEtcd.start();
    await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
    await using client = new EtcdClient({ endpoints: etcd.endpoints });
    const folder = await mkdtemp(join(tmpdir(), 'claims-'));
    let started = 0;
    const start = (i: number) =>
      spawn(
        process.execPath,
        [
          ...['--import', 'tsx', program],
          ...[i % 2 === 0 ? proxy.endpoint : (etcd.endpoints[0] ?? ''), String(i), join(folder, String(started++))],
        ],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
    const contenders = [0, 1, 2].map(start);
    const kill = async (child: ChildProcess) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    };
    try {
      await eventually(async () => ((await client.get('judged')).kv?.version ?? 0n) > 10n, 'the contenders write');
      for (let round = 0; round < rounds; round++) {
        const i = Math.floor(next() * contenders.length);
        const victim = contenders[i];
        const fault = Math.floor(next() * 5);
        if (fault === 0 && victim !== undefined) {
          await kill(victim);
          contenders[i] = start(i);
        } else if (fault === 1) {
          victim?.kill('SIGSTOP');
          await pause(next() * 4000);
          victim?.kill('SIGCONT');
        } else if (fault === 2) proxy.cut();
        else if (fault === 3) {
          await etcd.members[0]?.kill();
          await pause(next() * 3000);
          await etcd.members[0]?.restart();
        } else {
          proxy.hold();
          await pause(next() * 4000);
          proxy.release();
        }
        await pause(next() * calmMs);
      }
      // They go on, and the lock has gone round, however much of the time the faults took.
      const before = (await client.get('judged')).kv?.version ?? 0n;
      await eventually(async () => ((await client.get('judged')).kv?.version ?? 0n) > before, 'the contenders go on');
      await eventually(async () => (await judge(client)).holders > 5, 'the lock goes round');
      await eventually(async () => (await judgeClaims(folder)).tenures > 5, 'the holders say so');
    } finally {
      await Promise.all(contenders.map(kill));
    }
    const { writes, holders } = await judge(client);
    const { claims, tenures } = await judgeClaims(folder);
    await rm(folder, { recursive: true });
    console.log(
      `seed ${seed}: ${writes} fenced writes in ${holders} tenures, none out of turn; ${tenures} tenures claimed ${claims} times, none while another's`,
    );
    expect(Math.min(holders, tenures)).toBeGreaterThan(5);
  },
  120_000 + rounds * 30_000,
);
