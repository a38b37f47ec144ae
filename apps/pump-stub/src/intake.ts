import type { PumpBackend, RefusedWrite } from './backend.js';
import { type BinlogFields, binlogType, isFake } from './binlog/fields.js';
import { scanBinlog } from './binlog/scan.js';
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
  /** Told of the binlogs that others wrote and that are durable. */
  readonly onStored?: (binlogs: readonly BinlogFields[]) => void;
}

const none: readonly RefusedWrite[] = [];

/** Decides what is taken, by a real Pump's rules in a real Pump's order (spec 5.2). */
export class Intake implements PumpBackend {
  /** Calls so far, the refused ones too: a Pump that is called writes no fake binlogs. */
  calls = 0;

  constructor(readonly options: IntakeOptions) {}

  async write(clusterId: bigint, payload: Uint8Array): Promise<void> {
    const binlog = this.#admit(clusterId, payload);
    if (binlog) await this.#write([binlog]);
  }

  async writeAll(clusterId: bigint, payloads: readonly Uint8Array[]): Promise<readonly RefusedWrite[]> {
    const taken: BinlogFields[] = [];
    let refused: RefusedWrite[] | undefined;
    for (let index = 0; index < payloads.length; index++) {
      try {
        const binlog = this.#admit(clusterId, payloads[index] as Uint8Array);
        if (binlog) taken.push(binlog);
      } catch (error) {
        refused ??= [];
        refused.push({ index, error: PumpError.from(error) });
      }
    }
    if (taken.length === 0) return refused ?? none;
    try {
      await this.#write(taken);
      return refused ?? none;
    } catch (cause) {
      const error = PumpError.from(cause);
      const known = new Map(refused?.map((refusal) => [refusal.index, refusal]));
      return payloads.map((_, index) => known.get(index) ?? { index, error });
    }
  }

  /** Stores what passes the rules that also hold for binlogs of the Pump's own making. */
  async store(binlog: BinlogFields): Promise<void> {
    this.#checkSpace(binlog);
    await this.options.store.write([binlog]);
  }

  async *pull(
    clusterId: bigint,
    after: bigint,
    options: { readonly signal: AbortSignal; readonly batchBytes: number },
  ): AsyncGenerator<PulledBatch, void> {
    this.#checkCluster(clusterId);
    yield* this.options.store.pull(after, options);
  }

  /** @returns undefined for the empty probe, which asks only whether the Pump is there. */
  #admit(clusterId: bigint, payload: Uint8Array): BinlogFields | undefined {
    this.calls++;
    this.#checkCluster(clusterId);
    const binlog = scanBinlog(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
    const state = this.options.state();
    if (binlog.type === binlogType.prewrite && state !== 'online') {
      throw new PumpError('NOT_ONLINE', `no online: ${state}`);
    }
    this.#checkSpace(binlog);
    return binlog.startTs === 0n && binlog.commitTs === 0n ? undefined : binlog;
  }

  async #write(binlogs: readonly BinlogFields[]): Promise<void> {
    await this.options.store.write(binlogs);
    this.options.onStored?.(binlogs);
  }

  #checkSpace(binlog: BinlogFields): void {
    const { available } = this.options.space();
    const { stopWriteAtAvailableSpace: limit } = this.options;
    if (available > limit || isFake(binlog)) return;
    throw new PumpError(
      'NO_SPACE',
      `no available space, available: ${available}, StopWriteAtAvailableSpace: ${limit}; make room, shorten --gc, or set --gc-max-bytes`,
    );
  }

  #checkCluster(clusterId: bigint): void {
    if (clusterId === this.options.clusterId) return;
    throw new PumpError('CLUSTER_MISMATCH', `cluster ID are mismatch, ${clusterId} vs ${this.options.clusterId}`);
  }
}
