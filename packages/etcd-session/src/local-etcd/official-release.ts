import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EtcdError } from '../client/errors.js';
import { sha256 } from './binary-cache.js';

/** The release that is fetched. */
export const releaseVersion = '3.5.21';

const timeoutMs = 180_000;
const systems: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const machines: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x' };

/**
 * Fetches the official release, refuses it unless it has the checksum in the release's SHA256SUMS, and unpacks it.
 *
 * @returns the binary.
 */
export async function fetchRelease(
  folder: string,
  releases: string,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const system = systems[process.platform];
  const machine = machines[process.arch];
  if (system === undefined || machine === undefined) {
    throw new EtcdError('ETCD_NOT_FOUND', `etcd has no release for ${process.platform} on ${process.arch}`);
  }
  const name = `etcd-v${releaseVersion}-${system}-${machine}`;
  const archive = `${name}.${system === 'linux' ? 'tar.gz' : 'zip'}`;
  const base = `${releases.replace(/\/+$/, '')}/v${releaseVersion}`;
  const deadline = AbortSignal.timeout(timeoutMs);
  const within = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  onProgress(`fetching ${base}/${archive}`);
  const sums = await (await get(`${base}/SHA256SUMS`, within)).text();
  const wanted = sumOf(sums, archive);
  if (wanted === undefined) throw new EtcdError('ETCD_NOT_FOUND', `${base}/SHA256SUMS does not list ${archive}`);
  const { body } = await get(`${base}/${archive}`, within);
  if (body === null) throw new EtcdError('ETCD_NOT_FOUND', `${base}/${archive} is empty`);
  const file = join(folder, archive);
  await pipeline(Readable.fromWeb(body), createWriteStream(file));
  const actual = await sha256(file);
  if (actual !== wanted) {
    throw new EtcdError(
      'ETCD_NOT_FOUND',
      `${base}/${archive} has the SHA-256 ${actual}, its SHA256SUMS says ${wanted}: it is not used`,
    );
  }
  onProgress(`unpacking ${archive}`);
  // The tar of macOS and Windows reads zip files too.
  await promisify(execFile)('tar', ['-xf', archive], { cwd: folder, signal: within });
  return join(folder, name, system === 'windows' ? 'etcd.exe' : 'etcd');
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return response;
    throw new Error(`status ${response.status}`);
  } catch (error) {
    throw new EtcdError('ETCD_NOT_FOUND', `${url} could not be fetched (${String(error)})`, { cause: error });
  }
}

function sumOf(sums: string, archive: string): string | undefined {
  for (const line of sums.split('\n')) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (name === archive) return sum;
  }
  return undefined;
}
