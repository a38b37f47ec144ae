import { compare } from './client/compare.js';
import { EtcdError } from './client/errors.js';
import { toBuffer } from './client/key-selector.js';
import { abortError, LinkedAbort } from './client/linked-abort.js';
import { op } from './client/op.js';
import { persist } from './client/persist.js';
import type { Bytes, Compare, KeySelector, KeyValue, OpResult, WatchBatch } from './client/types.js';
import type { Watch } from './client/watch.js';
import type { Session } from './session.js';
import { KeyTenure } from './tenure.js';

/** How long a place waits before it also watches its own key, which somebody may delete. */
const shortWaitMs = 100;

/** Who stands directly before a place. */
interface Predecessor {
  readonly key: Buffer;
  /** Whether it is the head of the queue, so that its going makes the place the head. */
  readonly leads: boolean;
}

/** What joining the queue showed. */
export interface Joined {
  readonly createRevision: bigint;
  /** Set when the session stood in the queue already: what it put there. */
  readonly existing: KeyValue | undefined;
  /** Whether nobody stands before it. */
  readonly first: boolean;
  /** The one directly before it, if the answer told. */
  readonly predecessor: Predecessor | undefined;
  /** The revision of the store that all this was true at. */
  readonly revision: bigint;
}

/** The queue as one place sees it, as of one revision. */
interface Seen {
  /** Whether the own key still stands. */
  readonly standing: boolean;
  readonly predecessor: Predecessor | undefined;
  readonly revision: bigint;
}

/**
 * A session's place in the queue of an election or a lock: one key, `<prefix>/<lease in hex>`, on the session's lease. Keys queue by creation revision,
 * and each place waits for its direct predecessor to be deleted, so a handover wakes one candidate.
 *
 * Every step is idempotent (a key is created only if absent, deleted only at the creation revision it was seen with), so a
 * step whose answer was lost is simply made again.
 */
export class Place {
  readonly key: string;
  readonly #session: Session;
  readonly #prefix: string;
  #leaving: Promise<unknown> | undefined;
  #lastPut: { readonly createRevision: bigint; readonly modRevision: bigint } | undefined;

  constructor(session: Session, prefix: string) {
    this.#session = session;
    this.#prefix = `${prefix}/`;
    this.key = `${this.#prefix}${session.leaseHex}`;
  }

  /**
   * Joins at the end of the queue, or finds the place that the session has already. Nothing but the session's end stops it half way: whoever gives up
   * lets it finish and then leaves, so that no request that etcd gets late brings a candidate back.
   */
  async join(value: Bytes): Promise<Joined> {
    // Who rejoins at once must not find the key that is about to go.
    await this.#leaving;
    const last = op.range({ prefix: this.#prefix }, { sortBy: 'create', order: 'descend', limit: 3, keysOnly: true });
    const first = op.range({ prefix: this.#prefix }, { sortBy: 'create', order: 'ascend', limit: 1, keysOnly: true });
    const { succeeded, results, revision } = await this.#step(undefined, (signal) =>
      this.#session.client.txn(
        {
          compare: [compare.create(this.key, '=', 0n)],
          success: [op.put(this.key, value, { lease: this.#session.leaseId }), last],
          failure: [op.get(this.key), first],
        },
        { signal },
      ),
    );
    const existing = succeeded ? undefined : kvsOf(results[0])[0];
    if (existing !== undefined) {
      const { createRevision } = existing;
      const isFirst = kvsOf(results[1])[0]?.createRevision === createRevision;
      return { createRevision, existing, first: isFirst, predecessor: undefined, revision };
    }
    // The key just put is the last of the queue, and the one before it is the predecessor.
    const predecessor = predecessorOf(kvsOf(results[1]).slice(1));
    return { createRevision: revision, existing, first: predecessor === undefined, predecessor, revision };
  }

  /**
   * Waits until all who joined earlier have gone, and resolves with the revision at which that was true and the own key still stood;
   * with `undefined` when the own key is gone.
   *
   * A predecessor is watched from the moment etcd sets the watch up, and the queue is read again if anything was written since it named that
   * predecessor. A watch from the reading's revision would start in the past as soon as anybody wrote anything, and what starts in the past
   * is served by etcd's catch-up loop, every 100 ms.
   */
  async waitForTurn(joined: Joined, signal?: AbortSignal): Promise<bigint | undefined> {
    if (joined.first) return joined.revision;
    const linked = new LinkedAbort(signal, this.#session.signal);
    try {
      let { predecessor, revision } = joined;
      if (predecessor === undefined) {
        const seen = await this.#look(joined.createRevision, linked.signal);
        if (!seen.standing) return undefined;
        ({ predecessor, revision } = seen);
      }
      while (predecessor !== undefined) {
        const seen = await this.#afterDeletion(predecessor, revision, joined.createRevision, linked.signal);
        if (!seen.standing) return undefined;
        ({ predecessor, revision } = seen);
      }
      return revision;
    } finally {
      linked.unlink();
    }
  }

  /**
   * Puts a new value under the place's key while it stands at `createRevision`; whether it still did. Each try compares the revision of the key's last
   * change, so that one which etcd gets late cannot undo what was put after it.
   */
  async put(createRevision: bigint, value: Bytes, signal?: AbortSignal): Promise<boolean> {
    const bytes = toBuffer(value);
    let modRevision = this.#lastPut?.createRevision === createRevision ? this.#lastPut.modRevision : createRevision;
    for (;;) {
      const result = await this.#step(signal, (linked) =>
        this.#session.client.txn(
          {
            compare: [compare.create(this.key, '=', createRevision), compare.mod(this.key, '=', modRevision)],
            success: [op.put(this.key, bytes, { lease: this.#session.leaseId })],
            failure: [op.get(this.key)],
          },
          { signal: linked },
        ),
      );
      if (result.succeeded) {
        this.#lastPut = { createRevision, modRevision: result.revision };
        return true;
      }
      const [seen] = kvsOf(result.results[0]);
      if (seen?.createRevision !== createRevision) return false;
      modRevision = seen.modRevision;
      this.#lastPut = { createRevision, modRevision };
      if (this.holds(seen, value)) return true;
    }
  }

  /**
   * Leaves the queue: tries until etcd has confirmed it or the session has ended, which deletes the key too. Resolves with
   * whether the place was still there. Callers bound their own wait for it, and leave it to go on in the background.
   */
  leave(createRevision: bigint): Promise<boolean> {
    const left = this.#leave(createRevision);
    this.#leaving = left.catch(() => undefined);
    return left;
  }

  async #leave(createRevision: bigint): Promise<boolean> {
    const { client, signal: ended } = this.#session;
    try {
      const txn = { compare: this.fence(createRevision), success: [op.delete(this.key)] };
      return (await persist(ended, () => client.txn(txn))).succeeded;
    } catch (error) {
      if (ended.aborted) return false;
      throw error;
    }
  }

  /** Whether the key's value and lease are as {@link put} would make them. */
  holds(kv: KeyValue, value: Bytes): boolean {
    return kv.lease === this.#session.leaseId && kv.value.equals(toBuffer(value));
  }

  /** Holds only while the place stands at `createRevision`. */
  fence(createRevision: bigint): readonly Compare[] {
    return [compare.create(this.key, '=', createRevision)];
  }

  /** The tenure of a place that was seen at the head of the queue at `revision`; rejects if the session may be lost since. */
  async tenure(createRevision: bigint, revision: bigint): Promise<KeyTenure> {
    if (this.#session.remainingMs() === 0) await this.#session.refresh();
    this.#session.assertHeld();
    return new KeyTenure(this.#session, this.key, createRevision, revision);
  }

  /** An idempotent request that is made until it is answered, the caller gives up or the session ends. */
  async #step<T>(signal: AbortSignal | undefined, request: (linked: AbortSignal) => Promise<T>): Promise<T> {
    const linked = new LinkedAbort(signal, this.#session.signal);
    try {
      return await persist(linked.signal, () => request(linked.signal));
    } catch (error) {
      // etcd knows better than our clock: the lease is gone. Asking for it ends the session in due form.
      if (EtcdError.from(error).code === 'LEASE_NOT_FOUND') await this.#session.refresh();
      throw error;
    } finally {
      linked.unlink();
    }
  }

  /** Reads the own key and the one directly before it, as of one revision. */
  async #look(createRevision: bigint, signal: AbortSignal): Promise<Seen> {
    const earlier = { sortBy: 'create', order: 'descend', limit: 2, keysOnly: true } as const;
    const { results, revision } = await this.#step(signal, (linked) =>
      this.#session.client.txn(
        {
          success: [
            op.get(this.key, { keysOnly: true }),
            op.range({ prefix: this.#prefix }, { ...earlier, maxCreateRevision: createRevision - 1n }),
          ],
        },
        { signal: linked },
      ),
    );
    const standing = kvsOf(results[0])[0]?.createRevision === createRevision;
    return { standing, predecessor: predecessorOf(kvsOf(results[1])), revision };
  }

  /** What the queue looks like once the one that stood directly before the own place at `revision` has gone. */
  async #afterDeletion(
    { key, leads }: Predecessor,
    revision: bigint,
    createRevision: bigint,
    signal: AbortSignal,
  ): Promise<Seen> {
    const watched = leads ? between(key, toBuffer(this.key)) : key;
    const watch = this.#session.client.watch(watched, { filter: 'delete', signal });
    const stopGuard = leads ? undefined : this.#whenDeleted(revision, signal, () => watch.close());
    try {
      if ((await watch.ready) > revision + 1n) {
        const seen = await this.#look(createRevision, signal);
        if (!seen.standing || seen.predecessor?.key.equals(key) !== true) return seen;
      }
      for await (const batch of watch) {
        if (!leads) break;
        const seen = this.#nextToTheHead(batch, key);
        if (seen !== undefined) return seen;
      }
    } catch (caught) {
      if (signal.aborted) throw abortError(signal);
      const error = EtcdError.from(caught);
      // What the watch lost is found by reading the queue again.
      if (error.code !== 'COMPACTED' && error.code !== 'SLOW_CONSUMER') throw error;
    } finally {
      stopGuard?.();
      watch.close();
    }
    return await this.#look(createRevision, signal);
  }

  /**
   * What deletions tell a place that stands next to the head, whose key is `head`: they come from one watch of both keys, hence in order, so
   * that nothing has to be read to know that the own key outlived the other.
   */
  #nextToTheHead({ events, revision }: WatchBatch, head: Buffer): Seen | undefined {
    const own = toBuffer(this.key);
    if (events.some(({ kv }) => kv.key.equals(own))) return { standing: false, predecessor: undefined, revision };
    if (events.some(({ kv }) => kv.key.equals(head))) return { standing: true, predecessor: undefined, revision };
    return undefined;
  }

  /**
   * Calls `gone` when the own key has been deleted since `revision`, or that can no longer be told from a watch; returns how to stop that.
   * Only a wait that is no short one pays for it.
   */
  #whenDeleted(revision: bigint, signal: AbortSignal, gone: () => void): () => void {
    let watch: Watch | undefined;
    const begin = async () => {
      watch = this.#session.client.watch(this.key, { startRevision: revision + 1n, filter: 'delete', signal });
      for await (const { events } of watch) if (events.length > 0) break;
    };
    const timer = setTimeout(() => {
      // A guard that fails has the queue read again, which tells why.
      begin().then(gone, gone);
    }, shortWaitMs);
    return () => {
      clearTimeout(timer);
      watch?.close();
    };
  }
}

/** The first of those that come before a place, the latest first. */
function predecessorOf(earlier: readonly KeyValue[]): Predecessor | undefined {
  const [nearest] = earlier;
  return nearest && { key: nearest.key, leads: earlier.length === 1 };
}

/** Two keys, and whatever lies between them. */
function between(a: Buffer, b: Buffer): KeySelector {
  const [first, last] = Buffer.compare(a, b) < 0 ? [a, b] : [b, a];
  return { key: first, end: Buffer.concat([last, Buffer.of(0)]) };
}

function kvsOf(result: OpResult | undefined): readonly KeyValue[] {
  return result?.kind === 'range' ? result.kvs : [];
}
