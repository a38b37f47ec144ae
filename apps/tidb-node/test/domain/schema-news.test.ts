import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  createView,
  DdlJobs,
  DdlWorker,
  dropColumn,
  dropSchema,
  dropTable,
  type JobSpec,
  metaRange,
  modifySchemaCharset,
  newColumnInfo,
  newIndexInfo,
  newTableInfo,
  renameTable,
  truncateTable,
} from '@tidb-js/ddl-jobs';
import { MemoryFleet, MemorySchemaSyncer } from '@tidb-js/syncer';
import { expect, test } from 'vitest';
import { StoreMetaStorage } from '../../src/ddl/store-meta-storage.js';
import { LoadedSchema } from '../../src/domain/loaded-schema.js';
import { SchemaLoader } from '../../src/domain/schema-loader.js';
import { schemaByNews } from '../../src/domain/schema-news.js';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { storageForAll } from '../storage/open-storage.js';

let storage: EtcdStorage;

storageForAll((opened) => {
  storage = opened;
});

/** What a schema holds, to be compared. */
function contents(schema: LoadedSchema) {
  return [...schema.schemas.values()]
    .map(({ info, tables }) => ({ info, tables: [...tables.values()].sort((a, b) => a.id - b.id) }))
    .sort((a, b) => a.info.id - b.info.id);
}

test('what news make of a schema is what a load finds, at every version of every kind of change', async () => {
  const meta = new StoreMetaStorage(storage);
  const syncer = new MemorySchemaSyncer(new MemoryFleet(), { id: 'follower' });
  await syncer.init();
  const loader = new SchemaLoader(storage);
  const stop = new AbortController();
  let current = new LoadedSchema(0n, []);
  const byNews: bigint[] = [];
  const watching = (async () => {
    for await (const changes of meta.watch(metaRange, { signal: stop.signal })) {
      const news = await schemaByNews(current, changes);
      // No server has reported this version yet, so it is still the newest.
      const { schema, changed } = await loader.load(current);
      if (news !== undefined) {
        expect(news.schema.version).toBe(schema.version);
        expect(contents(news.schema)).toEqual(contents(schema));
        if (changed !== undefined) expect(news.changed).toEqual(changed);
        byNews.push(schema.version);
      }
      current = schema;
      await syncer.updateSelfVersion({ version: current.version });
    }
  })();
  // It owns for as long as there is a worker.
  const { signal: always } = new AbortController();
  const owner = {
    isOwner: true,
    whenOwner: async () => ({ signal: always }),
    fence: () => [],
  };
  await using worker = new DdlWorker({ storage: meta, syncer, owner });
  worker.start();
  await using jobs = new DdlJobs({ storage: meta });
  const run = async (spec: JobSpec) => jobs.run(spec);
  const columns = () => [newColumnInfo('a', { Tp: 3 }), newColumnInfo('b', { Tp: 3 })];
  const schemas = [];
  for (const name of ['one', 'two']) {
    schemas.push({ schemaId: (await run(createSchema(name))).schema_id, schemaName: name });
  }
  const [one, two] = schemas;
  if (one === undefined || two === undefined) throw new Error('two databases were made');
  const before = current.version;
  const made = await Promise.all(['t', 'u', 'v'].map((name) => run(createTable(one, newTableInfo(name, columns())))));
  const target = (at: number, tableName: string) => ({ ...one, tableId: made[at]?.table_id ?? 0, tableName });
  await run(addColumn(target(0, 't'), newColumnInfo('c', { Tp: 3 })));
  await run(addIndex(target(0, 't'), newIndexInfo('i', ['b'])));
  await run(dropColumn(target(0, 't'), 'c'));
  await run(renameTable(target(1, 'u'), { ...two, name: 'w' }));
  await run(truncateTable(target(2, 'v')));
  await run(createView(one, { name: 'view', select: 'select 1 as a, 2 as b', columns: columns() }));
  await run(dropTable(target(0, 't')));
  await run(modifySchemaCharset(two, 'utf8mb4', 'utf8mb4_general_ci'));
  await run(dropSchema(two));
  stop.abort();
  await watching;
  // Only the two new databases had to be loaded.
  expect(byNews.length).toBeGreaterThan(20);
  expect(byNews.at(-1)).toBe(current.version);
  expect(byNews.filter((version) => version > before).length).toBe(byNews.length);
  await syncer.close();
});
