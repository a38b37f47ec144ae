import type { PumpError } from './errors.js';
import type { PulledBatch } from './store/pull.js';

/** A write of many that was not taken. */
export interface RefusedWrite {
  /** Its place among them. */
  readonly index: number;
  readonly error: PumpError;
}

/** What the services ask of the Pump behind them, wherever it runs. */
export interface PumpBackend {
  /**
   * Settles when the binlog is durable.
   *
   * @throws PumpError `CLUSTER_MISMATCH`, `MALFORMED_BINLOG`, `NOT_ONLINE`, `NO_SPACE`, `LOG_FAILED`, `CLOSED`.
   */
  write(clusterId: bigint, payload: Uint8Array): Promise<void>;
  /** Settles when all are durable, but for those that it names: each had failed as a single write. It never rejects. */
  writeAll(clusterId: bigint, payloads: readonly Uint8Array[]): Promise<readonly RefusedWrite[]>;
  /**
   * Binlogs after a commit_ts, until the signal is aborted or the Pump closes.
   *
   * @throws PumpError `CLUSTER_MISMATCH`, `POSITION_COLLECTED`, `CORRUPTED`.
   */
  pull(
    clusterId: bigint,
    after: bigint,
    options: { readonly signal: AbortSignal; readonly batchBytes: number },
  ): AsyncIterable<PulledBatch>;
}
