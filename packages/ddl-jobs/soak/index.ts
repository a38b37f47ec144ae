import { faultyChanges, killAtEveryPoint } from '../test/fault-points.js';
import { killOwners } from '../test/killed-owners.js';

/**
 * `pnpm soak points`: owners killed at every fault point of the main actions. `pnpm soak kills [300]`: so many at random, under load. Without a word: both.
 * Exits with 1 when anything is wrong at the end.
 */
const [what, kills = '300'] = process.argv.slice(2);
const log = (line: string) => console.log(line);
const wrong: string[] = [];
if (what !== 'kills') {
  const report = await killAtEveryPoint(Object.keys(faultyChanges), log);
  console.log(report);
  wrong.push(...report.wrong);
}
if (what !== 'points') {
  const report = await killOwners({ kills: Number(kills), log });
  console.log({ kills, ...report });
  wrong.push(...report.wrong);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
