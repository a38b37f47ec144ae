import { type EtcdClient, type Logger, op, Session } from '@tidb-js/etcd-session';
import { Deadline } from './deadline.js';
import { Backoff, type RetryPolicy, retrying } from './retry.js';
import type { SyncOptions } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';
import { Turn } from './turn.js';

/** How keys are kept on a lease. */
export interface LeasedKeysOptions {
  readonly ttlSeconds: number;
  readonly attempts: number;
  readonly sessionIntervalMs: number;
  readonly retry: RetryPolicy;
  readonly logger: Logger | undefined;
}

/** Keys that live as long as this process: on a lease, and put back on a new one whenever that is lost. */
export class LeasedKeys {
  readonly #client: EtcdClient;
  readonly #options: LeasedKeysOptions;
  readonly #pairs = new Map<string, string>();
  readonly #closing = new AbortController();
  readonly #turn = new Turn();
  #session: Session | undefined;
  #keeping: Promise<void> | undefined;

  constructor(client: EtcdClient, options: LeasedKeysOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Puts a key, and keeps it. The first put opens the session. */
  async put(key: string, value: string, options: SyncOptions): Promise<void> {
    await this.#within(`Announcing ${key}`, options, async (deadline) => {
      this.#pairs.set(key, value);
      if (this.#session === undefined) {
        await this.#open(this.#options.attempts, deadline);
        this.#keeping ??= this.#keep();
      } else if (!this.#session.signal.aborted) {
        await this.#write(this.#session, [[key, value]], this.#options.attempts, deadline);
      }
      // Between two sessions the next one puts it.
    });
  }

  /** Removes a key, and keeps it no longer. */
  async delete(key: string, options: SyncOptions): Promise<void> {
    await this.#within(`Removing ${key}`, options, async (deadline) => {
      this.#pairs.delete(key);
      await retrying(this.#options.retry, this.#options.attempts, deadline, `Removing ${key}`, (call) =>
        this.#client.delete(key, call),
      );
    });
  }

  /** Removes all keys by ending their lease. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new SyncerError('CLOSED', 'The announcement has been closed; make a new one'));
    await this.#keeping;
    const session = this.#session;
    this.#session = undefined;
    await session?.close({ timeoutMs: this.#options.retry.tryTimeoutMs }).catch((err: unknown) => {
      this.#options.logger?.warn({ err }, 'the lease was not revoked and will run out by itself');
    });
  }

  async #within(doing: string, options: SyncOptions, work: (deadline: Deadline) => Promise<void>): Promise<void> {
    const deadline = new Deadline(doing, options, this.#closing.signal);
    try {
      deadline.check();
      await this.#turn.take(deadline, () => work(deadline));
    } catch (error) {
      throw SyncerError.from(error, doing);
    } finally {
      deadline.end();
    }
  }

  async #keep(): Promise<void> {
    const deadline = new Deadline('Keeping keys', { signal: this.#closing.signal });
    const backoff = new Backoff(this.#options.retry);
    try {
      for (;;) {
        if (this.#session) await deadline.race<unknown>(this.#session.done);
        this.#options.logger?.warn({ keys: [...this.#pairs.keys()] }, 'session lost, announcing again');
        await backoff.pause(deadline);
        await this.#turn
          .take(deadline, () => this.#open(Number.POSITIVE_INFINITY, deadline))
          .catch((err: unknown) => {
            deadline.check();
            this.#options.logger?.warn({ err }, 'announcing again failed');
          });
      }
    } catch (error) {
      if (!deadline.over) throw error;
    } finally {
      deadline.end();
    }
  }

  async #open(attempts: number, deadline: Deadline): Promise<void> {
    const { ttlSeconds, sessionIntervalMs: intervalMs, logger, retry } = this.#options;
    const session = await Session.create(this.#client, {
      ttlSeconds,
      intervalMs,
      attempts: attempts === Number.POSITIVE_INFINITY ? 'unlimited' : attempts,
      signal: deadline.signal,
      ...(logger ? { logger } : {}),
    });
    try {
      await this.#write(session, [...this.#pairs], attempts, deadline);
    } catch (error) {
      await session.close({ timeoutMs: retry.tryTimeoutMs }).catch(() => {});
      throw error;
    }
    this.#session = session;
  }

  async #write(
    session: Session,
    pairs: readonly (readonly [string, string])[],
    attempts: number,
    deadline: Deadline,
  ): Promise<void> {
    const lease = session.leaseId;
    await retrying(this.#options.retry, attempts, deadline, 'Announcing', (call) =>
      this.#client.txn({ success: pairs.map(([key, value]) => op.put(key, value, { lease })) }, call),
    );
  }
}
