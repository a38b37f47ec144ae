import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PumpError } from './errors.js';

/**
 * Sees to it that no Go Pump works in the directory: it holds a lock of the BSD kind on `.lock`, which Node cannot take but the
 * kernel lists. Two Pumps of ours are kept apart by the lock of LevelDB.
 *
 * @throws PumpError `DATA_DIR_LOCKED`.
 */
export async function refuseForeignLock(dataDir: string): Promise<void> {
  const path = join(dataDir, '.lock');
  await (await open(path, 'a')).close();
  const { ino } = await stat(path);
  const holder = flockHolder(await kernelLocks(), ino);
  if (holder === undefined) return;
  throw new PumpError(
    'DATA_DIR_LOCKED',
    `process ${holder} holds ${path}: stop it, or give this Pump a data directory of its own`,
  );
}

/** Only Linux lists its locks. */
async function kernelLocks(): Promise<string> {
  try {
    return await readFile('/proc/locks', 'utf8');
  } catch {
    return '';
  }
}

function flockHolder(locks: string, inode: number): string | undefined {
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, file] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && file?.endsWith(`:${inode}`)) return pid;
  }
  return undefined;
}
