import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryMetaStorage } from '../src/index.js';
import { MetaBuffer } from '../src/meta/meta-buffer.js';
import type { MetaTransaction } from '../src/meta/storage.js';
import { listHeadKey, listItemKey } from '../src/meta/structure.js';
import { transact } from '../src/meta/transact.js';
import { encodeJob } from '../src/model/codec.js';
import { newJob } from '../src/model/job.js';
import { JobCache, JobQueue, queueRange } from '../src/queue.js';

const signal = AbortSignal.timeout(60_000);
const jobsOf = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => newJob({ id: first + at, type: 3 }));
const append = (storage: MemoryMetaStorage, first: number, count: number) =>
  transact(storage, { signal }, (buffer) => JobQueue.append(buffer, 'general', jobsOf(first, count)));
const idsOf = (queue: JobQueue) => queue.jobs.map((item) => item.job.id);

/** A transaction that tells of the round trips that a storage far away would have taken. */
async function counted(storage: MemoryMetaStorage) {
  const transaction = await storage.begin();
  let trips = 0;
  let keys = 0;
  let scheduled = false;
  const trip = () => {
    if (!scheduled) {
      trips += 1;
      scheduled = true;
      queueMicrotask(() => {
        scheduled = false;
      });
    }
  };
  const counting: MetaTransaction = {
    ...transaction,
    startTs: transaction.startTs,
    get: (key) => {
      trip();
      keys += 1;
      return transaction.get(key);
    },
    scan: (range, options) => {
      trip();
      return transaction.scan(range, options);
    },
  };
  return { buffer: new MetaBuffer(counting, signal), trips: () => trips, keys: () => keys };
}

describe('a queue', () => {
  test('is read with its head in one round trip where it lay before, also when jobs have come and gone since', async () => {
    const storage = new MemoryMetaStorage();
    const cache = new JobCache();
    await append(storage, 1, 3);
    const cold = await counted(storage);
    expect(idsOf(await JobQueue.read(cold.buffer, 'general', cache))).toEqual([1, 2, 3]);
    expect(cold.trips()).toBe(2);
    await transact(storage, { signal }, async (buffer) => {
      const queue = await JobQueue.read(buffer, 'general');
      queue.remove(queue.find(2)?.index ?? -1n);
    });
    const tripsAfter = async (first: number, count: number): Promise<number> => {
      await append(storage, first, count);
      const warm = await counted(storage);
      const ids = idsOf(await JobQueue.read(warm.buffer, 'general', cache));
      expect(ids).toEqual([1, ...jobsOf(3, first + count - 3).map((job) => job.id)]);
      return warm.trips();
    };
    expect(await tripsAfter(4, 1)).toBe(1);
    // As many are looked for as came the last time, and one more.
    expect(await tripsAfter(5, 5)).toBe(2);
    expect(await tripsAfter(10, 6)).toBe(1);
  });

  test('is read by its owner without the places that are known to be empty, whatever it tidied up meanwhile', async () => {
    const storage = new MemoryMetaStorage();
    const change = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('end' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('tidy' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 20 }), async (changes) => {
        await transact(storage, { signal }, async (buffer) => {
          for (const { key } of await buffer.scan(queueRange('general'))) buffer.delete(key);
        });
        const cache = new JobCache({ ofOwner: true });
        let next = 1;
        for (const each of changes) {
          if (each.kind === 'append') {
            await append(storage, next, each.count);
            next += each.count;
          } else {
            if (each.kind === 'tidy') cache.forgetPlaces();
            await transact(storage, { signal }, async (buffer) => {
              const queue = await JobQueue.read(buffer, 'general');
              if (each.kind === 'tidy') queue.tidy();
              else queue.remove(queue.jobs[each.at % Math.max(queue.jobs.length, 1)]?.index ?? -1n);
            });
          }
          const owners = await counted(storage);
          const queue = await JobQueue.read(owners.buffer, 'general', cache);
          const { buffer } = await counted(storage);
          expect(queue.jobs).toEqual((await JobQueue.read(buffer, 'general')).jobs);
          await JobQueue.read(buffer, 'general', cache);
          const again = await counted(storage);
          await JobQueue.read(again.buffer, 'general', cache);
          // The head, the jobs, and one place behind them.
          expect(again.keys()).toBe(queue.jobs.length + 2);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is read by its owner where somebody wrote to a place that was empty', async () => {
    const storage = new MemoryMetaStorage();
    const cache = new JobCache({ ofOwner: true });
    const read = async () => idsOf(await JobQueue.read((await counted(storage)).buffer, 'general', cache));
    await append(storage, 1, 2);
    await transact(storage, { signal }, async (buffer) => (await JobQueue.read(buffer, 'general')).remove(0n));
    expect(await read()).toEqual([2]);
    const [late] = jobsOf(7, 1);
    const older = await counted(storage);
    await transact(storage, { signal }, async (buffer) => {
      if (late !== undefined) buffer.set(listItemKey('DDLJobList', 0n), Buffer.from(encodeJob(late)));
    });
    expect(await read()).toEqual([2]);
    cache.noteTaken('general', 0n);
    // A transaction that began before does not make it forgotten.
    expect(idsOf(await JobQueue.read(older.buffer, 'general', cache))).toEqual([2]);
    expect(await read()).toEqual([7, 2]);
  });

  test('is left with empty places by jobs that end, whoever queues others meanwhile, and has none when it is tidied up', async () => {
    const storage = new MemoryMetaStorage();
    await append(storage, 1, 5);
    const ending = await storage.begin();
    const buffer = new MetaBuffer(ending, signal);
    const queue = await JobQueue.read(buffer, 'general');
    for (const id of [1, 3, 4]) queue.remove(queue.find(id)?.index ?? -1n);
    buffer.flush();
    await append(storage, 6, 1);
    await ending.commit();
    const left = await transact(storage, { signal }, async (after) => {
      const read = await JobQueue.read(after, 'general');
      const empty = read.emptyPlaces;
      read.tidy();
      const tidied = await JobQueue.read(after, 'general');
      return [empty, tidied.emptyPlaces, idsOf(tidied), tidied.jobs.map((item) => item.index)];
    });
    expect(left).toEqual([3, 0, [2, 5, 6], [3n, 4n, 5n]]);
    await transact(storage, { signal }, async (last) => {
      const read = await JobQueue.read(last, 'general');
      for (const { index } of read.jobs) read.remove(index);
      read.tidy();
    });
    const { buffer: nothing } = await counted(storage);
    expect(await nothing.scan(queueRange('general'))).toEqual([]);
  });

  test('of many jobs is read whole, with what its transaction has written already', async () => {
    const storage = new MemoryMetaStorage();
    await append(storage, 1, 200);
    const ids = await transact(storage, { signal }, async (buffer) => {
      const queue = await JobQueue.read(buffer, 'general', new JobCache());
      queue.remove(queue.find(150)?.index ?? -1n);
      await JobQueue.append(buffer, 'general', jobsOf(201, 1));
      return idsOf(await JobQueue.read(buffer, 'general', new JobCache()));
    });
    expect(ids).toEqual([...jobsOf(1, 201)].map((job) => job.id).filter((id) => id !== 150));
  });

  test.each([
    ['too short', Buffer.alloc(3), '3 bytes'],
    ['whose end lies before its beginning', headOf(5n, 4n), '00000000000000050000000000000004'],
    ['that spans more jobs than there can be', headOf(0n, 1n << 62n), '00000000000000004000000000000000'],
  ])('with a head %s is refused by name', async (_what, head, found) => {
    const storage = new MemoryMetaStorage();
    await transact(storage, { signal }, async (buffer) => buffer.set(listHeadKey('DDLJobList'), head));
    const read = transact(storage, { signal }, (buffer) => JobQueue.read(buffer, 'general'));
    await expect(read).rejects.toMatchObject({
      code: 'MALFORMED',
      message: expect.stringMatching(`the head of DDLJobList .*, not ${found}`),
    });
  });
});

function headOf(first: bigint, end: bigint): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigInt64BE(first, 0);
  head.writeBigInt64BE(end, 8);
  return head;
}
