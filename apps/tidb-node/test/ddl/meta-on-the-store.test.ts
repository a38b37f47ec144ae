import { createSchema, DdlError, DdlJobs, JobState, Meta } from '@tidb-js/ddl-jobs';
import { compare } from '@tidb-js/etcd-session';
import { expect, test } from 'vitest';
import { StoreMetaStorage } from '../../src/ddl/store-meta-storage.js';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { storageForAll } from '../storage/open-storage.js';

let storage: EtcdStorage;

storageForAll((opened) => {
  storage = opened;
});

test('of two transactions on the same metadata one is told CONFLICT', async () => {
  const meta = new StoreMetaStorage(storage);
  const [first, second] = await Promise.all([meta.begin(), meta.begin()]);
  for (const transaction of [first, second]) await new Meta(transaction).makeSchemaVersion();
  await first.commit();
  const failure = await second.commit().catch((error: unknown) => error);
  expect(DdlError.is(failure) && failure.code).toBe('CONFLICT');
});

test('a commit whose fence does not hold changes nothing and says NOT_OWNER', async () => {
  const meta = new StoreMetaStorage(storage);
  const transaction = await meta.begin();
  const before = await new Meta(transaction).schemaVersion();
  await new Meta(transaction).makeSchemaVersion();
  const failure = await transaction
    .commit({ fence: [compare.create('/owner/gone', '=', 7n)] })
    .catch((error: unknown) => error);
  expect(DdlError.is(failure) && failure.code).toBe('NOT_OWNER');
  const after = await meta.begin();
  expect(await new Meta(after).schemaVersion()).toBe(before);
});

test('a job that is submitted is in the queue for every node', async () => {
  await using jobs = new DdlJobs({ storage: new StoreMetaStorage(storage) });
  await using others = new DdlJobs({ storage: new StoreMetaStorage(storage) });
  const job = await jobs.submit(createSchema('shop', { query: 'create database shop' }));
  expect((await others.jobs()).map((queued) => queued.id)).toEqual([job.id]);
  expect((await others.job(job.id))?.state).toBe(JobState.None);
});
