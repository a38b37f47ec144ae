import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * The randomized fault test, long: ROUNDS faults (200 unless told), up to CALM_MS (4,000 unless told) apart, from SEED (drawn unless told). A lock that
 * is handed over thousands of times needs calm between the faults.
 */
const child = spawn('npx', ['vitest', 'run', 'test/contention.test.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, ROUNDS: process.env.ROUNDS ?? '200', CALM_MS: process.env.CALM_MS ?? '4000' },
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
process.exitCode = typeof code === 'number' ? code : 1;
