import { encodeRowKey, encodeRowV2 } from '@tidb-js/binlog/codec';
import { newColumnInfo, newIndexInfo, newTableInfo, type ReorgTask } from '@tidb-js/ddl-jobs';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreBackfill, UTC } from '../../src/ddl/store-backfill.js';
import { indexEntry } from '../../src/sql/table/index-entry.js';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { openStorage } from '../storage/open-storage.js';

let etcd: LocalEtcd;
let storage: EtcdStorage;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  storage = await openStorage(etcd.endpoints);
});

afterAll(async () => {
  await storage?.close();
  await etcd?.close();
});

const { signal } = new AbortController();

async function tableOf(id: number, values: readonly bigint[], unique: boolean): Promise<ReorgTask> {
  const table = newTableInfo(
    't',
    [newColumnInfo('n', { Tp: 8, Flen: 20, Decimal: 0 })],
    [newIndexInfo('i', ['n'], { is_unique: unique })],
    { id },
  );
  const transaction = await storage.begin();
  for (const [at, value] of values.entries()) {
    transaction.set(
      encodeRowKey(BigInt(id), BigInt(at + 1)),
      encodeRowV2([{ columnId: 1, datum: { kind: 'int', value } }]),
    );
  }
  await transaction.commit();
  return { jobId: 1, schemaId: 1, table, indexes: table.index_info, snapshotTs: await storage.timestamp() };
}

test('every row gets its entry, batch by batch, and doing it again changes nothing', async () => {
  const task = await tableOf(901, [30n, 10n, 20n, 10n, 40n], false);
  const backfill = new StoreBackfill(storage);
  for (let round = 0; round < 2; round++) {
    let range = await backfill.range(task, 901, { signal });
    let rows = 0;
    while (range !== undefined) {
      const batch = await backfill.backfill(task, range, { batchSize: 2, signal });
      rows += batch.rows;
      range = batch.next === undefined ? undefined : { ...range, start: batch.next };
    }
    expect(rows).toBe(5);
  }
  const [index] = task.indexes;
  if (index === undefined) throw new Error('the table has no index');
  for (const [at, value] of [30n, 10n, 20n, 10n, 40n].entries()) {
    const entry = indexEntry(901, task.table, index, [value], BigInt(at + 1), UTC);
    expect(await storage.latest().get(entry.key)).toEqual(entry.value);
  }
});

test('two rows with one value end a unique index with 1062', async () => {
  const task = await tableOf(902, [7n, 8n, 7n], true);
  const backfill = new StoreBackfill(storage);
  const range = await backfill.range(task, 902, { signal });
  if (range === undefined) throw new Error('the table has rows');
  await expect(backfill.backfill(task, range, { batchSize: 100, signal })).rejects.toMatchObject({
    code: 'DUPLICATE_ENTRY',
    errno: 1062,
    message: "Duplicate entry '7' for key 't.i'",
  });
});
