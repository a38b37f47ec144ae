import { killOwners } from '../test/killed-owners.js';

/** Hundreds of owners killed: `pnpm soak [kills]`. Exits with 1 when anything is wrong at the end. */
const kills = Number(process.argv[2] ?? 300);
const report = await killOwners({ kills, log: (line) => console.log(line) });
console.log(report);
process.exitCode = report.wrong.length === 0 ? 0 : 1;
