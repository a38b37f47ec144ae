import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it('the five-minute example of the README runs, from the built package', () => {
  const readme = readFileSync(`${root}/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/<!-- example -->\n+```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  expect(blocks.length).toBeGreaterThan(0);
  // Within the package, so that its own name resolves to its built files.
  const folder = `${root}/test/.readme-example`;
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(`${folder}/example.ts`, blocks.join('\n'));
    const output = execFileSync('node', ['--import', 'tsx', `${folder}/example.ts`], {
      cwd: root,
      timeout: 50_000,
    }).toString();
    expect(output).toContain("type: 'insert'");
    expect(output).toContain("before: { id: 1n, price: '9.90' }");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
