import { Election, EtcdClient, Mutex, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';

/** Election handover, locks with two contenders and many sessions, beside the time of a put in the same run. */
function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function line(name: string, times: readonly number[]): void {
  console.log(
    `${name.padEnd(44)} p50 ${quantile(times, 0.5).toFixed(2)} ms   p99 ${quantile(times, 0.99).toFixed(2)} ms`,
  );
}

export async function benchHandover(): Promise<void> {
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

  const handovers: number[] = [];
  const [first, second] = [new Election(a, 'bench'), new Election(b, 'bench')];
  let [leader, candidate] = [first, second];
  await leader.campaign('x');
  for (let i = 0; i < 200; i++) {
    const campaign = candidate.campaign('x');
    while ((await client.range({ prefix: 'bench/' }, { countOnly: true })).count < 2n);
    const from = performance.now();
    await Promise.all([campaign, leader.resign()]);
    handovers.push(performance.now() - from);
    [leader, candidate] = [candidate, leader];
  }
  line('election handover, fresh queue', handovers);
  console.log(`${''.padEnd(44)} ${(quantile(handovers, 0.5) / quantile(puts, 0.5)).toFixed(1)} puts`);

  let locks = 0;
  const from = performance.now();
  await Promise.all(
    [new Mutex(a, 'bench-lock'), new Mutex(b, 'bench-lock')].map(async (mutex) => {
      while (performance.now() - from < 5000) {
        await mutex.withLock(() => {
          locks++;
        });
      }
    }),
  );
  console.log(`${'mutex, two contenders'.padEnd(44)} ${(locks / 5).toFixed(0)} locks/s`);

  const before = process.memoryUsage().rss;
  const sessions: Session[] = [];
  while (sessions.length < 5000) {
    sessions.push(
      ...(await Promise.all(Array.from({ length: 100 }, () => Session.create(client, { ttlSeconds: 10 })))),
    );
  }
  let least = Number.POSITIVE_INFINITY;
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const session of sessions) least = Math.min(least, session.remainingMs());
  }
  const lost = sessions.filter((session) => session.signal.aborted).length;
  const memory = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(
    `${'5,000 sessions of 10 s for 20 s, one client'.padEnd(44)} ${lost} lost, least margin ${least.toFixed(0)} ms, ${memory.toFixed(0)} MiB`,
  );
  for (const session of sessions) session.orphan();
  await Promise.all([a.close(), b.close()]);
  await Promise.all([client.close(), other.close()]);
}
