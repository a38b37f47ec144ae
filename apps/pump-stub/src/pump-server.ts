import type { PumpOptions, PumpState, PumpStatus } from './pump-options.js';

/**
 * A running Pump: it listens, is registered, and holds its data directory.
 *
 * ```ts
 * await using pump = await PumpServer.start({ pdUrls: ['127.0.0.1:2379'], dataDir: 'data.pump', address: '127.0.0.1:8250' });
 * ```
 */
export interface PumpServer extends AsyncDisposable {
  readonly nodeId: string;
  readonly clusterId: bigint;
  /** `host:port` of the listener. */
  readonly address: string;
  readonly state: PumpState;
  /** Settles when the Pump has ended; rejects when it ended by a fault. */
  readonly done: Promise<void>;
  status(): PumpStatus;
  /** As SIGTERM: no more Prewrites, state `paused`, pulls end, all is on disk. Idempotent. */
  close(): Promise<void>;
  /** As `PUT /state/<id>/close`: waits until every transaction is decided and every drainer has caught up, then state `offline`. */
  offline(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Starts a Pump. */
export interface StartPump {
  /** @throws PumpError any code but `POSITION_COLLECTED`, `MALFORMED_BINLOG` and `CLUSTER_MISMATCH`. */
  start(options: PumpOptions): Promise<PumpServer>;
}
