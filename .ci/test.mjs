// The test command: builds, types, lints and tests every package, then adds up what the test runners counted.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

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
  { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => turbo.kill(signal));
const exitCode = await new Promise((resolve) => {
  turbo.on('error', () => resolve(127));
  turbo.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
});

const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
for (const folder of ['packages', 'apps']) {
  for (const name of readdirSync(folder)) {
    const report = `${folder}/${name}/test-report.json`;
    if (!existsSync(report)) continue;
    const json = JSON.parse(readFileSync(report, 'utf8'));
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
}
for (const name of skipped) console.log(`skipped  ${name}`);
if (exitCode !== 0 && total.failed === 0)
  console.log(`a task other than a test failed: see above (exit code ${exitCode})`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(exitCode);
