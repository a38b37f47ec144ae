import { EtcdError } from './client/errors.js';
import { type EtcdClient, openStream } from './client/etcd-client.js';
import { rpc } from './client/rpc.js';
import type { RpcStream } from './client/rpc-stream.js';
import type { Moment } from './lease-deadline.js';

type KeepaliveStream = RpcStream<{ ID: string }, { readonly ID: string; readonly TTL: string }>;

/** A keepalive on its way. */
export interface SentKeepalive {
  readonly leaseId: bigint;
  readonly sentAt: Moment;
  /** How long the lease can wait until the stream that says nothing is given up. */
  readonly patienceMs: number;
}

/** What the holder of a lane hears of it. */
export interface LaneListener<Sent extends SentKeepalive> {
  onAnswer(sent: Sent, ttlSeconds: number): void;
  /** The lane is over, and owes answers to `owed`. */
  onBroken(lane: KeepaliveLane<Sent>, owed: readonly Sent[], error: unknown): void;
  /** The lane's member owes answers and is silent; {@link onBroken} follows, unless the listener ends the lane itself. */
  onSilent(lane: KeepaliveLane<Sent>): void;
}

/**
 * One keepalive stream. etcd takes the keepalives of a stream one after the other and answers them in that order, so an answer belongs to the
 * oldest unanswered keepalive of its lease.
 */
export class KeepaliveLane<Sent extends SentKeepalive> {
  /** @throws EtcdError when no stream can be opened. */
  static async open<Sent extends SentKeepalive>(
    client: EtcdClient,
    listener: LaneListener<Sent>,
  ): Promise<KeepaliveLane<Sent>> {
    const lane = new KeepaliveLane(listener);
    let early: { readonly error: unknown } | undefined;
    const stream: KeepaliveStream = await openStream(client, rpc.leaseKeepAlive, {
      onMessage: ({ ID, TTL }) => lane.#answered(BigInt(ID), Number(TTL)),
      onEnd: (error) => {
        if (lane.#stream === undefined) early = { error };
        else lane.end(error);
      },
    });
    if (early !== undefined) throw early.error;
    lane.#stream = stream;
    return lane;
  }

  readonly #listener: LaneListener<Sent>;
  /** By lease, because several sessions may take part in one; the oldest first. */
  readonly #unanswered = new Map<bigint, Sent[]>();
  #stream: KeepaliveStream | undefined;
  #patience: { readonly ms: number; readonly cancel: () => void } | undefined;
  #lastHeardMs = 0;
  #lastSentMs = performance.now();
  #owed = 0;

  private constructor(listener: LaneListener<Sent>) {
    this.#listener = listener;
  }

  /** The member it leads to. */
  get address(): string | undefined {
    return this.#stream?.address;
  }

  /** How many keepalives wait for their answers. */
  get owed(): number {
    return this.#owed;
  }

  /** How long the oldest of them has been waiting. */
  lagMs(now: Moment): number {
    const [oldest] = this.#unanswered.values();
    return oldest?.[0] === undefined ? 0 : now.monotonicMs - oldest[0].sentAt.monotonicMs;
  }

  /** How long nothing was sent. */
  idleMs(): number {
    return this.#owed > 0 ? 0 : performance.now() - this.#lastSentMs;
  }

  send(sent: Sent): void {
    const queue = this.#unanswered.get(sent.leaseId);
    if (queue === undefined) this.#unanswered.set(sent.leaseId, [sent]);
    else queue.push(sent);
    this.#owed++;
    this.#lastSentMs = performance.now();
    this.#stream?.send({ ID: sent.leaseId.toString() });
    this.#watchPatience(sent.patienceMs);
  }

  /** Gives the stream up; what it owes is told by `onBroken`. */
  end(error: unknown): void {
    if (this.#stream === undefined) return;
    this.#stream.close();
    this.#stream = undefined;
    this.#stopPatience();
    const owed = [...this.#unanswered.values()].flat();
    this.#unanswered.clear();
    this.#owed = 0;
    this.#listener.onBroken(this, owed, error);
  }

  #answered(leaseId: bigint, ttlSeconds: number): void {
    if (this.#stream === undefined) return;
    this.#lastHeardMs = performance.now();
    const queue = this.#unanswered.get(leaseId);
    const sent = queue?.shift();
    if (queue?.length === 0) this.#unanswered.delete(leaseId);
    if (sent === undefined) return;
    this.#owed--;
    if (this.#owed === 0) this.#stopPatience();
    this.#listener.onAnswer(sent, ttlSeconds);
  }

  /** Gives the stream up when it owes answers and has said nothing for as long as the least patient lease can wait. */
  #watchPatience(patienceMs: number): void {
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
    if (this.#owed === 0) return;
    if (this.#lastHeardMs >= since) {
      this.#watchPatience(patienceMs);
      return;
    }
    const silent = `etcd owes answers to keepalives and has said nothing for ${patienceMs} ms`;
    this.#stream?.abandon(silent);
    this.#listener.onSilent(this);
    this.end(new EtcdError('UNAVAILABLE', silent, { retryable: true }));
  }

  #stopPatience(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }
}
