import { setTimeout as pause } from 'node:timers/promises';
import { encodeRowKey, encodeRowV2, rowPrefix, tablePrefix } from '@tidb-js/binlog/codec';
import { newColumnInfo, newIndexInfo, newTableInfo, type ReorgTask } from '@tidb-js/ddl-jobs';
import { expect, test } from 'vitest';
import { StoreBackfill } from '../../src/ddl/store-backfill.js';
import { indexEntry } from '../../src/sql/table/index-entry.js';
import { UTC } from '../../src/sql/types/time-zone.js';
import { StorageError } from '../../src/storage/errors.js';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { storageForAll } from '../storage/open-storage.js';

let storage: EtcdStorage;

storageForAll((opened) => {
  storage = opened;
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

test.each([false, true])(
  'rows that writers change meanwhile have exactly their entries in the end (unique: %s)',
  async (unique) => {
    const id = unique ? 904 : 903;
    const count = 200;
    const task = await tableOf(
      id,
      Array.from({ length: count }, (_, at) => BigInt(at)),
      unique,
    );
    const [index] = task.indexes;
    if (index === undefined) throw new Error('the table has no index');
    const entryOf = (value: bigint, handle: bigint) => indexEntry(id, task.table, index, [value], handle, UTC);
    const values = Array.from({ length: count }, (_, at) => BigInt(at));
    let filling = true;
    let writes = 0;
    const writer = async (lane: number) => {
      for (let at = lane; filling; at = (at + 8) % count) {
        const handle = BigInt(at + 1);
        const old = values[at] ?? 0n;
        const value = old + 1_000n;
        await using transaction = await storage.begin();
        transaction.set(
          encodeRowKey(BigInt(id), handle),
          encodeRowV2([{ columnId: 1, datum: { kind: 'int', value } }]),
        );
        transaction.delete(entryOf(old, handle).key);
        const entry = entryOf(value, handle);
        transaction.set(entry.key, entry.value);
        const done = await transaction.commit().catch((error: unknown) => {
          if (StorageError.from(error).code !== 'WRITE_CONFLICT') throw error;
        });
        if (done === undefined) continue;
        values[at] = value;
        writes++;
      }
    };
    const writers = Array.from({ length: 4 }, (_, lane) => writer(lane * 2));
    const backfill = new StoreBackfill(storage);
    let range = await backfill.range(task, id, { signal });
    while (range !== undefined) {
      const batch = await backfill.backfill(task, range, { batchSize: 7, signal });
      range = batch.next === undefined ? undefined : { ...range, start: batch.next };
    }
    filling = false;
    await Promise.all(writers);
    expect(writes).toBeGreaterThan(0);
    const found: string[] = [];
    for await (const { key } of storage.latest().scan({ start: tablePrefix(BigInt(id)), end: rowPrefix(BigInt(id)) }))
      found.push(key.toString('hex'));
    const expected = values.map((value, at) => entryOf(value, BigInt(at + 1)).key.toString('hex'));
    expect(found.sort()).toEqual(expected.sort());
  },
);

test('a run does not take what another one has read ahead', async () => {
  const first = await tableOf(905, [10n, 20n, 30n, 40n], false);
  const backfill = new StoreBackfill(storage);
  const range = await backfill.range(first, 905, { signal });
  if (range === undefined) throw new Error('the table has rows');
  const { next } = await backfill.backfill(first, range, { batchSize: 3, signal });
  if (next === undefined) throw new Error('a row is left');
  // Time for the page ahead, which has that row alone.
  await pause(100);
  const transaction = await storage.begin();
  transaction.set(encodeRowKey(905n, 5n), encodeRowV2([{ columnId: 1, datum: { kind: 'int', value: 50n } }]));
  await transaction.commit();
  const second = { ...first, jobId: 2 };
  const batch = await backfill.backfill(second, { ...range, start: next }, { batchSize: 3, signal });
  expect(batch).toEqual({ rows: 2, next: undefined });
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
