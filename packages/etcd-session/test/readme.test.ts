import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
let example: string;

beforeAll(async () => {
  // Inside the package, so that its name leads to its own built files.
  folder = await mkdtemp(join(root, '.readme-'));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  example = [...readme.matchAll(/<!-- example -->\n```ts\n(.*?)```/gs)].map((match) => match[1]).join('\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(name: string, source: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, source);
  return (await promisify(execFile)(process.execPath, [file], { timeout: 60_000 })).stdout;
}

describe("the README's example", () => {
  it('runs from the built package as an ES module', async () => {
    expect(await run('example.mjs', example)).toContain('written as the leader: true');
  });

  it('runs from the built package as CommonJS', async () => {
    const required = example.replace(/^import (\{.*?\}) from ('.*?');$/gm, 'const $1 = require($2);');
    expect(await run('example.cjs', `(async () => {\n${required}\n})();`)).toContain('written as the leader: true');
  });
});
