import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdError } from '../client/errors.js';
import { EtcdClient } from '../client/etcd-client.js';
import type { EtcdClientOptions } from '../client/types.js';
import { onPath } from './find-etcd.js';
import { freePort } from './free-port.js';
import { Guard } from './guard.js';
import { LocalMember } from './member.js';

/** How a local etcd is found and set up. */
export interface LocalEtcdOptions {
  /** Default 1. */
  readonly members?: 1 | 3;
  /** The etcd to run, instead of the one that is found. */
  readonly binary?: string;
  /** Further arguments of each member, such as `['--max-txn-ops', '64']`. */
  readonly args?: readonly string[];
}

/**
 * A real etcd for development and tests: one member or three, on free ports of 127.0.0.1 and in a folder of its own, which
 * can be killed, stopped, paused, resumed and restarted. What it made is removed by `close()`, and also when this process
 * dies without calling it.
 */
export class LocalEtcd {
  readonly members: readonly LocalMember[];
  readonly #folder: string;
  readonly #guard: Guard;

  /**
   * Starts it and waits until it answers.
   *
   * @throws EtcdError `ETCD_NOT_FOUND` when there is no etcd to run, `UNAVAILABLE` when it does not come up.
   */
  static async start(options: LocalEtcdOptions = {}): Promise<LocalEtcd> {
    const binary = options.binary ?? (await onPath('etcd'));
    if (binary === undefined) throw new EtcdError('ETCD_NOT_FOUND', 'no etcd on PATH: install etcd');
    for (let tries = 1; ; tries++) {
      const etcd = await LocalEtcd.#launch(binary, options);
      try {
        await Promise.all(etcd.members.map((member) => member.ready()));
        return etcd;
      } catch (error) {
        await etcd.close();
        // Another process may have taken a port between looking and listening.
        if (tries >= 5 || !String(error).includes('address already in use')) throw error;
      }
    }
  }

  static async #launch(binary: string, options: LocalEtcdOptions): Promise<LocalEtcd> {
    const folder = await mkdtemp(join(tmpdir(), 'local-etcd-'));
    const guard = new Guard(folder);
    const names = Array.from({ length: options.members ?? 1 }, (_, i) => `m${i}`);
    const places = await Promise.all(
      names.map(async (name) => ({ name, client: await freePort(), peer: await freePort() })),
    );
    const cluster = places.map((each) => `${each.name}=http://127.0.0.1:${each.peer}`).join(',');
    const members: LocalMember[] = [];
    for (const place of places) {
      const endpoint = `127.0.0.1:${place.client}`;
      const args = [
        ['--name', place.name],
        ['--data-dir', join(folder, place.name)],
        ['--listen-client-urls', `http://${endpoint}`],
        ['--advertise-client-urls', `http://${endpoint}`],
        ['--listen-peer-urls', `http://127.0.0.1:${place.peer}`],
        ['--initial-advertise-peer-urls', `http://127.0.0.1:${place.peer}`],
        ['--initial-cluster', cluster],
        ['--initial-cluster-token', folder],
        ['--log-level', 'warn'],
        ['--logger', 'zap'],
      ].flat();
      members.push(
        new LocalMember({
          name: place.name,
          binary,
          args: [...args, ...(options.args ?? [])],
          endpoint,
          logFile: join(folder, `${place.name}.log`),
          answers: (signal) => answers({ endpoints: endpoint }, signal),
          onPids: () => guard.watch(members.flatMap((member) => member.pid ?? [])),
        }),
      );
    }
    const etcd = new LocalEtcd(folder, guard, members);
    try {
      for (const member of members) await member.launch();
    } catch (error) {
      await etcd.close();
      throw error;
    }
    return etcd;
  }

  private constructor(folder: string, guard: Guard, members: readonly LocalMember[]) {
    this.#folder = folder;
    this.#guard = guard;
    this.members = members;
  }

  /** `host:port` of each member, for `new EtcdClient({ endpoints })`. */
  get endpoints(): readonly string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** Kills all members and removes their data. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    this.#guard.dismiss();
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function answers(options: EtcdClientOptions, signal: AbortSignal): Promise<boolean> {
  await using client = new EtcdClient(options);
  try {
    await client.get('\0', { timeoutMs: 1_000, signal });
    return true;
  } catch (error) {
    // A server that asks for a user or a certificate is up.
    return EtcdError.from(error).code === 'AUTH';
  }
}
