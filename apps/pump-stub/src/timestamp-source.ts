/**
 * Where a Pump takes timestamps from (milliseconds << 18 | logical).
 *
 * A Pump writes a timestamp into its log as a fake binlog when nothing else comes. That says to every reader: "I hold all
 * that was committed up to here". So a source must never be ahead of the oracle that the writers use: each commit
 * timestamp handed out after `next` gave its answer must be greater than that answer. (What is handed out before has its Prewrite in the
 * log already, in front of the fake.)
 */
export interface TimestampSource {
  /** @throws PumpError `REGISTRY_FAILED` when the oracle does not answer. */
  next(options: { readonly signal: AbortSignal }): Promise<bigint>;
  close?(): Promise<void>;
}

/** Milliseconds since 1970 of a timestamp. */
export function physicalMs(timestamp: bigint): number {
  return Number(timestamp >> 18n);
}

/** The smallest timestamp of a millisecond. */
export function timestampOfMs(ms: number): bigint {
  return BigInt(Math.floor(ms)) << 18n;
}
