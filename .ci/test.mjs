// The test command: builds, types, lints and tests every package, then adds up what the test runners counted.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';

const reports = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(folder).map((name) => ({ name, path: `${folder}/${name}/test-report.json` })),
);
// What an earlier run counted must not be taken for this one's; a cached task brings its report back.
for (const { path } of reports) rmSync(path, { force: true });

const posix = process.platform !== 'win32';
const turbo = spawn(
  'pnpm',
  [
    'exec',
    'turbo',
    'run',
    'build',
    'types',
    'lint',
    'test',
    '//#lint:root',
    '--ui=stream',
    '--continue=dependencies-successful',
    '--concurrency=2',
    '--output-logs=new-only',
    ...process.argv.slice(2),
  ],
  // A group of its own, so that a signal reaches turbo itself and not only what launched it.
  { stdio: ['ignore', 'inherit', 'inherit'], detached: posix, shell: !posix },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (posix && turbo.pid !== undefined && turbo.exitCode === null) process.kill(-turbo.pid, signal);
    else turbo.kill(signal);
  });
}
const exitCode = await new Promise((resolve) => {
  turbo.on('error', () => resolve(127));
  turbo.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
});

// What launched turbo may be gone before it, when both were told to end.
for (let tries = 0; tries < 100 && groupLives(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));

function groupLives() {
  try {
    return posix && turbo.pid !== undefined && process.kill(-turbo.pid, 0);
  } catch {
    return false;
  }
}

const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
for (const { name, path } of reports) {
  if (!existsSync(path)) continue;
  const json = JSON.parse(readFileSync(path, 'utf8'));
  total.passed += json.numPassedTests;
  total.failed +=
    json.numFailedTests +
    json.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  total.skipped += json.numPendingTests + json.numTodoTests;
  for (const file of json.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'pending' || test.status === 'skipped') skipped.push(`${name}: ${test.fullName}`);
    }
  }
}
for (const name of skipped) console.log(`skipped  ${name}`);
if (exitCode !== 0 && total.failed === 0) {
  console.log(`a task other than a test failed, or the run was interrupted: see above (exit code ${exitCode})`);
  total.failed = 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(exitCode);
