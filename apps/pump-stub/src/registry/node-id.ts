import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PumpError } from '../errors.js';

const fileName = '.node';

/**
 * The Pump's name: what its data directory says, else `wanted`, which the directory then keeps. So a directory keeps its name
 * wherever it is moved, and readers find the stream that they followed.
 */
export async function nodeIdOf(dataDir: string, wanted: string): Promise<string> {
  const path = join(dataDir, fileName);
  try {
    const kept = (await readFile(path, 'utf8')).trim();
    if (kept !== '') return kept;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new PumpError('DATA_DIR_INVALID', `cannot read the node id in ${path}: ${String(error)}`, { cause: error });
    }
  }
  if (wanted === '' || /[/\s]/.test(wanted)) {
    throw new PumpError(
      'INVALID_OPTION',
      `node-id is ${JSON.stringify(wanted)}; it must have no blank and no slash, since it is part of an etcd key`,
    );
  }
  await writeFile(path, wanted);
  return wanted;
}
