/** What a session reads the time from, in milliseconds. Only differences count. */
export interface Clock {
  /** Never set, but may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Goes on while the machine sleeps, but may be set. */
  wallMs(): number;
  /** Time since boot, sleep included; coarse (up to a second). */
  uptimeMs(): number;
}
