import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sorter } from '../src/store/sorter.js';

const prewrite = (startTs: bigint, offset = 0) => ({ type: 0, startTs, commitTs: 0n, pointer: { fileId: 0, offset } });
const commit = (startTs: bigint, commitTs: bigint, offset = 0) => ({
  type: 1,
  startTs,
  commitTs,
  pointer: { fileId: 0, offset },
});
const rollback = (startTs: bigint) => ({ type: 2, startTs, commitTs: 0n, pointer: { fileId: 0, offset: 0 } });

function watermarks(records: readonly ReturnType<typeof prewrite>[]): bigint[] {
  const sorter = new Sorter();
  return records.map((record) => {
    sorter.feed(record, 0);
    return sorter.watermark;
  });
}

test('a commit before which a prewrite still waits is held back', () => {
  const seen = watermarks([prewrite(1n), prewrite(2n), commit(2n, 3n), commit(1n, 10n)]);
  expect(seen[2]).toBeLessThan(3n);
  expect(seen[3]).toBe(10n);
});

test('a commit that comes late does not take the watermark back', () => {
  expect(watermarks([prewrite(1n), prewrite(2n), commit(1n, 10n), commit(2n, 9n)]).at(-1)).toBe(10n);
});

test('a rollback lets what waited behind it pass', () => {
  expect(watermarks([prewrite(1n), prewrite(2n), commit(2n, 5n), rollback(1n)]).at(-1)).toBe(5n);
});

test('a transaction that waits does not hold back commits older than its start', () => {
  expect(watermarks([prewrite(1n), prewrite(100n), commit(1n, 50n)]).at(-1)).toBe(50n);
});

test('a prewrite sent again after its commit does not wait', () => {
  expect(watermarks([prewrite(1n), commit(1n, 2n), prewrite(1n), prewrite(3n), commit(3n, 4n)]).at(-1)).toBe(4n);
});

test('a replay begins at the oldest prewrite that waits', () => {
  const sorter = new Sorter();
  sorter.feed(prewrite(1n, 10), 0);
  sorter.feed(prewrite(2n, 20), 0);
  sorter.feed(commit(2n, 3n, 30), 0);
  expect(sorter.replayFrom).toEqual({ fileId: 0, offset: 10 });
  sorter.drop(1n);
  expect(sorter.watermark).toBe(3n);
  expect(sorter.replayFrom).toEqual({ fileId: 0, offset: 30 });
});

test('whatever the interleaving, nothing at or below a watermark comes after it, and at the end all is covered', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(3)), { maxLength: 300 }), (steps) => {
      // An oracle hands out each timestamp once; a commit's is asked for after its prewrite is in the log.
      let oracle = 0n;
      let largest = 0n;
      const open: bigint[] = [];
      const asked: { startTs: bigint; commitTs: bigint }[] = [];
      const sorter = new Sorter();
      const finish = ({ startTs, commitTs }: { startTs: bigint; commitTs: bigint }): void => {
        expect(commitTs).toBeGreaterThan(sorter.watermark);
        sorter.feed(commit(startTs, commitTs), 0);
        if (commitTs > largest) largest = commitTs;
      };
      for (const [pick, kind] of steps) {
        if (kind === 0) {
          open.push(++oracle);
          sorter.feed(prewrite(oracle), 0);
        } else if (kind === 1) {
          const [startTs] = open.splice(pick % Math.max(1, open.length), 1);
          if (startTs !== undefined) asked.push({ startTs, commitTs: ++oracle });
        } else if (kind === 2) {
          const [done] = asked.splice(pick % Math.max(1, asked.length), 1);
          if (done) finish(done);
        } else {
          const [startTs] = open.splice(pick % Math.max(1, open.length), 1);
          if (startTs !== undefined) sorter.feed(rollback(startTs), 0);
        }
      }
      for (const done of asked) finish(done);
      for (const startTs of open) sorter.feed(rollback(startTs), 0);
      expect(sorter.undecidedCount).toBe(0);
      expect(sorter.watermark).toBe(largest);
    }),
  );
});
