import { EtcdClient, LocalEtcd } from './built.js';

const events = 5_000;
const watchers = 10_000;

/** How fast changes arrive at a watch, beside the time of the put itself, and what ten thousand watches cost. */
export async function benchWatch(): Promise<void> {
  await using etcd = await LocalEtcd.start();
  await using writer = new EtcdClient({ endpoints: etcd.endpoints, coalesce: true });
  await using reader = new EtcdClient({ endpoints: etcd.endpoints });

  const putMs: number[] = [];
  const deliveredMs: number[] = [];
  const one = reader.watch('one');
  await one.ready;
  const arrivals = one[Symbol.asyncIterator]();
  for (let i = 0; i < 300; i++) {
    const from = performance.now();
    const arrival = arrivals.next();
    await writer.put('one', String(i));
    putMs.push(performance.now() - from);
    await arrival;
    deliveredMs.push(performance.now() - from);
  }
  one.close();
  console.log(
    `floor: put ${median(putMs).toFixed(2)} ms; put and its delivery ${median(deliveredMs).toFixed(2)} ms (p50)`,
  );

  const many = reader.watch({ prefix: 'many/' });
  await many.ready;
  const from = performance.now();
  const written = Promise.all(Array.from({ length: events }, (_, i) => writer.put(`many/${i}`, 'x')));
  written.then(() => console.log(`floor: puts, coalesced ${perSecond(events, from)}`));
  let seen = 0;
  for await (const batch of many) {
    seen += batch.events.length;
    if (seen >= events) break;
  }
  await written;
  console.log(`watch delivery, one watch ${perSecond(events, from)}`);

  const replayed = performance.now();
  let taken = 0;
  for await (const batch of reader.watch({ prefix: 'many/' }, { startRevision: await many.ready })) {
    taken += batch.events.length;
    if (taken >= events) break;
  }
  console.log(`watch delivery, from history ${perSecond(events, replayed)}`);

  const before = memory();
  const all = Array.from({ length: watchers }, (_, i) => reader.watch(`each/${i}`));
  await Promise.all(all.map((watch) => watch.ready));
  const bytes = memory() - before;
  console.log(
    `${watchers} watches on one stream: ${(bytes / 2 ** 20).toFixed(1)} MiB, ${(bytes / watchers).toFixed(0)} bytes each`,
  );
  const start = performance.now();
  const firsts = all.map((watch) => watch[Symbol.asyncIterator]().next());
  await Promise.all(Array.from({ length: watchers }, (_, i) => writer.put(`each/${i}`, 'x', { timeoutMs: 60_000 })));
  await Promise.all(firsts);
  console.log(`one put to each of them, delivered ${perSecond(watchers, start)}`);
  for (const watch of all) watch.close();
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
}

function perSecond(count: number, from: number): string {
  return `${(count / ((performance.now() - from) / 1_000)).toFixed(0)}/s`;
}
