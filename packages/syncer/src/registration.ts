import { compare, type EtcdClient, EtcdError, type KeyValue, type Logger, op, Session } from '@tidb-js/etcd-session';
import type { Deadline } from './deadline.js';
import { type Raised, raiseVersion } from './raise-version.js';
import { type RetryPolicy, retrying } from './retry.js';
import { addressOf, formatServerInfo, parseServerInfo, type ServerInfo } from './server-info.js';
import { SyncerError } from './syncer-error.js';
import { Turn } from './turn.js';

/** What a registration writes, and how. */
export interface RegistrationOptions {
  readonly id: string;
  readonly selfKey: string;
  readonly infoKey: string;
  readonly serverInfo: ServerInfo | undefined;
  readonly ttlSeconds: number;
  /** Tries for what is not tried without limit. */
  readonly attempts: number;
  readonly sessionIntervalMs: number;
  readonly retry: RetryPolicy;
  readonly logger: Logger | undefined;
}

/** A node's own keys, on the lease of a session: its version, and its server info if it has one. */
export class Registration {
  readonly #client: EtcdClient;
  readonly #options: RegistrationOptions;
  readonly #turn = new Turn();
  #session: Session | undefined;
  /** Every lease this node has held; what still hangs on an old one is its own. */
  readonly #leases = new Set<bigint>();
  #known = 0n;
  /** What stands in etcd; `undefined` while the node is out. */
  #published: Raised | undefined;

  constructor(client: EtcdClient, options: RegistrationOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** The newest version the node has told of, published or not. */
  get known(): bigint {
    return this.#known;
  }

  /** The lease the node lives on. */
  get lease(): bigint | undefined {
    return this.#session?.leaseId;
  }

  /** Remembers a version, to be published by {@link publish} or the next {@link open}. */
  remember(version: bigint): void {
    if (version > this.#known) this.#known = version;
  }

  /** Opens a session and puts the keys on it. An older session of this node ends. */
  async open(attempts: number, deadline: Deadline): Promise<Session> {
    const { ttlSeconds, sessionIntervalMs: intervalMs, logger, retry } = this.#options;
    const session = await Session.create(this.#client, {
      ttlSeconds,
      intervalMs,
      attempts: attempts === Number.POSITIVE_INFINITY ? 'unlimited' : attempts,
      signal: deadline.signal,
      ...(logger ? { logger } : {}),
    });
    this.#leases.add(session.leaseId);
    const older = this.#session;
    try {
      await this.#turn.take(deadline, () => this.#claim(session, attempts, deadline));
    } catch (error) {
      await session.close({ timeoutMs: retry.tryTimeoutMs }).catch(() => {});
      throw error instanceof SyncerError && error.code === 'ID_IN_USE' ? await this.#nameHolder(error) : error;
    }
    // The keys hang on the new lease now, so that ending the old one removes nothing.
    await older?.close({ timeoutMs: retry.tryTimeoutMs }).catch(() => {});
    return session;
  }

  /** Publishes the newest version that is remembered, and tries until it stands. */
  async publish(deadline: Deadline): Promise<bigint> {
    return this.#turn.take(deadline, async () => {
      const session = this.#session;
      const version = this.#known;
      if (session === undefined || this.#published === undefined || this.#published.version >= version) return version;
      const doing = `Reporting version ${version}`;
      const raised = await retrying(this.#options.retry, Number.POSITIVE_INFINITY, deadline, doing, (call) =>
        raiseVersion(this.#client, this.#raise(session, version), call),
      );
      this.#published = raised;
      return raised.version;
    });
  }

  /** Takes the keys out; the session goes on. From then on {@link publish} writes nothing. */
  async remove(deadline: Deadline): Promise<void> {
    await this.#turn.take(deadline, async () => {
      const session = this.#session;
      this.#published = undefined;
      if (session === undefined) return;
      const { selfKey, infoKey, serverInfo, retry, attempts } = this.#options;
      const mine = (key: string) =>
        op.txn({ compare: [compare.lease(key, '=', session.leaseId)], success: [op.delete(key)] });
      await retrying(retry, attempts, deadline, `Taking ${this.#options.id} out`, (call) =>
        this.#client.txn({ success: [mine(selfKey), ...(serverInfo ? [mine(infoKey)] : [])] }, call),
      );
    });
  }

  /** Ends the session, and with it the keys. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close({ timeoutMs: this.#options.retry.tryTimeoutMs }).catch((err: unknown) => {
      this.#options.logger?.warn({ err }, 'the lease was not revoked and will run out by itself');
    });
  }

  /** Throws unless the lease is certainly held at this moment. */
  assertHeld(): void {
    this.#session?.assertHeld();
  }

  async #claim(session: Session, attempts: number, deadline: Deadline): Promise<void> {
    const version = this.#known;
    const claim = { ...this.#raise(session, version), along: this.#infoPuts(session) };
    this.#published = await retrying(
      this.#options.retry,
      attempts,
      deadline,
      `Registering ${this.#options.id}`,
      (call) => raiseVersion(this.#client, claim, call),
    );
    this.#session = session;
    for (const lease of this.#leases) if (lease !== session.leaseId) this.#leases.delete(lease);
  }

  #raise(session: Session, version: bigint) {
    const { selfKey: key, id } = this.#options;
    const checkStanding = ({ lease }: KeyValue) => {
      // No node that lives has a key without a lease.
      if (lease === 0n || this.#leases.has(lease)) return;
      throw new SyncerError(
        'ID_IN_USE',
        `Another live node has the id ${id}: ${key} hangs on lease ${lease.toString(16)}`,
      );
    };
    return { key, version, lease: session.leaseId, believed: this.#published, checkStanding };
  }

  #infoPuts(session: Session) {
    const { infoKey, serverInfo } = this.#options;
    return serverInfo ? [op.put(infoKey, formatServerInfo(serverInfo), { lease: session.leaseId })] : [];
  }

  /** Adds where the other node is, if it has announced that. */
  async #nameHolder(error: SyncerError): Promise<SyncerError> {
    const { infoKey, retry } = this.#options;
    const kv = await this.#client.get(infoKey, { timeoutMs: retry.tryTimeoutMs }).then(
      (answer) => answer.kv,
      () => undefined,
    );
    const info = kv && parseServerInfo(kv.value.toString());
    const address = info && addressOf(info);
    const remedy = 'give each node an id of its own; what a dead node left ends with its lease';
    return new SyncerError(error.code, `${error.rawMessage}${address ? `, at ${address}` : ''}; ${remedy}`, {
      cause: error,
    });
  }
}

/** Whether etcd has told that the session is over before the session knew. */
export function endsSession(error: unknown): boolean {
  if (error instanceof SyncerError) return error.code === 'SESSION_LOST' || error.code === 'ID_IN_USE';
  return error instanceof EtcdError && (error.code === 'LEASE_NOT_FOUND' || error.code === 'SESSION_LOST');
}
