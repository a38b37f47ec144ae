import { statfs } from 'node:fs/promises';

/** Room on the disk of a directory, in bytes. */
export interface DiskSpace {
  readonly capacity: number;
  readonly available: number;
}

/** Asks the file system. */
export async function diskSpaceOf(dir: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(dir);
  return { capacity: blocks * bsize, available: bavail * bsize };
}
