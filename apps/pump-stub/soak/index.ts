import { proveByKills } from '../test/kill-proof.js';
import { startEtcd, temporaryFolder } from '../test/pump-fixture.js';

// pnpm soak [SECONDS] [WRITERS]: kill -9 every few seconds, then what tests do in a small way.
const [seconds = '75', writers = '256'] = process.argv.slice(2);
const killEveryMs = 4_000;
await using etcd = await startEtcd();
await using folder = await temporaryFolder();
const begun = performance.now();
const { faults, ...counts } = await proveByKills({
  pdUrl: etcd.endpoints[0] ?? '',
  dataDir: folder.path,
  writers: Number(writers),
  kills: Math.ceil((Number(seconds) * 1000) / killEveryMs),
  isKillDue: (_, ms) => ms >= killEveryMs,
});
const elapsed = Math.round((performance.now() - begun) / 1000);
process.stdout.write(`${JSON.stringify({ seconds: elapsed, writers: Number(writers), killEveryMs, ...counts })}\n`);
for (const fault of faults.slice(0, 20)) process.stdout.write(`FAULT: ${fault}\n`);
process.stdout.write(
  faults.length === 0
    ? 'every committed transaction once and in order, none that was rolled back\n'
    : `${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
