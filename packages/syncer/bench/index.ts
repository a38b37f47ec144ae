import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { EtcdSchemaSyncer, type SyncProtocol } from '@tidb-js/syncer';
import { hasGoTidb } from '../test/gotidb.js';
import { measureFloor } from './floor.js';
import { quantile } from './quantile.js';
import { clearFleet, measureTidb } from './tidb.js';

/** How long a barrier takes: the owner raises the version, every node hears of it and reports, the owner knows. */
const processes = 4;
const rounds = Number(process.env.BENCH_ROUNDS ?? 150);
const sizes = (process.env.BENCH_NODES ?? '3,10,50,200').split(',').map(Number);
/** So many rounds until V8 has compiled what a barrier runs through, in each process. */
const warmUp = 200;

async function startNodes(endpoint: string, protocol: SyncProtocol, total: number): Promise<ChildProcess[]> {
  const program = fileURLToPath(new URL('nodes-process.ts', import.meta.url));
  const children: ChildProcess[] = [];
  let first = 0;
  for (let index = 0; index < processes; index += 1) {
    const count = Math.floor((total - first) / (processes - index));
    const args = ['--import', 'tsx', program, endpoint, protocol, String(first), String(count)];
    if (count > 0) children.push(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    first += count;
  }
  await Promise.all(children.map((child) => child.stdout && once(child.stdout, 'data')));
  return children;
}

async function measure(etcd: LocalEtcd, protocol: SyncProtocol, total: number): Promise<string> {
  const [endpoint = ''] = etcd.endpoints;
  await using client = new EtcdClient({ endpoints: endpoint });
  await using other = new EtcdClient({ endpoints: endpoint });
  await clearFleet(client);
  const nodes = await startNodes(endpoint, protocol, total);
  const owner = new EtcdSchemaSyncer(client, { id: 'owner', protocol });
  const times: number[] = [];
  const before = await client.status();
  try {
    for (let round = 1; round <= warmUp + rounds; round += 1) {
      const version = BigInt(round);
      const begin = performance.now();
      await owner.ownerUpdateGlobalVersion(version);
      const { total: counted } = await owner.ownerCheckAllVersions({ version, jobId: 1n }, { timeoutMs: 30_000 });
      if (counted !== total) throw new Error(`${counted} of ${total} nodes counted`);
      if (round > warmUp) times.push(performance.now() - begin);
    }
    const after = await client.status();
    const floor = await measureFloor(client, other, 100);
    const p50 = quantile(times, 0.5);
    const writes = Number(after.raftIndex - before.raftIndex) / (warmUp + rounds);
    return [
      protocol.padEnd(14),
      String(total).padStart(5),
      p50.toFixed(2).padStart(9),
      quantile(times, 0.99).toFixed(2).padStart(9),
      floor.put.toFixed(2).padStart(9),
      floor.delivery.toFixed(2).padStart(9),
      (p50 / floor.put).toFixed(1).padStart(9),
      writes.toFixed(1).padStart(12),
    ].join(' ');
  } finally {
    await owner.close();
    for (const node of nodes) {
      node.stdin?.end();
      await once(node, 'close');
    }
  }
}

await using etcd = await LocalEtcd.start();
console.log(`barrier over ${processes} processes, ${rounds} rounds after ${warmUp} for warming up, milliseconds`);
console.log('protocol       nodes       p50       p99  etcd put  delivery  in puts  writes/round  TiDB 8.5');
for (const protocol of ['version-keys', 'metadata-lock'] as const) {
  for (const total of sizes) {
    const row = await measure(etcd, protocol, total);
    const tidb = hasGoTidb('v85') ? (await measureTidb(etcd, protocol, total, processes)).toFixed(2) : 'not built';
    console.log(row, tidb.padStart(9));
  }
}
