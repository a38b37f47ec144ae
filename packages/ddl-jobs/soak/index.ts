import { faultyChanges, killAtEveryPoint } from '../test/fault-points.js';
import { killOwners } from '../test/killed-owners.js';

/**
 * `pnpm soak points`: owners killed at every fault point of the main actions. `pnpm soak kills [300] [60]`: so many at random, under load, in at most so
 * many minutes. Without a word: both.
 * Exits with 1 when anything is wrong at the end.
 */
const [what, kills = '300', minutes = '60'] = process.argv.slice(2);
const log = (line: string) => console.log(line);
const wrong: string[] = [];
if (what !== 'kills') {
  const report = await killAtEveryPoint(Object.keys(faultyChanges), log);
  console.log(report);
  wrong.push(...report.wrong);
}
if (what !== 'points') {
  const report = await killOwners({ kills: Number(kills), minutes: Number(minutes), log });
  console.log(report);
  wrong.push(...report.wrong);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
