import { EtcdError } from './client/errors.js';
import { abortError, LinkedAbort } from './client/linked-abort.js';
import { persist } from './client/persist.js';
import type { Bytes, CallOptions, Compare, KeyValue, RangeResult } from './client/types.js';
import { type Joined, Place } from './place.js';
import type { Session } from './session.js';
import type { KeyTenure, Tenure } from './tenure.js';
import { type WaitOptions, within } from './within.js';

/** Who leads, as etcd holds it. */
export interface Leader {
  readonly key: string;
  readonly value: Buffer;
  /** The lease of the leader's session. */
  readonly lease: bigint;
  /** Grows with every leader: the fencing token. */
  readonly createRevision: bigint;
  /** Grows with every value that the leader proclaims. */
  readonly modRevision: bigint;
  /** The revision of the store at which this was so. */
  readonly revision: bigint;
}

/**
 * An election among all sessions, in whatever language, that campaign under one prefix.
 *
 * Keys and order are those of Go's `clientv3/concurrency` and of `etcdctl elect`: `<prefix>/<lease in hex>`, and the key that was
 * created first leads. A session is one candidate, however many Election objects stand on it.
 *
 * Stricter than Go's: a candidate whose key went while it waited is not elected, and nobody is told of a victory with a session that may be lost.
 */
export class Election {
  readonly prefix: string;
  readonly #session: Session;
  readonly #place: Place;
  #tenure: KeyTenure | undefined;
  #campaigning = false;

  constructor(session: Session, prefix: string) {
    if (prefix === '') throw new EtcdError('INVALID_ARGUMENT', 'the prefix of an election must not be empty');
    this.prefix = prefix;
    this.#session = session;
    this.#place = new Place(session, prefix);
  }

  /**
   * Queues up with a value and resolves when elected; at once, with the new value proclaimed, when this session leads already. Transport errors are
   * waited out. Rejects with `ABORTED` when `signal` ends the wait (the candidate has left the queue by then, or as soon as etcd can be reached), with
   * `SESSION_LOST` when the session ends, with `NOT_LEADER` when somebody deleted the candidate's key.
   */
  async campaign(value: Bytes, options: WaitOptions = {}): Promise<Tenure> {
    if (this.#campaigning) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `a campaign for ${this.prefix} is running: await it, or abort its signal`,
      );
    }
    const { signal } = options;
    if (signal?.aborted) throw abortError(signal);
    this.#campaigning = true;
    try {
      if (this.#tenure !== undefined && !this.#tenure.ended) {
        await this.proclaim(value, options);
        return this.#tenure;
      }
      this.#tenure = await this.#win(value, signal);
      return this.#tenure;
    } finally {
      this.#campaigning = false;
    }
  }

  /** Changes the leader's value; rejects with `NOT_LEADER` when this election does not lead (any more). */
  async proclaim(value: Bytes, options: CallOptions = {}): Promise<void> {
    const tenure = this.#leading();
    const limit = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
    const linked = new LinkedAbort(options.signal, limit);
    try {
      if (await this.#place.put(tenure.createRevision, value, linked.signal)) return;
    } finally {
      linked.unlink();
    }
    tenure.end(notLeader(this.prefix));
    throw notLeader(this.prefix);
  }

  /** Gives leadership up, so that the next candidate is elected; does nothing when there is none to give up. After `DEADLINE` (5,000 ms unless told) or
   * `ABORTED` it goes on in the background. */
  async resign(options: CallOptions = {}): Promise<void> {
    const tenure = this.#tenure;
    if (tenure === undefined) return;
    this.#tenure = undefined;
    tenure.end(new EtcdError('CLOSED', `resigned from ${this.prefix}`));
    await within(
      this.#place.leave(tenure.createRevision),
      { timeoutMs: 5000, ...options },
      `resigning from ${this.prefix}`,
    );
  }

  /** Who leads now; rejects with `NO_LEADER` when nobody does. */
  async leader(options: CallOptions = {}): Promise<Leader> {
    const seen = await this.#firstCreated(options);
    const [kv] = seen.kvs;
    if (kv === undefined) throw new EtcdError('NO_LEADER', 'election: no leader');
    return leaderOf(kv, seen.revision);
  }

  /**
   * The leader now, then each new leader and each value that a leader proclaims, in order, until `signal` (which ends the iteration without an error) or the session ends
   * it. A consumer slower than the changes sees the newest state, not every one on the way.
   */
  async *observe(options: WaitOptions = {}): AsyncGenerator<Leader, void, undefined> {
    const linked = new LinkedAbort(options.signal, this.#session.signal);
    const { signal } = linked;
    let told = 0n;
    try {
      while (!signal.aborted) {
        for await (const leader of this.#leaders(signal)) {
          // Read anew after its watch was lost, the leader may be the one that was told already.
          if (leader.modRevision === told) continue;
          told = leader.modRevision;
          yield leader;
        }
      }
    } catch (error) {
      if (!options.signal?.aborted) throw error;
    } finally {
      linked.unlink();
    }
    if (this.#session.signal.aborted && !options.signal?.aborted) throw this.#session.signal.reason;
  }

  /**
   * The condition that makes a transaction the leader's: put it among its compares, and etcd refuses what comes after the
   * leadership was given to another, however late. Throws `NOT_LEADER` when this election does not lead.
   */
  fence(): readonly Compare[] {
    return this.#place.fence(this.#leading().createRevision);
  }

  async #win(value: Bytes, signal: AbortSignal | undefined): Promise<KeyTenure> {
    const joining = this.#place.join(value);
    try {
      const joined = await within(joining, { ...(signal && { signal }) }, 'campaign');
      const { createRevision, existing } = joined;
      if (existing !== undefined && !this.#place.holds(existing, value)) {
        if (!(await this.#place.put(createRevision, value, signal))) throw removed(this.prefix);
      }
      const turn = await this.#place.waitForTurn(joined, signal);
      if (turn === undefined) throw removed(this.prefix);
      return await this.#place.tenure(createRevision, turn);
    } catch (error) {
      await this.#withdraw(joining);
      throw error;
    }
  }

  /** Takes a candidate that gave up out of the queue, once it is known where in the queue it stands. */
  async #withdraw(joining: Promise<Joined>): Promise<void> {
    const left = joining.then(({ createRevision }) => this.#place.leave(createRevision));
    await within(left, { timeoutMs: 5000 }, `leaving ${this.prefix}`).catch(() => undefined);
  }

  #firstCreated(options: CallOptions): Promise<RangeResult> {
    const first = { sortBy: 'create', order: 'ascend', limit: 1, ...options } as const;
    return this.#session.client.range({ prefix: `${this.prefix}/` }, first);
  }

  /**
   * The leader and its values from now on, until the watch is lost. One watch sees all candidates, and stands before the leader is read: one that
   * began at the revision of a reading would wait for etcd's catch-up loop with every new leader.
   */
  async *#leaders(signal: AbortSignal): AsyncGenerator<Leader> {
    const watch = this.#session.client.watch({ prefix: `${this.prefix}/` }, { signal });
    const first = () => persist(signal, () => this.#firstCreated({ signal }));
    try {
      await watch.ready;
      let { kvs, revision } = await first();
      if (kvs[0] !== undefined) yield leaderOf(kvs[0], revision);
      for await (const batch of watch) {
        for (const { type, kv } of batch.events) {
          if (kv.modRevision <= revision) continue;
          const ofLeader = kvs[0]?.key.equals(kv.key);
          if (ofLeader && type === 'put') yield leaderOf(kv, batch.revision);
          else if (ofLeader || kvs[0] === undefined) {
            ({ kvs, revision } = await first());
            if (kvs[0] !== undefined) yield leaderOf(kvs[0], revision);
          }
        }
      }
    } catch (caught) {
      const error = EtcdError.from(caught);
      // What the watch lost is found by reading who leads now.
      if (error.code !== 'COMPACTED' && error.code !== 'SLOW_CONSUMER' && !signal.aborted) throw error;
    } finally {
      watch.close();
    }
  }

  #leading(): KeyTenure {
    if (this.#tenure === undefined || this.#tenure.ended) throw notLeader(this.prefix);
    return this.#tenure;
  }
}

function leaderOf(kv: KeyValue, revision: bigint): Leader {
  const { value, lease, createRevision, modRevision } = kv;
  return { key: kv.key.toString(), value, lease, createRevision, modRevision, revision };
}

function notLeader(prefix: string): EtcdError {
  return new EtcdError('NOT_LEADER', `election: not leader of ${prefix}`);
}

function removed(prefix: string): EtcdError {
  return new EtcdError(
    'NOT_LEADER',
    `election: somebody deleted the key of this candidate for ${prefix}: campaign again`,
  );
}
