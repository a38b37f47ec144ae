import { type Compare, compare, type EtcdClient, op } from '@tidb-js/etcd-session';
import { Deadline } from './deadline.js';
import { KeyView } from './key-view.js';
import { type Raised, raiseVersion } from './raise-version.js';
import { type RetryPolicy, retrying } from './retry.js';
import { SyncerError } from './syncer-error.js';
import { parseVersion } from './version.js';
import { risingVersions, type VersionSource } from './version-stream.js';

/** The one version that everybody shall have, as a key in etcd that only goes up. */
export class GlobalVersion {
  readonly #client: EtcdClient;
  readonly #key: string;
  readonly #policy: RetryPolicy;
  /** What this process wrote or met last, to spare a read before the next write. */
  #last: Raised | undefined;

  constructor(client: EtcdClient, key: string, policy: RetryPolicy) {
    this.#client = client;
    this.#key = key;
    this.#policy = policy;
  }

  /** Writes 0 unless the key exists, whatever it holds, in at most so many tries. */
  async create(attempts: number, deadline: Deadline): Promise<void> {
    await retrying(this.#policy, attempts, deadline, `Creating ${this.#key}`, (call) =>
      this.#client.txn({ compare: [compare.create(this.#key, '=', 0n)], success: [op.put(this.#key, '0')] }, call),
    );
  }

  /** Raises the key, and tries until it is written. */
  async raise(version: bigint, fence: readonly Compare[] | undefined, deadline: Deadline): Promise<bigint> {
    const view = KeyView.of(this.#client, this.#key, this.#policy);
    const doing = `Raising ${this.#key} to ${version}`;
    const raised = await retrying(this.#policy, Number.POSITIVE_INFINITY, deadline, doing, (call) =>
      raiseVersion(this.#client, { key: this.#key, version, believed: this.#believed(view), fence }, call),
    );
    if (this.#last === undefined || raised.modRevision > this.#last.modRevision) this.#last = raised;
    return raised.version;
  }

  /** Reads the key from etcd, and if it holds no version, waits until it does. */
  async mustGet(deadline: Deadline): Promise<bigint> {
    const doing = `Reading ${this.#key}`;
    const { kv } = await retrying(this.#policy, Number.POSITIVE_INFINITY, deadline, doing, (call) =>
      this.#client.get(this.#key, call),
    );
    const version = kv && parseVersion(kv.value.toString());
    if (version !== undefined) return version;
    this.#policy.logger?.warn(
      { key: this.#key, value: kv?.value.toString() },
      'the global version is no number, waiting for one',
    );
    for await (const next of this.follow(deadline.signal, deadline.signal)) return next;
    throw deadline.error();
  }

  /** The version now, and each time it rises. */
  async *follow(signal: AbortSignal | undefined, closed: AbortSignal): AsyncGenerator<bigint, void> {
    const view = KeyView.of(this.#client, this.#key, this.#policy);
    const release = view.retain();
    const deadline = new Deadline('Following the global version', signal ? { signal } : {}, closed);
    try {
      // A view that others kept up may lag behind what this caller knows to be written.
      await view.catchUp(deadline, 'Following the global version');
      yield* risingVersions(this.#source(view), signal, closed);
    } catch (error) {
      if (!deadline.over) throw error;
    } finally {
      deadline.end();
      release();
    }
  }

  #believed(view: KeyView): Raised | undefined {
    const seen = view.following ? view.keys.get(this.#key) : undefined;
    if (seen === undefined || seen.modRevision <= (this.#last?.modRevision ?? 0n)) return this.#last;
    const version = parseVersion(seen.text);
    return version === undefined ? this.#last : { version, modRevision: seen.modRevision };
  }

  #source(view: KeyView): VersionSource {
    let highest = -1n;
    return {
      current: () => {
        const text = view.keys.get(this.#key)?.text;
        if (text === undefined) return undefined;
        const version = parseVersion(text);
        if (version === undefined || version < highest) {
          this.#policy.logger?.warn(
            { key: this.#key, text, highest },
            'the global version is no number or went back; left alone',
          );
          return undefined;
        }
        highest = version;
        return version;
      },
      subscribe: (changed) => view.subscribe(changed),
    };
  }
}

/** Refuses a fence that is none. */
export function checkFence(fence: readonly Compare[] | undefined): void {
  if (fence !== undefined && !Array.isArray(fence)) {
    throw new SyncerError(
      'INVALID_ARGUMENT',
      `fence is ${typeof fence}; it must be a list of compares, as owner.fence() gives`,
    );
  }
}
