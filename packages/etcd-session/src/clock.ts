import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';

/** What a session reads the time from, in milliseconds. Only differences count. */
export interface Clock {
  /** Never set, but may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Goes on while the machine sleeps, but may be set. */
  wallMs(): number;
  /** Time since boot, sleep included; coarse (up to a second). */
  uptimeMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  uptimeMs: () => uptime() * 1000,
};
