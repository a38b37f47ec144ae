import { faultyChanges, killAtEveryPoint } from '../test/fault-points.js';
import { killOwners } from '../test/killed-owners.js';

/**
 * `pnpm soak points ['add column' …]`: owners killed at every fault point of these changes, or of all that there are, two changes at a time and each in a
 * fleet of its own. `pnpm soak kills [300] [60]`: so many at random, under load, in at most so many minutes. Without a word: both.
 * Exits with 1 when anything is wrong at the end.
 */
const lanes = 2;
const [what, ...rest] = process.argv.slice(2);
const log = (line: string) => console.log(line);
const wrong: string[] = [];
if (what !== 'kills') {
  const names = (rest.length > 0 ? rest : Object.keys(faultyChanges)).values();
  const lane = async () => {
    for (const name of names) {
      const report = await killAtEveryPoint([name], log);
      console.log(report);
      wrong.push(...report.wrong);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
if (what !== 'points') {
  const [kills = '300', minutes = '60'] = what === 'kills' ? rest : [];
  const report = await killOwners({ kills: Number(kills), minutes: Number(minutes), log });
  console.log(report);
  wrong.push(...report.wrong);
}
console.log(wrong.length === 0 ? 'nothing is wrong' : wrong);
process.exitCode = wrong.length === 0 ? 0 : 1;
