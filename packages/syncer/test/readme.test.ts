import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it("the README's example runs as it stands, from the built package", async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/<!-- example -->\n```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(0);
  // Beside the package, so that Node finds it by its own name.
  const folder = await mkdtemp(`${root}/.readme-`);
  try {
    await writeFile(`${folder}/example.mts`, blocks.join('\n'));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `${folder}/example.mts`], {
      timeout: 50_000,
    });
    expect(stdout).toContain('oslo loads configuration 1');
    expect(stdout).toContain('all 3 have version 1');
    expect(stdout).toContain('berlin may act by version 1');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
