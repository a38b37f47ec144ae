import type { Timestamp } from './types.js';

/** Bits of a timestamp below its milliseconds. */
export const LOGICAL_BITS = 18n;

/** The milliseconds since 1970 of a timestamp. */
export function physicalMs(ts: Timestamp): number {
  return Number(ts >> LOGICAL_BITS);
}

/** The first timestamp of a millisecond. */
export function timestampOfMs(ms: number): Timestamp {
  return BigInt(Math.trunc(ms)) << LOGICAL_BITS;
}
