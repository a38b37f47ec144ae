// Bank trials one after another, each with a seed of its own: SOAK_SECONDS (600) long, from BANK_SEED on.
import { runTrial } from '../test/bank/trial.js';

const until = performance.now() + Number(process.env.SOAK_SECONDS ?? 600) * 1_000;
let seed = Number(process.env.BANK_SEED ?? 1);
do {
  const began = performance.now();
  const say = (line: string) =>
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  console.log(`seed ${seed}`);
  const { problems, ...counts } = await runTrial({
    seed,
    seconds: Number(process.env.BANK_SECONDS ?? 120),
    etcdMembers: process.env.BANK_ETCD === '1' ? 1 : 3,
    faults: ['node', 'owner', 'pump', 'etcd', 'freeze'],
    say,
  });
  console.log(JSON.stringify(counts));
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    process.exit(1);
  }
  seed += 1;
} while (performance.now() < until);
