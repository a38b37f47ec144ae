import { compare, type EtcdClient, type KeyValue, type Logger, op } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import type { Layout } from '../etcd/layout.js';
import { firstOf } from '../etcd/space.js';
import { persist } from '../persist.js';
import { physicalMs } from '../timestamp.js';
import type { StoreCallOptions, Timestamp } from '../types.js';
import { type Anchor, anchorValue, firstTimestamp, PER_SLOT, readAnchor, WRITER } from './anchor.js';
import { Slot } from './slot.js';

export interface OracleOptions {
  readonly client: EtcdClient;
  readonly layout: Layout;
  /** Milliseconds since 1970; for tests with clocks that disagree. */
  readonly now?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
}

/** Where timestamps come from. */
export interface TimestampOracle extends AsyncDisposable {
  /** A timestamp above all that were handed out, in any process, before this call; no other call ever gets the same. It costs a write. */
  timestamp(options?: StoreCallOptions): Promise<Timestamp>;
  /**
   * A timestamp for the start or the commit of a transaction, which costs no write: unique, above every {@link TimestampOracle.timestamp} that was handed
   * out before, and below every later one. Among themselves, those of different processes have no order while nothing is written, and
   * transactions need none: what one commits is a write, so it lies below the start of all that begin after it, and who holds its locks
   * when a reader's revision is made commits above that reader.
   */
  transactionTs(options?: StoreCallOptions): Promise<Timestamp>;
  /**
   * A timestamp for the commit of what this process wrote at a revision, where the locks of all its keys were among that: who was handed out a later
   * one meets the locks. It costs nothing. Undefined when none is left.
   */
  commitTsOf(revision: bigint, anchor: KeyValue): Timestamp | undefined;
  close(): Promise<void>;
}

/** Timestamps may be so far behind the wall clock before the anchor is moved, without anybody waiting for it. */
const LAG_MS = 50;
/** … and so far before the move is waited for: after a pause in which nobody asked. */
const MAX_LAG_MS = 500;
/** Revisions of which the number of timestamps handed out is remembered. */
const REMEMBERED = 256;
/** Reads that may come back without a timestamp (slot lost, revision used up) before the call fails. */
const TRIES = 64;

/** Those who ask for one kind of timestamp, and what has been given out of it. */
interface Queue {
  readonly writes: boolean;
  readonly waiters: Waiter[];
  serving: boolean;
  readonly used: Map<bigint, number>;
  /** Revisions up to this one are forgotten, so nothing of them may be handed out. */
  forgotten: bigint;
}

interface Waiter {
  resolve(ts: Timestamp): void;
  reject(error: unknown): void;
}

/**
 * Timestamps out of etcd's revisions, see {@link Anchor}. Etcd's answer says at which revision it was made. Who wrote a
 * revision has its first share; who only read it has the share of its slot, so the timestamps of transactions cost no write.
 * Calls that come while a read is on its way share the next one.
 *
 * There is nobody to elect and nobody to wait for when a process dies; all that is needed is that etcd answers.
 */
export class EtcdOracle implements TimestampOracle {
  private readonly ordered: Queue = { writes: true, waiters: [], serving: false, used: new Map(), forgotten: 0n };
  private readonly inTransactions: Queue = {
    writes: false,
    waiters: [],
    serving: false,
    used: new Map(),
    forgotten: 0n,
  };
  private moving: Promise<void> | undefined;
  private closed = false;

  private constructor(
    private readonly options: OracleOptions,
    private readonly slot: Slot,
    private readonly now: () => number,
  ) {}

  /** Take a slot and begin. */
  static async open(options: OracleOptions, call: StoreCallOptions = {}): Promise<EtcdOracle> {
    const slot = await Slot.take(options, call);
    return new EtcdOracle(options, slot, options.now ?? Date.now);
  }

  timestamp(options: StoreCallOptions = {}): Promise<Timestamp> {
    return this.ask(this.ordered, options);
  }

  transactionTs(options: StoreCallOptions = {}): Promise<Timestamp> {
    return this.ask(this.inTransactions, options);
  }

  commitTsOf(revision: bigint, anchor: KeyValue): Timestamp | undefined {
    return this.share(this.ordered, readAnchor(anchor), revision, WRITER)?.take(1)[0];
  }

  private ask(queue: Queue, { signal }: StoreCallOptions): Promise<Timestamp> {
    if (this.closed) return Promise.reject(new StorageError('INVALID', 'the timestamp oracle is closed'));
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(
          new StorageError('ABORTED', 'the wait for a timestamp was ended by its caller', { cause: signal.reason }),
        );
        return;
      }
      queue.waiters.push({ resolve, reject });
      this.schedule(queue);
    });
  }

  /** All that ask in this turn of the event loop share one read. */
  private schedule(queue: Queue): void {
    if (queue.serving || queue.waiters.length === 0) return;
    queue.serving = true;
    setImmediate(async () => {
      await this.serve(queue.waiters.splice(0), queue.writes);
      queue.serving = false;
      this.schedule(queue);
    });
  }

  private async serve(batch: Waiter[], writes: boolean): Promise<void> {
    let at = 0;
    try {
      for (let attempt = 0; at < batch.length; attempt++) {
        if (this.closed) throw new StorageError('INVALID', 'the timestamp oracle is closed');
        if (attempt >= TRIES + batch.length) {
          throw new StorageError(
            'UNAVAILABLE',
            `no timestamp after ${attempt} reads of etcd; is it written to by hand?`,
          );
        }
        // When a revision's share is used up, a write makes the next revision.
        const advance = writes || at > 0 || attempt > 0;
        const share = await persist(() => this.read(advance, writes));
        for (const ts of share?.take(batch.length - at) ?? []) {
          batch[at]?.resolve(ts);
          at += 1;
        }
      }
    } catch (error) {
      const failure = StorageError.from(error);
      for (const waiter of batch.slice(at)) waiter.reject(failure);
    }
  }

  /** Look at the anchor; the answer's revision is what timestamps are made of. */
  private async read(advance: boolean, asWriter: boolean): Promise<Share | undefined> {
    const { client, layout } = this.options;
    const slot = await this.slot.hold();
    const answer = await client.txn({
      success: [op.range(slot.key), op.range(layout.anchor), ...(advance ? [op.put(layout.counter, '')] : [])],
    });
    if (firstOf(answer.results, 0)?.createRevision !== slot.revision) {
      this.slot.lost(slot);
      return undefined;
    }
    const kv = firstOf(answer.results, 1);
    if (kv === undefined) {
      await this.move(undefined);
      return undefined;
    }
    const anchor = readAnchor(kv);
    const { revision } = answer;
    const lag = this.now() - physicalMs(firstTimestamp(anchor, revision, slot.number));
    if (lag > LAG_MS) {
      const moved = this.move(anchor);
      if (lag > MAX_LAG_MS) {
        await moved;
        return undefined;
      }
    }
    return asWriter
      ? this.share(this.ordered, anchor, revision, WRITER)
      : this.share(this.inTransactions, anchor, revision, slot.number);
  }

  /** What is left of this process's share of a revision. */
  private share(queue: Queue, anchor: Anchor, revision: bigint, slot: number): Share | undefined {
    if (revision <= queue.forgotten) return undefined;
    return {
      take: (count) => {
        const used = queue.used.get(revision) ?? 0;
        const taken = Math.min(count, PER_SLOT - used);
        queue.used.delete(revision);
        queue.used.set(revision, used + taken);
        forget(queue);
        const first = firstTimestamp(anchor, revision, slot) + BigInt(used);
        return Array.from({ length: taken }, (_, i) => first + BigInt(i));
      },
    };
  }

  /** Bring the anchor to the present. Losing the race against another process is as good. */
  private move(old: Anchor | undefined): Promise<void> {
    this.moving ??= this.options.client
      .txn({
        compare: [compare.mod(this.options.layout.anchor, '=', old?.revision ?? 0n)],
        success: [op.put(this.options.layout.anchor, anchorValue(this.now(), old))],
      })
      .then(
        () => undefined,
        (error: unknown) => {
          // Nothing depends on this move: timestamps stay in order, they only lag.
          this.options.logger?.warn({ err: error }, 'the anchor of the timestamps could not be moved');
        },
      )
      .finally(() => {
        this.moving = undefined;
      });
    return this.moving;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.moving;
    await this.slot.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Share {
  take(count: number): Timestamp[];
}

function forget(queue: Queue): void {
  if (queue.used.size <= REMEMBERED) return;
  const revisions = [...queue.used.keys()].sort((a, b) => (a < b ? -1 : 1));
  for (const revision of revisions.slice(0, revisions.length - REMEMBERED / 2)) {
    queue.used.delete(revision);
    if (revision > queue.forgotten) queue.forgotten = revision;
  }
}
