import { expect, test } from 'vitest';
import { killAtEveryPoint } from './fault-points.js';

// All the others are walked by `pnpm soak`.
test('an owner that is killed right before or after any commit, barrier or batch of rows leaves its job to the next, which ends it', async () => {
  const report = await killAtEveryPoint(['create table', 'add index']);
  expect(report.wrong).toEqual([]);
  expect(report.kills).toMatchObject({ 'create table': expect.any(Number), 'add index': expect.any(Number) });
  expect(Object.values(report.kills).every((points) => points >= 6)).toBe(true);
}, 600_000);
