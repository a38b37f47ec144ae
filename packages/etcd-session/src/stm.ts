import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError } from './client/linked-abort.js';
import type { Bytes, CallOptions, KeySelector, OpResult, RangeResult } from './client/types.js';
import { ReadSet } from './stm-read-set.js';
import { WriteSet } from './stm-write-set.js';

/**
 * What a software transaction is protected from; the levels of Go's `concurrency.STM`, from the strictest to the loosest:
 *
 * - `serializable-snapshot`: all reads are of one revision; nothing that was read has changed at the commit, and nothing that is written either.
 * - `serializable`: all reads are of one revision, and nothing that was read has changed at the commit.
 * - `repeatable-reads`: a key read twice is the same, and nothing that was read has changed at the commit.
 * - `read-committed`: reads are of committed values; the commit looks at nothing.
 */
export type StmIsolation = 'serializable-snapshot' | 'serializable' | 'repeatable-reads' | 'read-committed';

export interface StmOptions extends CallOptions {
  /** Default `serializable-snapshot`. */
  readonly isolation?: StmIsolation;
  /** How often the body may run before it ends with `CONFLICT`; default 32. */
  readonly attempts?: number;
}

/** A pair as the transaction sees it. */
export interface StmPair {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What the body of a software transaction works with; only while the body runs. */
export interface StmTransaction {
  /** The value, this transaction's own writes included; undefined if there is none. */
  get(key: Bytes): Promise<Buffer | undefined>;
  /** The pairs that a selector names, ordered by key, this transaction's own writes included. */
  range(selector: KeySelector): Promise<readonly StmPair[]>;
  /** The revision of the key's last change, 0n if there is no such key; own writes do not show. */
  revision(key: Bytes): Promise<bigint>;
  put(key: Bytes, value: Bytes, options?: { readonly lease?: bigint }): void;
  delete(key: Bytes): void;
}

export interface StmResult<T> {
  /** What the body returned on the run that was committed. */
  readonly value: T;
  /** The revision of the commit; of the last read, if nothing was written. */
  readonly revision: bigint;
  /** How often the body ran. */
  readonly attempts: number;
}

/** Pause before a run after a conflict: doubles from the first to the longest, with full jitter. */
const firstPauseMs = 2;
const longestPauseMs = 200;

/**
 * Runs `body` as a transaction over any keys: reads are remembered, writes kept back, and both go to etcd as one
 * transaction that holds only if what was read still stands. If it does not, the body runs again (so it must have no other effects), from what stands now.
 *
 * Rejects with what the body throws; with `CONFLICT` when `attempts` runs were in vain; with `outcomeUnknown` when the answer to the commit was
 * lost; with `TOO_MANY_OPS` when reads and writes are more than the server takes in one transaction (128 unless configured; a range counts one and one for each pair).
 *
 * Follows `concurrency.NewSTM` of Go's client; ranges are this package's own.
 */
export async function stm<T>(
  client: EtcdClient,
  body: (transaction: StmTransaction) => Promise<T> | T,
  options: StmOptions = {},
): Promise<StmResult<T>> {
  const { isolation = 'serializable-snapshot', attempts = 32, ...callOptions } = options;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new EtcdError('INVALID_ARGUMENT', `attempts must be a whole number of at least 1, not ${String(attempts)}`);
  }
  let reads = new ReadSet(client, oneRevision(isolation), callOptions);
  for (let attempt = 1; ; attempt++) {
    if (options.signal?.aborted) throw abortError(options.signal);
    const run = new Run(reads);
    const value = await run.finish(body);
    const outcome = await commit(client, reads, run.writes, isolation, callOptions);
    if (outcome.succeeded) return { value, revision: outcome.revision, attempts: attempt };
    if (attempt === attempts) {
      throw new EtcdError(
        'CONFLICT',
        `what the transaction read was changed by others in each of its ${attempts} runs`,
        {
          retryable: true,
        },
      );
    }
    reads = outcome.fresh;
    const pauseMs = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs);
    await pause(Math.random() * pauseMs, undefined, { ...(options.signal && { signal: options.signal }) }).catch(
      () => undefined,
    );
  }
}

function oneRevision(isolation: StmIsolation): boolean {
  return isolation === 'serializable-snapshot' || isolation === 'serializable';
}

type Outcome =
  | { readonly succeeded: true; readonly revision: bigint }
  | { readonly succeeded: false; readonly fresh: ReadSet };

/** Commits; if something has changed, the same transaction reads everything anew, as the start of the next run. */
async function commit(
  client: EtcdClient,
  reads: ReadSet,
  writes: WriteSet,
  isolation: StmIsolation,
  options: CallOptions,
): Promise<Outcome> {
  const compares = isolation === 'read-committed' ? [] : reads.compares();
  if (isolation === 'serializable-snapshot') compares.push(...writes.compares(reads.revision));
  if (writes.size === 0 && compares.length === 0) return { succeeded: true, revision: reads.revision };
  const failure = reads.operations();
  const result = await client.txn({ compare: compares, success: writes.operations(), failure }, options);
  if (result.succeeded) return { succeeded: true, revision: result.revision };
  const fresh = new ReadSet(client, oneRevision(isolation), options);
  fresh.prefill(result.results.filter(isRange), reads, result.revision);
  return { succeeded: false, fresh };
}

function isRange(result: OpResult): result is RangeResult {
  return result.kind === 'range';
}

/** One run of the body. */
class Run implements StmTransaction {
  readonly writes = new WriteSet();
  readonly #reads: ReadSet;
  #open = true;

  constructor(reads: ReadSet) {
    this.#reads = reads;
  }

  async finish<T>(body: (transaction: StmTransaction) => Promise<T> | T): Promise<T> {
    try {
      return await body(this);
    } finally {
      this.#open = false;
    }
  }

  async get(key: Bytes): Promise<Buffer | undefined> {
    this.#assertOpen();
    const own = this.writes.get(key);
    if (own !== undefined) return own.value;
    return (await this.#reads.get(key))?.value;
  }

  async range(selector: KeySelector): Promise<readonly StmPair[]> {
    this.#assertOpen();
    return this.writes.overlay(selector, await this.#reads.range(selector));
  }

  async revision(key: Bytes): Promise<bigint> {
    this.#assertOpen();
    return (await this.#reads.get(key))?.modRevision ?? 0n;
  }

  put(key: Bytes, value: Bytes, options: { readonly lease?: bigint } = {}): void {
    this.#assertOpen();
    this.writes.put(key, value, options.lease);
  }

  delete(key: Bytes): void {
    this.#assertOpen();
    this.writes.delete(key);
  }

  #assertOpen(): void {
    if (this.#open) return;
    throw new EtcdError(
      'INVALID_ARGUMENT',
      'the transaction has ended: use it only while its body runs, and await what it starts',
    );
  }
}
