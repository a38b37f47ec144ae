import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdError } from '../client/errors.js';
import { EtcdClient } from '../client/etcd-client.js';
import type { EtcdClientOptions, TlsOptions } from '../client/types.js';
import { enableAuth } from './enable-auth.js';
import { type FetchOptions, findEtcd } from './find-etcd.js';
import { Guard } from './guard.js';
import { LocalMember } from './member.js';
import { freshPlaces, type Place, placesIn } from './places.js';

/** How a local etcd is found and set up. */
export interface LocalEtcdOptions {
  /** Default 1. */
  readonly members?: 1 | 3;
  /** A cluster that runs already: nothing is started, `members` is empty, and `close()` leaves it alone. */
  readonly runningAt?: readonly string[];
  /** The etcd to run, instead of the one that is found. */
  readonly binary?: string;
  /** What may be done when there is no etcd on PATH; `false`: nothing. */
  readonly fetch?: FetchOptions | false;
  /** Further arguments of each member, such as `['--max-txn-ops', '64']`. */
  readonly args?: readonly string[];
  /**
   * Keeps the data in this folder, also after `close()`. A later start on it finds the data, on the same ports. It must be
   * started with the same number of members and the same `tls`.
   */
  readonly dataDir?: string;
  /** Each member speaks TLS with a certificate that etcd makes for itself; `clientOptions` holds what a client needs. */
  readonly tls?: boolean;
  /** Switches authentication on, with the user `root` and this password. */
  readonly auth?: { readonly rootPassword: string };
  /** Hears what is going on, in words: fetching may take a while. */
  readonly onProgress?: (message: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

interface Cluster {
  readonly folder: string;
  readonly guard: Guard;
  readonly keep: boolean;
}

/**
 * A real etcd for development and tests: one member or three, on free ports of 127.0.0.1 and in a folder of its own, which
 * can be killed, stopped, paused, resumed and restarted. What it made is removed by `close()`, and also when this process
 * dies without calling it; only a `dataDir` stays.
 */
export class LocalEtcd {
  /** Its processes; none when it was told where one runs. */
  readonly members: readonly LocalMember[];
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
  readonly #cluster: Cluster | undefined;
  #tls: TlsOptions | undefined;
  #auth: EtcdClientOptions['auth'];

  /**
   * Starts it and waits until it answers.
   *
   * @throws EtcdError `ETCD_NOT_FOUND` when there is no etcd to run, `UNAVAILABLE` when it does not come up,
   * `INVALID_ARGUMENT` when `dataDir` holds another kind of cluster, `ABORTED`.
   */
  static async start(options: LocalEtcdOptions = {}): Promise<LocalEtcd> {
    const { runningAt, signal } = options;
    if (runningAt !== undefined) {
      const etcd = new LocalEtcd(undefined, [], runningAt);
      if (await answers({ endpoints: runningAt }, signal)) return etcd;
      throw new EtcdError(
        'UNAVAILABLE',
        `no etcd answers at ${runningAt.join(', ')}: start it, or leave runningAt out`,
      );
    }
    const binary = options.binary ?? (await findEtcd(options));
    options.onProgress?.(`starting ${options.members ?? 1} member(s) of ${binary}`);
    for (let tries = 1; ; tries++) {
      const etcd = await LocalEtcd.#launch(binary, options);
      try {
        await Promise.all(etcd.members.map((member) => member.ready(undefined, { signal })));
        await etcd.#secure(options);
        return etcd;
      } catch (error) {
        await etcd.close();
        // Another process may have taken a port between looking and listening. Ports of a data folder are not ours to change.
        const again = options.dataDir === undefined && tries < 5;
        if (!again || !String(error).includes('address already in use')) throw error;
      }
    }
  }

  static async #launch(binary: string, options: LocalEtcdOptions): Promise<LocalEtcd> {
    const { dataDir, tls = false, signal, members: wanted = 1 } = options;
    if (signal?.aborted) throw new EtcdError('ABORTED', 'local etcd: aborted before it was started');
    if (dataDir !== undefined) await mkdir(dataDir, { recursive: true });
    const folder = await (dataDir === undefined ? mkdtemp(join(tmpdir(), 'local-etcd-')) : realpath(dataDir));
    const places = await (dataDir === undefined ? freshPlaces(wanted) : placesIn(folder, wanted, tls));
    const guard = new Guard(folder, dataDir === undefined ? 'remove' : 'keep');
    const initialCluster = places.map((each) => `${each.name}=http://127.0.0.1:${each.peer}`).join(',');
    const members: LocalMember[] = [];
    for (const place of places) {
      members.push(
        new LocalMember({
          name: place.name,
          binary,
          args: [...memberArgs(place, folder, initialCluster, tls), ...(options.args ?? [])],
          endpoint: `127.0.0.1:${place.client}`,
          logFile: join(folder, `${place.name}.log`),
          answers: (answerBy) => etcd.#answers(place, answerBy),
          onPids: () => guard.watch(members.flatMap((member) => member.pid ?? [])),
        }),
      );
    }
    const endpoints = members.map((member) => member.endpoint);
    const etcd = new LocalEtcd({ folder, guard, keep: dataDir !== undefined }, members, endpoints);
    if (tls) etcd.#tls = {};
    try {
      for (const member of members) await member.launch();
    } catch (error) {
      await etcd.close();
      throw error;
    }
    return etcd;
  }

  private constructor(cluster: Cluster | undefined, members: readonly LocalMember[], endpoints: readonly string[]) {
    this.#cluster = cluster;
    this.members = members;
    this.endpoints = endpoints;
  }

  /** What `new EtcdClient` needs to reach it: endpoints, the certificates to trust, the user. */
  get clientOptions(): Pick<EtcdClientOptions, 'endpoints' | 'tls' | 'auth'> {
    return {
      endpoints: this.endpoints,
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
      ...(this.#auth === undefined ? {} : { auth: this.#auth }),
    };
  }

  /** Kills all members and removes their data, unless it lies in a `dataDir`. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#cluster === undefined) return;
    const { folder, guard, keep } = this.#cluster;
    await Promise.all(this.members.map((member) => member.kill()));
    guard.dismiss();
    await rm(keep ? join(folder, 'pids') : folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answers({ name, client }: Place, signal: AbortSignal): Promise<boolean> {
    const endpoints = `127.0.0.1:${client}`;
    if (this.#tls === undefined) return answers({ endpoints }, signal);
    const ca = await readFile(this.#certificate(name)).catch(() => undefined);
    return ca !== undefined && answers({ endpoints, tls: { ca } }, signal);
  }

  async #secure({ tls, auth }: LocalEtcdOptions): Promise<void> {
    if (tls) {
      const certificates = await Promise.all(this.members.map(({ name }) => readFile(this.#certificate(name), 'utf8')));
      this.#tls = { ca: certificates.join('\n') };
    }
    if (auth === undefined) return;
    await enableAuth(this.endpoints[0] ?? '', this.#tls, auth.rootPassword);
    this.#auth = { username: 'root', password: auth.rootPassword };
  }

  /** Where etcd puts the certificate that `--auto-tls` makes. */
  #certificate(member: string): string {
    return join(this.#cluster?.folder ?? '', member, 'fixtures', 'client', 'cert.pem');
  }
}

function memberArgs(place: Place, folder: string, initialCluster: string, tls: boolean): readonly string[] {
  const client = `${tls ? 'https' : 'http'}://127.0.0.1:${place.client}`;
  const peer = `http://127.0.0.1:${place.peer}`;
  return [
    ['--name', place.name],
    ['--data-dir', join(folder, place.name)],
    ['--listen-client-urls', client],
    ['--advertise-client-urls', client],
    ['--listen-peer-urls', peer],
    ['--initial-advertise-peer-urls', peer],
    ['--initial-cluster', initialCluster],
    ['--initial-cluster-token', folder],
    ['--log-level', 'warn'],
    ['--logger', 'zap'],
    tls ? ['--auto-tls'] : [],
  ].flat();
}

async function answers(options: EtcdClientOptions, signal: AbortSignal | undefined): Promise<boolean> {
  await using client = new EtcdClient(options);
  try {
    await client.get('\0', { timeoutMs: 1_000, ...(signal === undefined ? {} : { signal }) });
    return true;
  } catch (error) {
    // A server that asks for a user is up.
    return EtcdError.from(error).code === 'AUTH';
  }
}
