import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtinActions, stateTable } from '../src/index.js';

const run = promisify(execFile);
const root = new URL('..', import.meta.url).pathname;
const file = join(root, 'README.md');
const [begin, end] = ['<!-- state tables -->', '<!-- end of state tables -->'];
const readme = await readFile(file, 'utf8');

test('its state tables are those of the actions', async () => {
  const tables = builtinActions.filter((action) => action.forward.length > 0).map(stateTable);
  const generated = `${readme.slice(0, readme.indexOf(begin))}${begin}\n\n${tables.join('\n\n')}\n\n${readme.slice(readme.indexOf(end))}`;
  await expect(generated).toMatchFileSnapshot(file);
});

/** Runs a program from within the package, where its imports mean the built packages. */
async function runProgram(source: string): Promise<string> {
  const folder = await mkdtemp(join(root, '.readme-'));
  try {
    const program = join(folder, 'example.ts');
    await writeFile(program, source);
    const { stdout } = await run(process.execPath, ['--import', 'tsx', program], { cwd: root, timeout: 60_000 });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('its example runs, on the package as it is built', async () => {
  const blocks = [...readme.matchAll(/<!-- example -->\n```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  const output = await runProgram(blocks.join('\n'));
  expect(output).toContain('server-1 has schema version 1');
  expect(output).toContain('is synced, 3 rows, Grace is 2');
});

test('the example of an action of one’s own runs', async () => {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', 'examples/own-action.ts'], {
    cwd: root,
    timeout: 60_000,
  });
  expect(stdout).toBe('team: checkout\n');
});
