import { EtcdClient } from '@tidb-js/etcd-session';
// The built package, as users run it: a loader that compiles on the way adds to every call.
import { EtcdSchemaSyncer, type ServerInfo, type SyncProtocol } from '@tidb-js/syncer';

/** Nodes that report each version as soon as they hear of it: `<endpoint> <protocol> <first> <count>`. */
const [endpoint = '', protocol = '', first = '0', count = '0'] = process.argv.slice(2);
process.stdin.on('end', () => process.exit(0)).resume();

const client = new EtcdClient({ endpoints: endpoint, coalesce: true });

async function node(index: number): Promise<void> {
  const id = `node-${index}`;
  const serverInfo: ServerInfo = {
    version: '8.0.11-TiDB-v8.3.0',
    git_hash: 'none',
    ddl_id: id,
    ip: '127.0.0.1',
    listening_port: 4_000 + index,
    status_port: 10_080,
    lease: '45s',
    start_timestamp: 1_700_000_000,
  };
  const syncer = new EtcdSchemaSyncer(client, {
    id,
    protocol: protocol as SyncProtocol,
    serverInfo,
    // Two hundred nodes that start at once on a small machine.
    attempts: 30,
  });
  await syncer.init();
  void (async () => {
    for await (const version of syncer.globalVersions()) await syncer.updateSelfVersion({ version, jobId: 1n });
  })();
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => node(Number(first) + index)));
process.stdout.write('ready\n');
