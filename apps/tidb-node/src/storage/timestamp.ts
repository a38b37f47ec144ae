import type { Timestamp } from './types.js';

/** Bits of a timestamp below its milliseconds. */
export const LOGICAL_BITS = 18n;

/** The milliseconds since 1970 of a timestamp. */
export function physicalMs(ts: Timestamp): number {
  return Number(ts >> LOGICAL_BITS);
}
