import { expect, it } from 'vitest';
import { runRandomFleet } from './random-fleet.js';

const seed = Number(process.env.SYNCER_SEED ?? 20_261);

it.each(['version-keys', 'metadata-lock'] as const)(
  `no owner sees all synced while a node is behind, and no two versions apart are in use: %s (seed ${seed})`,
  async (protocol) => {
    const { passed, uses, problems, faults } = await runRandomFleet(seed, 4, protocol);
    expect(problems, faults.join('\n')).toEqual([]);
    expect(passed).toBeGreaterThan(5);
    expect(uses).toBeGreaterThan(100);
  },
  300_000,
);
