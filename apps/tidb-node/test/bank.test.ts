import { expect, it } from 'vitest';
import { runTrial } from './bank/trial.js';

it('three nodes and two Pumps lose nothing while columns, indexes and processes come and go, and the binlogs tell it all', {
  timeout: 400_000,
}, async () => {
  const lines: string[] = [];
  const result = await runTrial({
    seed: 7,
    seconds: 25,
    etcdMembers: 1,
    faults: ['owner', 'pump', 'etcd', 'node'],
    say: (line) => lines.push(line),
  });
  expect(result.problems, lines.join('\n')).toEqual([]);
  expect(result.faults.length).toBeGreaterThan(0);
  expect(result.transfers).toBeGreaterThan(0);
  expect(result.sumsChecked).toBeGreaterThan(0);
  expect(result.replayed).toBeGreaterThanOrEqual(result.transfers);
});
