import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../bin/tidb-node.js', import.meta.url));
const OFFSET = 23_000;
const FIRST_PORT = 4_000 + OFFSET;

let data: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'playground-test-'));
});

afterAll(async () => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(data, { recursive: true, force: true, maxRetries: 3 });
});

const environment = () => ({ ...process.env, XDG_DATA_HOME: data });

/** Starts a playground and waits until it says that it is up. */
async function playground(
  ...flags: string[]
): Promise<{ readonly child: ChildProcess; readonly output: () => string }> {
  const child = spawn(process.execPath, [program, 'playground', '--port-offset', `${OFFSET}`, ...flags], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Ctrl-C stops everything')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the playground ended with ${code}:\n${text}`)));
  });
  return { child, output: () => text };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = (await exit) as [number | null];
  return code;
}

async function command(...words: string[]): Promise<string[][]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'playground', ...words], {
    env: environment(),
  });
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s{2,}/));
}

async function query(port: number, sql: string): Promise<RowDataPacket[]> {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' });
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0];
  } finally {
    connection.destroy();
  }
}

describe('the playground', () => {
  it('shows, adds, restarts and removes its processes, and keeps the data of its tag', {
    timeout: 240_000,
  }, async () => {
    const first = await playground('--db', '1', '--pump', '1', '--tag', 'kept');
    expect(first.output()).toMatch(/db-0: up at 127\.0\.0\.1:\d+ \(\d+\.\d s\)/);
    await query(FIRST_PORT, 'create table test.kept (id int primary key)');
    await query(FIRST_PORT, 'insert into test.kept values (1)');

    const shown = await command('display', '--tag', 'kept');
    expect(shown.map(([name, , state]) => `${name} ${state}`)).toEqual(['etcd-0 up', 'pump-0 up', 'db-0 up']);
    for (const log of shown.map((row) => row[5] ?? '')) expect(existsSync(log), log).toBe(true);

    const more = await command('scale-out', '--db', '1', '--tag', 'kept');
    const added = more.find(([name]) => name === 'db-1')?.[3] ?? '';
    expect(await query(Number(added.split(':')[1]), 'select id from test.kept')).toEqual([{ id: 1 }]);

    const pid = shown.find(([name]) => name === 'db-0')?.[1];
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(first.output, { timeout: 20_000 }).toMatch(/db-0 ended \(SIGKILL\)/);
    const again = await command('restart', 'db-0', '--tag', 'kept');
    expect(again.find(([name]) => name === 'db-0')?.[1]).not.toBe(pid);
    expect(await query(FIRST_PORT, 'select id from test.kept')).toEqual([{ id: 1 }]);

    const fewer = await command('scale-in', 'db-1', '--tag', 'kept');
    expect(fewer.map(([name]) => name)).toEqual(['etcd-0', 'pump-0', 'db-0']);
    await expect(command('restart', 'db-7', '--tag', 'kept')).rejects.toThrow(/no component named 'db-7'; there are:/);

    expect(await stop(first.child)).toBe(0);
    await expect(command('display', '--tag', 'kept')).rejects.toThrow(/no playground runs/);
    const second = await playground('--db', '1', '--pump', '1', '--tag', 'kept');
    expect(await query(FIRST_PORT, 'select id from test.kept')).toEqual([{ id: 1 }]);
    expect(await stop(second.child)).toBe(0);
  });

  it('takes the next port when one is taken, and leaves nothing behind without a tag', {
    timeout: 120_000,
  }, async () => {
    const taken: Server = createServer().listen(FIRST_PORT, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const { child, output } = await playground('--db', '1', '--pump', '0');
      expect(output()).toContain(`mysql -h 127.0.0.1 -P ${FIRST_PORT + 1} -u root`);
      expect(await query(FIRST_PORT + 1, 'select 1 one')).toEqual([{ one: 1 }]);
      const logs = /logs\s+(\S+)/.exec(output())?.[1] ?? '';
      expect(await readdir(logs)).toContain('db-0.log');
      expect(await stop(child)).toBe(0);
      expect(existsSync(logs)).toBe(false);
    } finally {
      taken.close();
    }
  });
});
