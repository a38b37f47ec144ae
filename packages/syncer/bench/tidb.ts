import { EtcdClient } from '@tidb-js/etcd-session';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { type SyncProtocol, tidbKeys } from '@tidb-js/syncer';
import { GoTidb } from '../test/gotidb.js';
import { quantile } from './quantile.js';

const rounds = 150;
const warmUp = 50;

/** Forgets a fleet that was measured before. */
export async function clearFleet(client: EtcdClient): Promise<void> {
  for (const prefix of Object.values(tidbKeys)) await client.delete({ prefix });
}

/** The same barrier by TiDB v8.5's own syncers, as many in as many processes: p50 in milliseconds, by the owner's clock. */
export async function measureTidb(etcd: LocalEtcd, protocol: SyncProtocol, total: number, processes: number) {
  const [endpoint = ''] = etcd.endpoints;
  await using client = new EtcdClient({ endpoints: endpoint });
  await clearFleet(client);
  const mdl = { on: protocol === 'metadata-lock' };
  const children: GoTidb[] = [];
  const start = async (): Promise<GoTidb> => {
    const child = new GoTidb('v85', endpoint);
    children.push(child);
    await child.call('mdl', mdl);
    return child;
  };
  const join = async (child: GoTidb, h: string, port: number, owner: boolean): Promise<void> => {
    await child.call('info.new', { h: `${h}-info`, uuid: h, ip: '127.0.0.1', port, status_port: 10_080 });
    await child.call('syncer.new', { h, uuid: h, owner });
    await child.call('syncer.init', { h });
  };
  try {
    const owner = await start();
    await join(owner, 'tidb-owner', 3_999, true);
    if (mdl.on) await owner.call('syncer.loop', { h: 'tidb-owner' });
    await owner.call('syncer.follow', { h: 'tidb-owner', job: 1 });
    const nodes = await Promise.all(Array.from({ length: Math.min(processes, total) }, start));
    for (let index = 0; index < total; index += 1) {
      const node = nodes[index % nodes.length] ?? owner;
      const h = `tidb-${index}`;
      await join(node, h, 4_000 + index, false);
      await node.call('syncer.follow', { h, job: 1 });
    }
    const times: number[] = [];
    for (let round = 1; round <= warmUp + rounds; round += 1) {
      const raised = await owner.call('syncer.global', { h: 'tidb-owner', ver: round });
      const check = { h: 'tidb-owner', job: 1, ver: round, timeout_ms: 30_000 };
      const checked = await owner.call('syncer.check', check);
      if (round > warmUp) times.push(Number(raised.ms) + Number(checked.ms));
    }
    return quantile(times, 0.5);
  } finally {
    for (const child of children) child.close();
  }
}
