import { expect, test } from 'vitest';
import { killOwners } from './killed-owners.js';

test('owners that are killed at any moment leave every job with an end, and the metadata whole', async () => {
  const report = await killOwners({ kills: Number(process.env.DDL_JOBS_KILLS ?? 5), changes: 10 });
  expect(report.wrong).toEqual([]);
  expect(report.jobs).toBeGreaterThan(10);
}, 600_000);
