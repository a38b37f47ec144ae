import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EtcdError } from '../client/errors.js';

const run = promisify(execFile);
const timeoutMs = 180_000;

/**
 * Gets the package etcd-server from the machine's own sources, with apt's checks of signatures, and unpacks it. Nothing is
 * installed and no root is needed: apt works on lists and caches of its own.
 *
 * @returns the binary.
 */
export async function fetchDebianPackage(
  folder: string,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const options = [
    ['-o', `Dir::State=${folder}/state`],
    ['-o', `Dir::Cache=${folder}/cache`],
    ['-o', 'Dir::State::status=/dev/null'],
    ['-o', 'APT::Sandbox::User='],
    ['-o', 'Debug::NoLocking=1'],
  ].flat();
  const settings = { cwd: folder, timeout: timeoutMs, ...(signal === undefined ? {} : { signal }) };
  await mkdir(join(folder, 'state', 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  try {
    onProgress('asking apt for etcd-server');
    await run('apt-get', [...options, '-qq', 'update'], settings);
    onProgress('fetching the Debian package etcd-server');
    await run('apt-get', [...options, '-qq', 'download', 'etcd-server'], settings);
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get download left no package');
    onProgress(`unpacking ${archive}`);
    await run('dpkg-deb', ['-x', archive, 'unpacked'], settings);
  } catch (error) {
    throw new EtcdError('ETCD_NOT_FOUND', `the Debian package could not be fetched (${firstLine(error)})`, {
      cause: error,
    });
  }
  return join(folder, 'unpacked', 'usr', 'bin', 'etcd');
}

function firstLine(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return (said === '' ? String(error) : said).split('\n', 1)[0] ?? '';
}
