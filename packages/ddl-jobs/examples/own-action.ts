import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { MemoryFleet, MemorySchemaSyncer } from '@tidb-js/syncer';
import {
  Arguments,
  createSchema,
  createTable,
  DdlJobs,
  DdlWorker,
  defineAction,
  EtcdMetaStorage,
  JobState,
  newColumnInfo,
  newTableInfo,
  SchemaState,
} from '../src/index.js';

/** An action of one's own: it gives a table an owner, in one step and one version. */
const setTeam = defineAction({
  type: 200,
  name: 'set team',
  queue: 'general',
  initial: SchemaState.None,
  cancellable: [SchemaState.None],
  involves: (job) => ({ tableIds: [job.table_id] }),
  forward: [
    {
      from: SchemaState.None,
      to: SchemaState.Public,
      job: JobState.Done,
      version: true,
      does: 'writes the team',
      async run(step) {
        await step.saveTable({ ...(await step.table()), comment: `team: ${new Arguments(step.job).text(0)}` });
      },
    },
  ],
  turn: [],
  rollback: [],
});

const etcd = await LocalEtcd.start();
const client = new EtcdClient({ endpoints: etcd.endpoints });
const storage = new EtcdMetaStorage({ client });
const syncer = new MemorySchemaSyncer(new MemoryFleet(), { id: 'only' });
// One process that is always the owner; a fleet passes its OwnerManager.
const owner = { isOwner: true, whenOwner: async () => ({ signal: new AbortController().signal }), fence: () => [] };
const actions = [setTeam];
const worker = new DdlWorker({ storage, syncer, owner, actions });
const jobs = new DdlJobs({ storage, actions });
await syncer.init();
worker.start();
const following = (async () => {
  for await (const version of syncer.globalVersions()) await syncer.updateSelfVersion({ version });
})().catch(() => {});

const { schema_id: schemaId } = await jobs.run(createSchema('shop'));
const shop = { schemaId, schemaName: 'shop' };
const { table_id: tableId } = await jobs.run(
  createTable(shop, newTableInfo('orders', [newColumnInfo('id', { Tp: 3 })])),
);
const job = await jobs.run({
  type: setTeam.type,
  ...shop,
  tableId,
  tableName: 'orders',
  fill: () => ({ rawArgs: ['checkout'] }),
});
console.log(job.binlog?.TableInfo?.comment);

await jobs.close();
await worker.close();
await syncer.close();
await following;
await client.close();
await etcd.close();
