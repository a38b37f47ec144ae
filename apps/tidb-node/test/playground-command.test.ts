import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { addPlaygroundCommand } from '../src/cli/playground-command.js';
import { runningFolder } from '../src/playground/control.js';

let dataHome: string;
beforeEach(async () => {
  dataHome = await mkdtemp(join(tmpdir(), 'playground-'));
  vi.stubEnv('XDG_DATA_HOME', dataHome);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dataHome, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addPlaygroundCommand(program);
  await program.parseAsync(['playground', ...args], { from: 'user' });
}

it('a subcommand speaks to the playground of the tag that stands after it', async () => {
  await expect(run('display', '--tag', 'mine')).rejects.toThrow(`no playground runs in ${runningFolder('mine')};`);
});

it('a count after scale-out is what is added, and not the count of a start', async () => {
  let asked = '';
  const server = createServer(async (request: IncomingMessage, response) => {
    for await (const chunk of request) asked += String(chunk);
    response.end('{"components":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = runningFolder('mine');
  await mkdir(folder, { recursive: true });
  const { port } = server.address() as AddressInfo;
  await writeFile(join(folder, 'control.json'), JSON.stringify({ port, token: 'secret', pid: process.pid }));
  try {
    await run('scale-out', '--db', '2', '--tag', 'mine');
  } finally {
    server.close();
  }
  expect(JSON.parse(asked)).toEqual({ command: 'scale-out', db: 2, pump: 0 });
});
