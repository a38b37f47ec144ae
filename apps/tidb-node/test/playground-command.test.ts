import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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

/** What stands in the place of a running playground with the tag `mine`: it keeps what it is asked. */
async function listenAsMine() {
  const asked: string[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    asked.push(await text(request));
    response.end('{"components":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = runningFolder('mine');
  await mkdir(folder, { recursive: true });
  const { port } = server.address() as AddressInfo;
  await writeFile(join(folder, 'control.json'), JSON.stringify({ port, token: 'secret', pid: process.pid }));
  return { asked, [Symbol.dispose]: () => server.close() };
}

it('a count after scale-out is what is added, and not the count of a start', async () => {
  using mine = await listenAsMine();
  await run('scale-out', '--db', '2', '--tag', 'mine');
  expect(mine.asked.map((body) => JSON.parse(body))).toEqual([{ command: 'scale-out', db: 2, pump: 0 }]);
});

it('a second playground with the same tag is refused', async () => {
  using _ = await listenAsMine();
  await expect(run('--tag', 'mine')).rejects.toThrow("a playground with the tag 'mine' runs already");
});

it('a word that is no command is named', async () => {
  await expect(run('dislay')).rejects.toThrow('unknown command "dislay"');
});

it('a playground whose output nobody reads any more stops, and leaves nothing', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'unread-'));
  try {
    const child = spawn(process.execPath, ['bin/tidb-node.js', 'playground', '--db', '0', '--pump', '0'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await exited).toEqual([0, null]);
    expect(await readdir(temporary)).toEqual([]);
    await expect(run('display')).rejects.toThrow('no playground runs in');
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
