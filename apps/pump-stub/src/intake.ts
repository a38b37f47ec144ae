import type { PumpBackend } from './backend.js';
import { type BinlogFields, binlogType, isFake, scanBinlog } from './binlog-fields.js';
import type { DiskSpace } from './disk-space.js';
import { PumpError } from './errors.js';
import type { PumpState } from './pump-options.js';
import type { BinlogStore } from './store/binlog-store.js';
import type { PulledBatch } from './store/pull.js';

export interface IntakeOptions {
  readonly clusterId: bigint;
  readonly store: BinlogStore;
  readonly stopWriteAtAvailableSpace: number;
  readonly state: () => PumpState;
  readonly space: () => DiskSpace;
  /** Told of each binlog that others wrote and that is durable. */
  readonly onStored?: (binlog: BinlogFields) => void;
}

/** Decides what is taken, by a real Pump's rules in a real Pump's order (spec 5.2). */
export class Intake implements PumpBackend {
  /** Calls so far, the refused ones too: a Pump that is called writes no fake binlogs. */
  calls = 0;

  constructor(readonly options: IntakeOptions) {}

  async write(clusterId: bigint, payload: Uint8Array): Promise<void> {
    this.calls++;
    this.#checkCluster(clusterId);
    const binlog = scanBinlog(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
    const state = this.options.state();
    if (binlog.type === binlogType.prewrite && state !== 'online') {
      throw new PumpError('NOT_ONLINE', `no online: ${state}`);
    }
    await this.store(binlog);
    this.options.onStored?.(binlog);
  }

  /** Stores what passes the rules that also hold for binlogs of the Pump's own making. */
  async store(binlog: BinlogFields): Promise<void> {
    const { available } = this.options.space();
    const { stopWriteAtAvailableSpace: limit } = this.options;
    if (available <= limit && !isFake(binlog)) {
      throw new PumpError(
        'NO_SPACE',
        `no available space, available: ${available}, StopWriteAtAvailableSpace: ${limit}; make room, shorten --gc, or set --gc-max-bytes`,
      );
    }
    // An empty payload only asks whether the Pump is there.
    if (binlog.startTs === 0n && binlog.commitTs === 0n) return;
    await this.options.store.write(binlog);
  }

  async *pull(
    clusterId: bigint,
    after: bigint,
    options: { readonly signal: AbortSignal; readonly batchBytes: number },
  ): AsyncGenerator<PulledBatch, void> {
    this.#checkCluster(clusterId);
    yield* this.options.store.pull(after, options);
  }

  #checkCluster(clusterId: bigint): void {
    if (clusterId === this.options.clusterId) return;
    throw new PumpError('CLUSTER_MISMATCH', `cluster ID are mismatch, ${clusterId} vs ${this.options.clusterId}`);
  }
}
