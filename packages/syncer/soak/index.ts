import { runRandomFleet } from '../test/random-fleet.js';

/** Random fleets one after another, each with a seed of its own, the two protocols in turn: `SOAK_SECONDS` (600) long, from seed `SYNCER_SEED` on. */
const until = performance.now() + Number(process.env.SOAK_SECONDS ?? 600) * 1_000;
let seed = Number(process.env.SYNCER_SEED ?? 1);
do {
  const protocol = seed % 2 === 0 ? 'version-keys' : 'metadata-lock';
  const { passed, uses, faults, problems } = await runRandomFleet(seed, 20, protocol);
  console.log(
    `seed ${seed}, ${protocol}: ${faults.length} faults, ${passed} versions passed, ${uses} uses, ${problems.length} problems`,
  );
  if (problems.length > 0) {
    console.error([...faults, ...problems].join('\n'));
    process.exit(1);
  }
  seed += 1;
} while (performance.now() < until);
