import type { EtcdClient } from '@tidb-js/etcd-session';
import { quantile } from './quantile.js';

/** What etcd itself takes here and now, in milliseconds: a put that is answered, and a put until a watcher has it. */
export async function measureFloor(writer: EtcdClient, watcher: EtcdClient, rounds: number) {
  const watch = watcher.watch('/bench/floor');
  await watch.ready;
  const batches = watch[Symbol.asyncIterator]();
  const puts: number[] = [];
  const deliveries: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    const delivered = batches.next().then(() => performance.now() - begin);
    await writer.put('/bench/floor', String(round));
    puts.push(performance.now() - begin);
    deliveries.push(await delivered);
  }
  await batches.return?.();
  return { put: quantile(puts, 0.5), delivery: quantile(deliveries, 0.5) };
}
