import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { EtcdError } from '../client/errors.js';
import { BinaryCache } from './binary-cache.js';
import { fetchDebianPackage } from './debian-package.js';
import { fetchRelease, releaseVersion } from './official-release.js';

/** Where an etcd may be fetched from when there is none on PATH, and where it is kept. */
export interface FetchOptions {
  /** The Debian package, without root, where apt-get and dpkg-deb are at hand. Default true. */
  readonly debian?: boolean;
  /** Where the official releases lie: `<releases>/v<version>/SHA256SUMS`. Default etcd's own place on GitHub; `false`: nowhere. */
  readonly releases?: string | false;
  /** Default `$XDG_CACHE_HOME/tidb-js/etcd`, or the same in `~/.cache`. */
  readonly cacheFolder?: string;
  /** The etcd on PATH is taken first. Default true. */
  readonly path?: boolean;
}

const officialReleases = 'https://github.com/etcd-io/etcd/releases/download';

interface Search {
  readonly fetch?: FetchOptions | false;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The etcd to run: the one on PATH, else one that was fetched before, else Debian's package, else the official release.
 *
 * @throws EtcdError `ETCD_NOT_FOUND`, saying what was tried and what helps.
 */
export async function findEtcd(search: Search): Promise<string> {
  const options = search.fetch === false ? undefined : (search.fetch ?? {});
  const found = options?.path === false ? undefined : await onPath('etcd');
  if (found !== undefined) return found;
  const tried: string[] = options?.path === false ? [] : ['there is no etcd on PATH'];
  const progress = search.onProgress ?? (() => undefined);
  if (options !== undefined) {
    const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
    const cache = new BinaryCache(options.cacheFolder ?? join(base, 'tidb-js', 'etcd'), search.signal);
    const apt = (await onPath('apt-get')) !== undefined && (await onPath('dpkg-deb')) !== undefined;
    try {
      if ((options.debian ?? true) && apt) {
        return await cache.get('debian', (folder) => fetchDebianPackage(folder, progress, search.signal));
      }
    } catch (error) {
      tried.push(sentence(error));
    }
    const releases = options.releases ?? officialReleases;
    try {
      if (releases !== false) {
        return await cache.get(`v${releaseVersion}`, (folder) =>
          fetchRelease(folder, releases, progress, search.signal),
        );
      }
    } catch (error) {
      tried.push(sentence(error));
    }
  }
  if (search.signal?.aborted) throw new EtcdError('ABORTED', 'local etcd: aborted while etcd was looked for');
  throw new EtcdError(
    'ETCD_NOT_FOUND',
    `no etcd to run (${tried.join('; ') || 'nothing was to be tried'}): install etcd (Debian: apt-get install etcd-server), or name one by \`binary\``,
  );
}

/** The first file of that name on PATH that may be executed. */
async function onPath(name: string, path = process.env.PATH ?? ''): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

function sentence(error: unknown): string {
  return EtcdError.from(error).rawMessage;
}
