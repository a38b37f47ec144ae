import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import type { Session as AnySession, EtcdDiagnostics } from '../src/index.js';
import { GoPeer, type GoProgram } from '../test/go-peer.js';
import { Election, EtcdClient, LocalEtcd, Mutex, Session } from './built.js';

const contendMs = 5_000;

function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function line(name: string, times: readonly number[]): void {
  console.log(
    `${name.padEnd(44)} p50 ${quantile(times, 0.5).toFixed(2)} ms   p99 ${quantile(times, 0.99).toFixed(2)} ms`,
  );
}

/**
 * Election handover and locks with two contenders, with and without others writing meanwhile, beside the time of a put and the locks of Go's
 * client; and what 5,000 sessions cost.
 */
export async function benchHandover(go: GoProgram): Promise<void> {
  await using etcd = await LocalEtcd.start();
  const client = new EtcdClient({ endpoints: etcd.endpoints });
  const other = new EtcdClient({ endpoints: etcd.endpoints });
  const [a, b] = [await Session.create(client), await Session.create(other)];

  const puts: number[] = [];
  for (let i = 0; i < 500; i++) {
    const from = performance.now();
    await client.put('floor', 'x');
    puts.push(performance.now() - from);
  }
  line('floor: put, one caller', puts);

  const election = async (name: string) => {
    const handovers: number[] = [];
    let [leader, candidate] = [new Election(a, 'bench'), new Election(b, 'bench')];
    await leader.campaign('x');
    for (let i = 0; i < 200; i++) {
      const campaign = candidate.campaign('x');
      while ((await client.range({ prefix: 'bench/' }, { countOnly: true })).count < 2n);
      const from = performance.now();
      await Promise.all([campaign, leader.resign()]);
      handovers.push(performance.now() - from);
      [leader, candidate] = [candidate, leader];
    }
    await leader.resign();
    line(`election handover, fresh queue${name}`, handovers);
    console.log(`${''.padEnd(44)} ${(quantile(handovers, 0.5) / quantile(puts, 0.5)).toFixed(1)} puts`);
  };
  const mutex = async (name: string) => {
    let locks = 0;
    const from = performance.now();
    await Promise.all(
      [new Mutex(a, 'bench-lock'), new Mutex(b, 'bench-lock')].map(async (each) => {
        while (performance.now() - from < contendMs) {
          await each.withLock(() => {
            locks++;
          });
        }
      }),
    );
    console.log(`${`mutex, two contenders${name}`.padEnd(44)} ${((locks / contendMs) * 1_000).toFixed(0)} locks/s`);
  };
  if (go.path === undefined) console.log(`floor: Go's mutex, two contenders: skipped, ${go.missing}`);
  else {
    await using peer = new GoPeer(go.path, etcd.endpoints);
    const rate = await peer.contend('go-lock', contendMs);
    console.log(`${"floor: Go's mutex, two contenders".padEnd(44)} ${rate.toFixed(0)} locks/s`);
  }
  await mutex('');
  await election('');
  let busy = true;
  const writing = (async () => {
    while (busy) await other.put('busy', 'x');
  })();
  await mutex(', busy etcd');
  await election(', busy etcd');
  busy = false;
  await writing;

  const before = process.memoryUsage().rss;
  const sessions: AnySession[] = [];
  while (sessions.length < 5000) {
    sessions.push(
      ...(await Promise.all(Array.from({ length: 100 }, () => Session.create(client, { ttlSeconds: 10 })))),
    );
  }
  let least = Number.POSITIVE_INFINITY;
  const onMargin = (message: unknown) => {
    least = Math.min(least, (message as EtcdDiagnostics['leaseMargin']).marginMs);
  };
  subscribe('tidb-js:etcd:leaseMargin', onMargin);
  await pause(20_000);
  unsubscribe('tidb-js:etcd:leaseMargin', onMargin);
  const lost = sessions.filter((session) => session.signal.aborted).length;
  const memory = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(
    `${'5,000 sessions of 10 s for 20 s, one client'.padEnd(44)} ${lost} lost, least margin ${least.toFixed(0)} ms, ${memory.toFixed(0)} MiB`,
  );
  for (const session of sessions) session.orphan();
  await Promise.all([a.close(), b.close()]);
  await Promise.all([client.close(), other.close()]);
}
