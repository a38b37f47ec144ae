import type { Logger } from '@tidb-js/etcd-session';
import { settledCommit } from './binlog/assemble.js';
import type { BinlogFields } from './binlog/fields.js';
import { scanBinlog } from './binlog/scan.js';
import type { OutcomeSource } from './outcome-source.js';
import type { BinlogStore } from './store/binlog-store.js';
import type { Undecided } from './store/sorter.js';

const askedAtOnce = 16;
const longestPauseMs = 30_000;

export interface SettlerOptions {
  readonly store: BinlogStore;
  readonly outcomes: OutcomeSource;
  /** How long a transaction may wait for its end before the storage is asked. */
  readonly settleAfterMs: number;
  /** How long the storage may take to answer. */
  readonly answerMs: number;
  readonly write: (binlog: BinlogFields) => Promise<void>;
  readonly logger: Logger;
}

/** Counts of a settler, for the metrics. */
export interface SettlerCounts {
  readonly asked: number;
  readonly committed: number;
  readonly rolledBack: number;
  readonly failed: number;
}

/**
 * Finds out how transactions ended whose Commit or Rollback never came. All that wait are asked for, some at a time, and not
 * only the oldest: the watermark then stands still once for all of them, not once for each.
 */
export class Settler {
  readonly #retryAt = new Map<bigint, { at: number; pauseMs: number; reason: string }>();
  readonly #counts = { asked: 0, committed: 0, rolledBack: 0, failed: 0 };

  constructor(readonly options: SettlerOptions) {}

  get counts(): SettlerCounts {
    return this.#counts;
  }

  /** Why a transaction still waits, as far as it was asked for. */
  reasonOf(startTs: bigint): string {
    return this.#retryAt.get(startTs)?.reason ?? 'its Commit or Rollback has not come, and nobody was asked for it yet';
  }

  /** Asks once for each transaction that is due. */
  async settle(signal: AbortSignal): Promise<void> {
    const due = this.#due(performance.now());
    for (let from = 0; from < due.length && !signal.aborted; from += askedAtOnce) {
      await Promise.all(due.slice(from, from + askedAtOnce).map((transaction) => this.#settleOne(transaction, signal)));
    }
  }

  #due(now: number): Undecided[] {
    const due: Undecided[] = [];
    const waiting = new Set<bigint>();
    for (const transaction of this.options.store.undecided()) {
      if (now - transaction.sinceMs < this.options.settleAfterMs) continue;
      waiting.add(transaction.startTs);
      if ((this.#retryAt.get(transaction.startTs)?.at ?? 0) <= now) due.push(transaction);
    }
    for (const startTs of this.#retryAt.keys()) if (!waiting.has(startTs)) this.#retryAt.delete(startTs);
    return due;
  }

  async #settleOne(transaction: Undecided, signal: AbortSignal): Promise<void> {
    const { store, outcomes, logger } = this.options;
    const { startTs } = transaction;
    this.#counts.asked++;
    try {
      const prewrite = scanBinlog(await store.readPayload(transaction));
      const primaryKey = prewrite.prewriteKey ?? Buffer.alloc(0);
      const asked = { primaryKey, startTs, ddlJobId: prewrite.ddlJobId };
      const outcome = await withinTime(this.options.answerMs, signal, (ends) =>
        outcomes.outcome(asked, { signal: ends }),
      );
      if (outcome.kind === 'committed') {
        await this.options.write(settledCommit(startTs, outcome.commitTs, prewrite.prewriteKey));
        this.#counts.committed++;
      } else if (outcome.kind === 'rolled-back') {
        store.dropUndecided(startTs);
        this.#counts.rolledBack++;
      } else {
        this.#later(startTs, outcome.reason ?? 'the storage says that it may still commit');
        return;
      }
      this.#retryAt.delete(startTs);
      logger.info({ startTs: String(startTs), outcome: outcome.kind }, 'a transaction without an end was settled');
    } catch (error) {
      if (signal.aborted) return;
      this.#counts.failed++;
      this.#later(startTs, `the storage did not answer: ${error instanceof Error ? error.message : error}`);
      logger.warn(
        { startTs: String(startTs), error: String(error) },
        'cannot settle a transaction, trying again later',
      );
    }
  }

  #later(startTs: bigint, reason: string): void {
    const before = this.#retryAt.get(startTs)?.pauseMs ?? this.options.settleAfterMs / 2;
    const pauseMs = Math.min(longestPauseMs, Math.max(100, before * 2));
    this.#retryAt.set(startTs, { at: performance.now() + pauseMs, pauseMs, reason });
  }
}

/** A source that never answers, and does not look at its signal either, must not stop the others from being settled. */
async function withinTime<T>(
  answerMs: number,
  signal: AbortSignal,
  ask: (ends: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  signal.throwIfAborted();
  const ends = AbortSignal.any([signal, late.signal]);
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${answerMs} ms`)), answerMs);
  try {
    return await new Promise<T>((resolve, reject) => {
      ends.addEventListener('abort', () => reject(ends.reason), { once: true });
      ask(ends).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
