import type { Logger } from '@tidb-js/etcd-session';
import { Deadline } from './deadline.js';
import { Backoff } from './retry.js';
import type { SchemaSyncer, SyncOptions } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';

/** What a member does with versions. */
export interface FleetMemberOptions extends SyncOptions {
  /**
   * Takes a version into use: when it returns, nothing that this node begins uses an older one. It is called for the newest version
   * at first, for each that follows, and again after a lost session. When it throws it is called again, after a pause.
   */
  load(version: bigint, options: { readonly signal: AbortSignal }): void | Promise<void>;
  /**
   * Metadata lock, where it is needed: the jobs that wait for `version` or for one before it. The node reports for each once the version
   * is loaded. A job that is left out keeps its owner waiting, which is how a node holds one back that it cannot follow yet. When it
   * throws it is called again, after a pause.
   */
  jobsOf?(version: bigint, options: { readonly signal: AbortSignal }): Iterable<bigint> | Promise<Iterable<bigint>>;
  readonly logger?: Logger;
}

const loadRetry = {
  tryTimeoutMs: 2_000,
  intervalMs: 30,
  maxIntervalMs: 1_000,
  logIntervalMs: 1_000,
  logger: undefined,
};

/**
 * A node that is kept in step: it joins, loads and reports each version, and after a lost session joins again and loads the newest before
 * it acts. With an owner that raises by one and waits for all, members that act by {@link version} are never two versions apart.
 */
export class FleetMember implements AsyncDisposable {
  /** Joins the fleet; resolves when the newest version is loaded and reported. The member closes the syncer at its end. */
  static async join(syncer: SchemaSyncer, options: FleetMemberOptions): Promise<FleetMember> {
    if (syncer.protocol === 'metadata-lock' && options.jobsOf === undefined) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        'By metadata lock a node reports for jobs: pass jobsOf, which names those that wait for a version',
      );
    }
    const member = new FleetMember(syncer, options);
    const deadline = new Deadline('Joining the fleet', options);
    try {
      await syncer.init({ signal: deadline.signal });
      member.#running = member.#run();
      await deadline.race(Promise.race([member.#inStep.promise, member.#running]));
    } catch (error) {
      await member.close();
      throw SyncerError.from(error, 'Joining the fleet');
    } finally {
      deadline.end();
    }
    return member;
  }

  readonly #syncer: SchemaSyncer;
  readonly #options: FleetMemberOptions;
  readonly #closing = new AbortController();
  readonly #inStep = gate();
  #running: Promise<void> = Promise.resolve();
  #version: bigint | undefined;

  private constructor(syncer: SchemaSyncer, options: FleetMemberOptions) {
    this.#syncer = syncer;
    this.#options = options;
  }

  /**
   * The version that this node may act by at this very moment. Ask before each act, and act at once. `SESSION_LOST` while the node is out of
   * step: it comes back by itself.
   */
  version(): bigint {
    this.#syncer.assertLive();
    if (this.#version === undefined) {
      throw new SyncerError('SESSION_LOST', 'This node has joined again and has not loaded the newest version yet');
    }
    return this.#version;
  }

  /** Leaves the fleet. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new SyncerError('CLOSED', 'The member has been closed'));
    await this.#running;
    await this.#syncer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const deadline = new Deadline('Staying in step', { signal });
    const backoff = new Backoff(loadRetry);
    try {
      while (!signal.aborted) {
        try {
          await this.#follow();
        } catch (err) {
          if (signal.aborted) return;
          this.#options.logger?.warn({ err, id: this.#syncer.id }, 'out of step, joining again');
        }
        await backoff.pause(deadline).catch(() => {});
        await this.#rejoin(signal);
      }
    } finally {
      deadline.end();
    }
  }

  /** Loads and reports versions until the session ends. */
  async #follow(): Promise<void> {
    const deadline = new Deadline('Staying in step', { signal: this.#syncer.signal }, this.#closing.signal);
    const { signal } = deadline;
    try {
      for await (const version of this.#syncer.globalVersions({ signal })) {
        await this.#persist(deadline, version, () => this.#options.load(version, { signal }));
        this.#version = version;
        await this.#report(version, deadline);
        this.#inStep.open();
      }
    } finally {
      this.#version = undefined;
      deadline.end();
    }
  }

  async #report(version: bigint, deadline: Deadline): Promise<void> {
    const { signal } = deadline;
    // What names no job is remembered, for a restart.
    await this.#syncer.updateSelfVersion({ version }, { signal });
    if (this.#syncer.protocol === 'version-keys') return;
    const jobs = await this.#persist(deadline, version, () => this.#options.jobsOf?.(version, { signal }) ?? []);
    await Promise.all([...jobs].map((jobId) => this.#syncer.updateSelfVersion({ version, jobId }, { signal })));
  }

  /** Calls `work` until it does not throw. */
  async #persist<T>(deadline: Deadline, version: bigint, work: () => T | Promise<T>): Promise<T> {
    const backoff = new Backoff(loadRetry);
    for (;;) {
      try {
        return await deadline.race(Promise.resolve(work()));
      } catch (err) {
        deadline.check();
        this.#options.logger?.warn({ err, version }, 'a version could not be loaded, trying again');
        await backoff.pause(deadline);
      }
    }
  }

  async #rejoin(signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#syncer.signal.aborted) return;
    await this.#syncer.restart({ signal }).catch((err: unknown) => {
      if (!signal.aborted) this.#options.logger?.warn({ err, id: this.#syncer.id }, 'joining again failed');
    });
  }
}

function gate(): { readonly promise: Promise<void>; open(): void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
