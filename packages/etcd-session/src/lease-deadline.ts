import type { Clock } from './clock.js';

/** One point in time, as each of the three clocks tells it. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly uptimeMs: number;
}

export function readClock(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs(), uptimeMs: clock.uptimeMs() };
}

/**
 * What may be believed of a lease:
 * `held`: every clock says that the server cannot have ended it;
 * `doubtful`: the clocks disagree (the wall clock was set forward, or the machine slept), so only an answer of the server can tell;
 * `past`: the server may have given it away.
 */
export type Belief = 'held' | 'doubtful' | 'past';

/** How far apart two readings of the uptime may be wrong. */
const uptimeGranularityMs = 1000;

/**
 * Until when a lease is certainly held: the time the last answered keepalive was sent, plus the TTL that the server granted.
 *
 * Monotonic time decides, since nobody can set it. But it may stand still while the machine sleeps, so two witnesses are
 * heard beside it. If both say that the TTL has passed, it has. If one alone says so (somebody set the wall clock
 * forward), the lease is neither believed in nor given up before the server was asked. No clock can lengthen the belief.
 */
export class LeaseDeadline {
  readonly #clock: Clock;
  #from: Moment;
  #ttlMs: number;

  constructor(clock: Clock, sentAt: Moment, ttlSeconds: number) {
    this.#clock = clock;
    this.#from = sentAt;
    this.#ttlMs = ttlSeconds * 1000;
  }

  /** A keepalive that was sent at `sentAt` has been answered. */
  extend(sentAt: Moment, ttlSeconds: number): void {
    this.#from = sentAt;
    this.#ttlMs = ttlSeconds * 1000;
  }

  belief(): Belief {
    const now = readClock(this.#clock);
    if (now.monotonicMs - this.#from.monotonicMs >= this.#ttlMs) return 'past';
    const byWall = now.wallMs - this.#from.wallMs >= this.#ttlMs;
    const byUptime = now.uptimeMs - this.#from.uptimeMs >= this.#ttlMs + uptimeGranularityMs;
    if (byWall && byUptime) return 'past';
    return byWall || byUptime ? 'doubtful' : 'held';
  }

  /** Milliseconds until the deadline by monotonic time, at least 0; what a timer is set to. */
  monotonicRemainingMs(): number {
    return Math.max(0, this.#from.monotonicMs + this.#ttlMs - this.#clock.monotonicMs());
  }

  /** Milliseconds for which the lease is certainly held: the least that any clock leaves; 0 unless `held`. */
  remainingMs(belief = this.belief()): number {
    if (belief !== 'held') return 0;
    return Math.min(this.monotonicRemainingMs(), Math.max(0, this.#from.wallMs + this.#ttlMs - this.#clock.wallMs()));
  }
}
