import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The randomized fault test, long: ROUNDS faults (600 unless told) from SEED (drawn unless told). */
const child = spawn('npx', ['vitest', 'run', 'test/contention.test.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, ROUNDS: process.env.ROUNDS ?? '600' },
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
process.exitCode = typeof code === 'number' ? code : 1;
