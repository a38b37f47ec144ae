import { EtcdError } from './client/errors.js';
import { type EtcdClient, openStream } from './client/etcd-client.js';
import { rpc } from './client/rpc.js';
import type { RpcStream } from './client/rpc-stream.js';
import type { Moment } from './lease-deadline.js';

type KeepaliveStream = RpcStream<{ ID: string }, { readonly ID: string; readonly TTL: string }>;

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
  /** When the keepalive was sent that waits for its answer on the present stream. */
  sentAt: Moment | undefined;
  /** A keepalive is due: it leaves as soon as a stream stands and the one before it is answered. */
  due: boolean;
}

/** Pause before the next try to open a stream: doubles from the first to the longest, with jitter. */
const firstPauseMs = 50;
const longestPauseMs = 1000;
/** A stream that owes an answer for longer is given up, however long the TTL. */
const longestPatienceMs = 5000;

/**
 * Keeps all leases of one client alive on one stream.
 *
 * etcd answers the keepalives of a stream in the order they came, so an answer belongs to the oldest unanswered keepalive
 * of its lease, and that one's sending time is what the deadline counts from. A stream that breaks, or owes an answer for
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
  /** By lease, because several sessions may take part in one. */
  #unanswered = new Map<bigint, Care[]>();
  #stream: KeepaliveStream | undefined;
  #opening = false;
  #pauseMs = firstPauseMs;
  #reopen: NodeJS.Timeout | undefined;
  #patience: { readonly ms: number; readonly cancel: () => void } | undefined;
  #lastHeardMs = 0;

  private constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Keeps the lease alive until {@link drop}; the first keepalive leaves after one interval. */
  keep(lease: KeptLease): void {
    const care: Care = { lease, timer: undefined, sentAt: undefined, due: false };
    this.#cares.set(lease, care);
    this.#schedule(care);
    this.#open();
  }

  drop(lease: KeptLease): void {
    const care = this.#cares.get(lease);
    if (care === undefined) return;
    clearTimeout(care.timer);
    this.#cares.delete(lease);
    if (this.#cares.size === 0) this.#abandonStream();
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
    if (this.#stream === undefined || care.sentAt !== undefined) {
      care.due = true;
      this.#open();
      return;
    }
    care.due = false;
    // The time is taken before the bytes leave: the server cannot count from an earlier one.
    care.sentAt = care.lease.now();
    const queue = this.#unanswered.get(care.lease.leaseId);
    if (queue === undefined) this.#unanswered.set(care.lease.leaseId, [care]);
    else queue.push(care);
    this.#stream.send({ ID: care.lease.leaseId.toString() });
    this.#watchPatience(care.lease.intervalMs);
  }

  #answered(leaseId: bigint, ttlSeconds: number): void {
    this.#lastHeardMs = performance.now();
    this.#pauseMs = firstPauseMs;
    const queue = this.#unanswered.get(leaseId);
    const care = queue?.shift();
    if (queue?.length === 0) this.#unanswered.delete(leaseId);
    if (this.#unanswered.size === 0) this.#stopPatience();
    if (care?.sentAt === undefined) return;
    const sentAt = care.sentAt;
    care.sentAt = undefined;
    if (!this.#cares.has(care.lease)) return;
    care.lease.onAnswer(sentAt, ttlSeconds);
    if (care.due && this.#cares.has(care.lease)) this.#send(care);
  }

  #open(): void {
    if (this.#stream !== undefined || this.#opening || this.#reopen !== undefined || this.#cares.size === 0) return;
    this.#opening = true;
    let mine: KeepaliveStream | undefined;
    let ended: { readonly error: unknown } | undefined;
    openStream(this.#client, rpc.leaseKeepAlive, {
      onMessage: ({ ID, TTL }) => {
        if (mine !== undefined && mine === this.#stream) this.#answered(BigInt(ID), Number(TTL));
      },
      onEnd: (error) => {
        ended = { error };
        if (mine !== undefined && mine === this.#stream) this.#broken(error);
      },
    }).then(
      (stream) => {
        this.#opening = false;
        if (this.#cares.size === 0) {
          stream.close();
          return;
        }
        mine = stream;
        this.#stream = stream;
        if (ended !== undefined) this.#broken(ended.error);
        for (const care of this.#cares.values()) if (care.due) this.#send(care);
      },
      (error) => {
        this.#opening = false;
        this.#broken(error);
      },
    );
  }

  /** The stream is gone: what it owed is due again on the next one. */
  #broken(error: unknown): void {
    this.#abandonStream();
    if (this.#client.closed) {
      for (const lease of [...this.#cares.keys()]) lease.onClosed(error);
      return;
    }
    if (this.#cares.size === 0) return;
    const inMs = this.#pauseMs * (0.5 + Math.random() * 0.5);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#reopen = setTimeout(() => {
      this.#reopen = undefined;
      this.#open();
    }, inMs);
  }

  #abandonStream(): void {
    clearTimeout(this.#reopen);
    this.#reopen = undefined;
    this.#stopPatience();
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    for (const queue of this.#unanswered.values()) {
      for (const care of queue) {
        care.sentAt = undefined;
        care.due = true;
      }
    }
    this.#unanswered = new Map();
  }

  /** Gives the stream up when it owes answers and has said nothing for an interval of the lease that waits. */
  #watchPatience(intervalMs: number): void {
    const patienceMs = Math.min(intervalMs, longestPatienceMs);
    if (this.#patience !== undefined && this.#patience.ms <= patienceMs) return;
    this.#stopPatience();
    const since = performance.now();
    const timer = setTimeout(() => {
      // After a pause of the whole process, answers may wait in the socket: they are read before the verdict.
      const verdict = setImmediate(() => this.#judge(patienceMs, since));
      this.#patience = { ms: patienceMs, cancel: () => clearImmediate(verdict) };
    }, patienceMs);
    this.#patience = { ms: patienceMs, cancel: () => clearTimeout(timer) };
  }

  #judge(patienceMs: number, since: number): void {
    this.#patience = undefined;
    if (this.#unanswered.size === 0) return;
    if (this.#lastHeardMs >= since) this.#watchPatience(patienceMs);
    else {
      const silent = `etcd owes answers to keepalives and has said nothing for ${patienceMs} ms`;
      this.#stream?.abandon(silent);
      this.#broken(new EtcdError('UNAVAILABLE', silent, { retryable: true }));
    }
  }

  #stopPatience(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }
}
