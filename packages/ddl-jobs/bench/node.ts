import { EtcdClient } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer, FleetMember } from '@tidb-js/syncer';
import { EtcdMetaStorage, Meta } from '../src/index.js';
import { transact } from '../src/meta/transact.js';

export interface BenchNode {
  readonly client: EtcdClient;
  readonly storage: EtcdMetaStorage;
  readonly syncer: EtcdSchemaSyncer;
  readonly member: FleetMember;
}

/**
 * A server as a team would write it: at each version it loads what the diffs since its last one name, then reports. The table that changed last is
 * asked for together with the diffs, since most changes take several versions.
 */
export async function startNode(endpoints: readonly string[], root: string, id: string): Promise<BenchNode> {
  const client = new EtcdClient({ endpoints, coalesce: true });
  const storage = new EtcdMetaStorage({ client, prefix: `${root}/meta/` });
  const keys = {
    selfVersions: `${root}/all_schema_versions`,
    globalVersion: `${root}/global_schema_version`,
    jobVersions: `${root}/all_schema_by_job_versions`,
    serverInfo: `${root}/info`,
  };
  const syncer = new EtcdSchemaSyncer(client, { id, keys });
  let loaded = 0n;
  let last = { schema_id: 0, table_id: 0 };
  const member = await FleetMember.join(syncer, {
    async load(version, { signal }) {
      await transact(storage, { signal }, async (buffer) => {
        const meta = new Meta(buffer);
        const versions = Array.from({ length: Number(version - loaded) }, (_, at) => loaded + 1n + BigInt(at));
        const [diffs] = await Promise.all([
          Promise.all(versions.map((each) => meta.diff(each))),
          meta.table(last.schema_id, last.table_id),
        ]);
        last = diffs.at(-1) ?? last;
        const changed = new Map(diffs.flatMap((diff) => (diff === undefined ? [] : [[diff.table_id, diff] as const])));
        await Promise.all([...changed.values()].map((diff) => meta.table(diff.schema_id, diff.table_id)));
      });
      loaded = version;
    },
  });
  return { client, storage, syncer, member };
}
