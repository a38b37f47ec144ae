import { expect, test } from 'vitest';
import { killAtEveryPoint } from './fault-points.js';

// All the others are walked by `pnpm soak`.
test('an owner that is killed right before or after any commit, barrier or batch of rows leaves its job to the next, which ends it', async () => {
  const report = await killAtEveryPoint(['add index']);
  expect(report.wrong).toEqual([]);
  // Four versions, each with two points around its commit and two around its barrier, and those of the rows and the end.
  expect(report.kills['add index']).toBeGreaterThan(16);
}, 600_000);
