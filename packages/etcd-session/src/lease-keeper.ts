import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { KeepaliveLane, type SentKeepalive } from './keepalive-lane.js';
import type { Moment } from './lease-deadline.js';

/** A lease in the keeper's care. */
export interface KeptLease {
  readonly leaseId: bigint;
  /** Time between two keepalives in milliseconds: a third of the TTL. */
  readonly intervalMs: number;
  now(): Moment;
  /** etcd answered the keepalive that was sent at `sentAt`; a TTL of 0 says that there is no such lease. */
  onAnswer(sentAt: Moment, ttlSeconds: number): void;
  /** No keepalive will get through any more: the client is closed. */
  onClosed(error: unknown): void;
}

/** What the keeper remembers of a lease. */
interface Care {
  readonly lease: KeptLease;
  timer: NodeJS.Timeout | undefined;
  /** A keepalive waits for its answer. */
  sent: boolean;
  /** A keepalive is due: it leaves as soon as a stream stands and the one before it is answered. */
  due: boolean;
}

interface Sent extends SentKeepalive {
  readonly care: Care;
}

type Lane = KeepaliveLane<Sent>;

/** Pause before the next try to open a stream: doubles from the first to the longest, with jitter. */
const firstPauseMs = 50;
const longestPauseMs = 1000;
/** A stream that owes an answer for longer is given up, however long the TTL. */
const longestPatienceMs = 5000;
/** Answers that take longer than this are worth another stream, and so are so many that wait behind one another. */
const laggingMs = 100;
const crowded = 32;
const maxLanes = 16;
/** A further stream that nothing was sent on for so long is closed. */
const idleLaneMs = 30_000;

/**
 * Keeps all leases of one client alive on one stream, and on more while answers lag.
 *
 * etcd takes up the keepalives of a stream one after the other, and waits for each until all that is committed has been applied, or until the
 * leader has answered where the member is none: under load one stream carries some hundred leases and no more.
 * A keepalive's sending time is what the deadline counts from. A stream that breaks, or owes an answer for
 * too long (a frozen member keeps its connections), is replaced by a new one.
 */
export class LeaseKeeper {
  static readonly #keepers = new WeakMap<EtcdClient, LeaseKeeper>();

  /** The one keeper of a client. */
  static of(client: EtcdClient): LeaseKeeper {
    let keeper = LeaseKeeper.#keepers.get(client);
    if (keeper === undefined) {
      keeper = new LeaseKeeper(client);
      LeaseKeeper.#keepers.set(client, keeper);
    }
    return keeper;
  }

  readonly #client: EtcdClient;
  readonly #cares = new Map<KeptLease, Care>();
  /** Those that stand. */
  #lanes: Lane[] = [];
  #opening = false;
  #pauseMs = firstPauseMs;
  #reopen: NodeJS.Timeout | undefined;

  private constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Keeps the lease alive until {@link drop}; the first keepalive leaves after one interval. */
  keep(lease: KeptLease): void {
    const care: Care = { lease, timer: undefined, sent: false, due: false };
    this.#cares.set(lease, care);
    this.#schedule(care);
    if (this.#lanes.length === 0) this.#open();
  }

  drop(lease: KeptLease): void {
    const care = this.#cares.get(lease);
    if (care === undefined) return;
    clearTimeout(care.timer);
    this.#cares.delete(lease);
    if (this.#cares.size > 0) return;
    clearTimeout(this.#reopen);
    this.#reopen = undefined;
    for (const lane of [...this.#lanes]) lane.end(undefined);
  }

  /** Sends a keepalive for the lease now, or as soon as the one before it is answered. */
  send(lease: KeptLease): void {
    const care = this.#cares.get(lease);
    if (care !== undefined) this.#send(care);
  }

  #schedule(care: Care): void {
    clearTimeout(care.timer);
    // Sessions that were born together are spread out a little with each turn.
    const inMs = care.lease.intervalMs * (0.9 + Math.random() * 0.1);
    care.timer = setTimeout(() => {
      this.#schedule(care);
      this.#send(care);
    }, inMs);
  }

  #send(care: Care): void {
    const lane = this.#leastBusy();
    if (lane === undefined || care.sent) {
      care.due = true;
      if (lane === undefined) this.#open();
      return;
    }
    care.due = false;
    care.sent = true;
    const { leaseId, intervalMs } = care.lease;
    // The time is taken before the bytes leave: the server cannot count from an earlier one.
    const sentAt = care.lease.now();
    const isBusy = lane.owed >= crowded || lane.lagMs(sentAt) > laggingMs;
    lane.send({ leaseId, sentAt, patienceMs: Math.min(intervalMs, longestPatienceMs), care });
    // Only now: the lane that has just been sent on is not idle any more.
    if (!isBusy) this.#closeIdle();
    else if (this.#lanes.length < maxLanes) this.#open();
  }

  #leastBusy(): Lane | undefined {
    let [least] = this.#lanes;
    for (const lane of this.#lanes) if (least === undefined || lane.owed < least.owed) least = lane;
    return least;
  }

  #closeIdle(): void {
    const last = this.#lanes.at(-1);
    if (last !== undefined && this.#lanes.length > 1 && last.idleMs() > idleLaneMs) last.end(undefined);
  }

  #answered({ care, sentAt }: Sent, ttlSeconds: number): void {
    this.#pauseMs = firstPauseMs;
    care.sent = false;
    if (!this.#cares.has(care.lease)) return;
    care.lease.onAnswer(sentAt, ttlSeconds);
    if (care.due && this.#cares.has(care.lease)) this.#send(care);
  }

  #open(): void {
    if (this.#opening || this.#reopen !== undefined || this.#cares.size === 0) return;
    this.#opening = true;
    KeepaliveLane.open<Sent>(this.#client, {
      onAnswer: (sent, ttlSeconds) => this.#answered(sent, ttlSeconds),
      onBroken: (lane, owed, error) => this.#broken(lane, owed, error),
      onSilent: (lane) => this.#silent(lane),
    }).then(
      (lane) => {
        this.#opening = false;
        this.#lanes.push(lane);
        if (this.#cares.size === 0) lane.end(undefined);
        else this.#sendDue();
      },
      (error) => {
        this.#opening = false;
        this.#openLater(error);
      },
    );
  }

  #sendDue(): void {
    for (const care of this.#cares.values()) if (care.due && !care.sent) this.#send(care);
  }

  /** The member that a lane leads to is frozen or gone: its other lanes need not find that out one by one. */
  #silent({ address }: Lane): void {
    const silent = this.#lanes.filter((lane) => lane.address === address);
    this.#lanes = this.#lanes.filter((lane) => lane.address !== address);
    const error = new EtcdError('UNAVAILABLE', `etcd at ${address} owes answers to keepalives`, { retryable: true });
    for (const lane of silent) lane.end(error);
  }

  /** A stream is gone: what it owed is due again on another. */
  #broken(broken: Lane, owed: readonly Sent[], error: unknown): void {
    this.#lanes = this.#lanes.filter((lane) => lane !== broken);
    for (const { care } of owed) {
      care.sent = false;
      care.due = true;
    }
    if (this.#lanes.length === 0) this.#openLater(error);
    else if (owed.length > 0) this.#sendDue();
  }

  #openLater(error: unknown): void {
    if (this.#client.closed) {
      for (const lease of [...this.#cares.keys()]) lease.onClosed(error);
      return;
    }
    if (this.#cares.size === 0 || this.#reopen !== undefined) return;
    const inMs = this.#pauseMs * (0.5 + Math.random() * 0.5);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#reopen = setTimeout(() => {
      this.#reopen = undefined;
      if (this.#lanes.length === 0) this.#open();
    }, inMs);
  }
}
