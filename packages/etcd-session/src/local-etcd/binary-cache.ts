import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError } from '../client/errors.js';

/**
 * Binaries that were fetched, shared by all processes of a user. One process fetches while the others wait for it; an entry
 * that does not have the checksum it was stored with is fetched again.
 */
export class BinaryCache {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;

  constructor(folder: string, signal?: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** The binary of that name; `fetch` puts it into the folder it is given and says where. */
  async get(name: string, fetch: (folder: string) => Promise<string>): Promise<string> {
    const entry = join(this.#folder, name);
    const binary = join(entry, process.platform === 'win32' ? 'etcd.exe' : 'etcd');
    if (await intact(binary)) return binary;
    await mkdir(entry, { recursive: true });
    const release = await this.#lock(join(entry, 'lock'));
    const workshop = await mkdtemp(join(entry, 'fetch-'));
    try {
      // Whoever had the lock before may have fetched it.
      if (await intact(binary)) return binary;
      const fetched = await fetch(workshop);
      const ready = join(workshop, 'ready');
      await copyFile(fetched, ready);
      await chmod(ready, 0o755);
      await writeFile(join(workshop, 'sum'), await sha256(ready));
      // The checksum comes first: a crash in between leaves a pair that does not match, which heals.
      await rename(join(workshop, 'sum'), `${binary}.sha256`);
      await rename(ready, binary);
      return binary;
    } finally {
      await rm(workshop, { recursive: true, force: true });
      await release();
    }
  }

  /**
   * Waits for the lock file. One whose process is gone is taken away. Should two processes do that at once, both may fetch,
   * which costs time and nothing else: a binary is renamed into its place whole.
   */
  async #lock(file: string): Promise<() => Promise<void>> {
    for (;;) {
      try {
        await writeFile(file, String(process.pid), { flag: 'wx' });
        return () => rm(file, { force: true });
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      if (this.#signal?.aborted) {
        throw new EtcdError('ABORTED', `aborted while another process held ${file}`, { cause: this.#signal.reason });
      }
      const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
      if (holder > 0 && !alive(holder)) await rm(file, { force: true });
      else await sleep(50);
    }
  }
}

async function intact(binary: string): Promise<boolean> {
  try {
    return (await readFile(`${binary}.sha256`, 'utf8')) === (await sha256(binary));
  } catch {
    return false;
  }
}

/** The SHA-256 of a file, in hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
