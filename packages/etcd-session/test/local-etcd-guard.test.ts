import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';

async function startAndKill(...args: readonly string[]): Promise<{ pid: number; logFile: string }> {
  const program = fileURLToPath(new URL('local-etcd-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  return JSON.parse(String(line));
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('a process that dies badly leaves neither etcd nor folder behind', async () => {
  const { pid, logFile } = await startAndKill();
  await eventually(() => !runs(pid), 'etcd is gone');
  await eventually(() => !existsSync(dirname(logFile)), 'its folder is gone');
}, 60_000);

it('a data folder outlives the process that died, and is started again', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kept-etcd-'));
  try {
    const { pid } = await startAndKill(dataDir);
    await eventually(() => !runs(pid) && !existsSync(join(dataDir, 'pids')), 'etcd is gone');
    expect(existsSync(join(dataDir, 'local-etcd.json'))).toBe(true);
    await using etcd = await LocalEtcd.start({ dataDir });
    expect(etcd.members).toHaveLength(1);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}, 60_000);
