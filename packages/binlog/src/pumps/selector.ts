import type { PumpStatus } from './pump-status.js';

/**
 * How the pump of the next transaction is chosen.
 *
 * | strategy | choice |
 * |---|---|
 * | `range` | one after the other |
 * | `hash` | by start_ts, so that the same transaction meets the same pump as long as the pumps stay |
 * | `score` | more often the pump with more free space and less lag |
 */
export type PumpStrategy = 'range' | 'hash' | 'score';

/** What a pump told of itself. */
export interface PumpHealth {
  /** Bytes free and in all on its disk; undefined when it did not say. */
  readonly availableBytes: number | undefined;
  readonly capacityBytes: number | undefined;
}

/** A pump that may be chosen. */
export interface Candidate {
  readonly status: PumpStatus;
  readonly health: PumpHealth;
}

/** Chooses among pumps, none of which it keeps. */
export interface Selector {
  /** `candidates` is not empty. `attempt` counts from 0 for each binlog. */
  select<C extends Candidate>(candidates: readonly C[], startTs: bigint, attempt: number): C | undefined;
}

export function createSelector(strategy: PumpStrategy): Selector {
  if (strategy === 'hash') return hashSelector;
  return strategy === 'score' ? new ScoreSelector() : new RangeSelector();
}

class RangeSelector implements Selector {
  #next = 0;

  select<C extends Candidate>(candidates: readonly C[]): C | undefined {
    const index = this.#next % candidates.length;
    this.#next = index + 1;
    return candidates[index];
  }
}

const hashSelector: Selector = {
  select(candidates, startTs, attempt) {
    return candidates[Number(BigInt.asUintN(64, startTs + BigInt(attempt)) % BigInt(candidates.length))];
  },
};

/**
 * A pump's share of the writes. A pump whose watermark stands still, or whose disk fills up, gets fewer, but never none: else
 * nothing would show that it has recovered. A pump that tells nothing counts as a good one.
 */
export function scoreOf({ status, health }: Candidate): number {
  const { availableBytes, capacityBytes } = health;
  const free = availableBytes === undefined || !capacityBytes ? 1 : availableBytes / capacityBytes;
  const lagMs = status.maxCommitTs === 0n ? 0 : Math.max(Number((status.updateTs - status.maxCommitTs) >> 18n), 0);
  // A watermark moves every three seconds when nothing is written: that much lag says nothing.
  const lateSeconds = Math.max(lagMs / 1000 - 5, 0);
  return Math.max(free / (1 + lateSeconds / 5), 0.01);
}

/** Smooth weighted round robin: each pump gains its score a turn, the richest is taken and pays for all. */
class ScoreSelector implements Selector {
  #credits = new Map<string, number>();

  select<C extends Candidate>(candidates: readonly C[]): C | undefined {
    const credits = new Map<string, number>();
    let total = 0;
    let chosen: C | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const candidate of candidates) {
      const { nodeId } = candidate.status;
      const score = scoreOf(candidate);
      const credit = (this.#credits.get(nodeId) ?? 0) + score;
      total += score;
      credits.set(nodeId, credit);
      if (credit > most) {
        most = credit;
        chosen = candidate;
      }
    }
    if (chosen !== undefined) credits.set(chosen.status.nodeId, most - total);
    this.#credits = credits;
    return chosen;
  }
}
