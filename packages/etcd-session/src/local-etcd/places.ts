import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EtcdError } from '../client/errors.js';
import { freePort } from './free-port.js';

/** Where one member listens, on 127.0.0.1. */
export interface Place {
  readonly name: string;
  readonly client: number;
  readonly peer: number;
}

/** What a data folder remembers, because its members find each other only on the ports they began with. */
interface Remembered {
  readonly tls: boolean;
  readonly members: readonly Place[];
}

/** Free ports for that many members. */
export function freshPlaces(members: number): Promise<readonly Place[]> {
  const names = Array.from({ length: members }, (_, i) => `m${i}`);
  return Promise.all(names.map(async (name) => ({ name, client: await freePort(), peer: await freePort() })));
}

/**
 * The places of a data folder: those of its first start.
 *
 * @throws EtcdError `INVALID_ARGUMENT` when the folder was made with another number of members or other TLS.
 */
export async function placesIn(dataDir: string, members: number, tls: boolean): Promise<readonly Place[]> {
  const file = join(dataDir, 'local-etcd.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const fresh: Remembered = { tls, members: await freshPlaces(members) };
    await writeFile(file, `${JSON.stringify(fresh, undefined, 2)}\n`);
    return fresh.members;
  }
  const known = parse(file, text);
  if (known.members.length !== members || known.tls !== tls) {
    const has = `${known.members.length} members ${known.tls ? 'with' : 'without'} TLS`;
    const wanted = `${members} ${tls ? 'with' : 'without'}`;
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `dataDir ${dataDir} holds a cluster of ${has}, not ${wanted}: start it as it was, or name another folder`,
    );
  }
  return known.members;
}

function parse(file: string, text: string): Remembered {
  try {
    const value = JSON.parse(text) as Partial<Remembered>;
    if (Array.isArray(value.members) && typeof value.tls === 'boolean') {
      return { tls: value.tls, members: value.members };
    }
  } catch {
    // Said below.
  }
  throw new EtcdError('INVALID_ARGUMENT', `${file} is not what local-etcd wrote: restore it, or name another dataDir`);
}
