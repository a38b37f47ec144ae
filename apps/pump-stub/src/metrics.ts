import { Counter, Gauge, Histogram, Pushgateway, Registry } from 'prom-client';
import type { BinlogFields } from './binlog/fields.js';
import type { DiskSpace } from './disk-space.js';
import type { JobCheck } from './job-check.js';
import type { WrittenGroup } from './log/value-log.js';
import type { PumpState } from './pump-options.js';
import type { Settler } from './settler.js';
import type { BinlogStore, StoreErrorType } from './store/binlog-store.js';
import type { Collected } from './store/collection.js';
import type { StallChange } from './store/index-writer.js';
import { physicalMs } from './timestamp-source.js';

const pushMs = 5_000;
const states: readonly PumpState[] = ['online', 'pausing', 'paused', 'closing', 'offline'];
const seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const sizes = [1024, 4096, 16_384, 65_536, 262_144, 1 << 20, 4 << 20, 16 << 20, 64 << 20];

/** What the gauges look at when they are asked. */
export interface Observed {
  readonly store: BinlogStore;
  readonly space: () => DiskSpace;
  readonly state: () => PumpState;
  readonly settler: Settler;
  readonly jobCheck: JobCheck | undefined;
}

/** The Prometheus metrics: a real Pump's names where it has one, and what an operator asks when it is stuck. */
export class PumpMetrics {
  readonly #registry = new Registry();
  readonly #rpc = new Histogram({
    name: 'binlog_pump_rpc_duration_seconds',
    help: 'Duration of the calls that were served.',
    labelNames: ['method', 'label'],
    buckets: seconds,
    registers: [this.#registry],
  });
  readonly #writeTime = new Histogram({
    name: 'binlog_pump_storage_write_binlog_duration_time',
    help: 'Seconds to write a group to the disk, its sync included (to_disk), and of the sync alone (fsync).',
    labelNames: ['type'],
    buckets: seconds,
    registers: [this.#registry],
  });
  readonly #writeSize = new Histogram({
    name: 'binlog_pump_storage_write_binlog_size',
    help: 'Bytes of a binlog (single) or of a group that went to the disk together (batch).',
    labelNames: ['type'],
    buckets: sizes,
    registers: [this.#registry],
  });
  readonly #deletedFiles = new Counter({
    name: 'binlog_pump_storage_deleted_files_total',
    help: 'Value log files deleted by garbage collection.',
    registers: [this.#registry],
  });
  readonly #deletedEntries = new Counter({
    name: 'binlog_pump_storage_deleted_kv_total',
    help: 'Entries of the index deleted by garbage collection.',
    registers: [this.#registry],
  });
  readonly #collectedUpTo = new Gauge({
    name: 'binlog_pump_storage_done_gc_ts',
    help: 'Milliseconds since 1970 up to which garbage collection has deleted.',
    registers: [this.#registry],
  });
  readonly #errors = new Counter({
    name: 'binlog_pump_storage_error_count',
    help: 'Failures of the storage: write_log, write_index, read_value, feed_pre_write_value.',
    labelNames: ['type'],
    registers: [this.#registry],
  });
  readonly #stalls = new Counter({
    name: 'binlog_pump_storage_slow_chaser_count',
    help: 'How often writers began (turned_on) and ceased (turned_off) to wait for the index.',
    labelNames: ['type'],
    registers: [this.#registry],
  });
  readonly #late = new Counter({
    name: 'binlog_pump_late_binlogs_total',
    help: 'Outcomes that came when the watermark had passed their commit_ts, and that readers may have missed here.',
    registers: [this.#registry],
  });
  readonly #overtakenDrainers = new Counter({
    name: 'binlog_pump_detected_drainer_binlog_purge_count',
    help: 'How often a drainer was found behind what garbage collection has taken.',
    labelNames: ['id'],
    registers: [this.#registry],
  });

  constructor() {
    // An alert on a change needs a beginning.
    for (const type of ['write_log', 'write_index', 'read_value', 'feed_pre_write_value'])
      this.#errors.inc({ type }, 0);
    for (const type of ['turned_on', 'turned_off']) this.#stalls.inc({ type }, 0);
  }

  /** The text of `GET /metrics`. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  observeCall = (method: string, label: 'succ' | 'fail', duration: number): void => {
    this.#rpc.observe({ method, label }, duration);
  };

  observeSync = ({ writeSeconds, syncSeconds, bytes }: WrittenGroup): void => {
    this.#writeTime.observe({ type: 'to_disk' }, writeSeconds + syncSeconds);
    this.#writeTime.observe({ type: 'fsync' }, syncSeconds);
    this.#writeSize.observe({ type: 'batch' }, bytes);
  };

  observeBinlogs(binlogs: readonly BinlogFields[]): void {
    for (const { payload } of binlogs) this.#writeSize.observe({ type: 'single' }, payload.length);
  }

  observeCollected = ({ files, entries, upTo }: Collected): void => {
    this.#deletedFiles.inc(files);
    this.#deletedEntries.inc(entries);
    if (upTo > 0n) this.#collectedUpTo.set(physicalMs(upTo));
  };

  countError = (type: StoreErrorType): void => this.#errors.inc({ type });

  countStall = (type: StallChange): void => this.#stalls.inc({ type });

  countLate = (): void => this.#late.inc();

  countOvertakenDrainer(id: string): void {
    this.#overtakenDrainers.inc({ id });
  }

  /** Sends all of it to a push gateway, as job `binlog` of this instance. */
  async push(gateway: string, instance: string, signal: AbortSignal): Promise<void> {
    const url = /^\w+:\/\//.test(gateway) ? gateway : `http://${gateway}`;
    const ends = AbortSignal.any([signal, AbortSignal.timeout(pushMs)]);
    await new Pushgateway(url, { signal: ends }, this.#registry).push({
      jobName: 'binlog',
      groupings: { instance },
    });
  }

  /** Makes the gauges, which read their values when they are asked for. */
  watch(observed: Observed): void {
    const { store, space, settler, jobCheck } = observed;
    this.#gauge('binlog_pump_storage_max_commit_ts', 'Milliseconds since 1970 of the watermark.', () =>
      physicalMs(store.watermark),
    );
    this.#gauge('binlog_pump_storage_gc_ts', 'Milliseconds since 1970 before which pulls are refused.', () =>
      physicalMs(store.gcTs),
    );
    this.#gauge(
      'binlog_pump_loss_binlog_count',
      'Commits left out of pulls since their Prewrite is not here.',
      () => store.status().lost,
    );
    this.#gauge(
      'binlog_pump_undecided',
      'Transactions whose Commit or Rollback has not come.',
      () => store.status().undecided,
    );
    this.#gauge(
      'binlog_pump_oldest_undecided_seconds',
      'How long the transaction that holds the watermark has waited.',
      () => (store.status().oldestUndecided?.waitingMs ?? 0) / 1000,
    );
    this.#gauge('binlog_pump_pending_bytes', 'Bytes that wait for the disk.', () => store.status().pendingBytes);
    this.#gauge(
      'binlog_pump_index_queue',
      'Durable binlogs that wait for the index.',
      () => store.status().queuedIndexEntries,
    );
    this.#gauge('binlog_pump_log_bytes', 'Bytes of the value log.', () => store.status().logBytes);
    this.#gauge('binlog_pump_state', '0 online, 1 pausing, 2 paused, 3 closing, 4 offline.', () =>
      states.indexOf(observed.state()),
    );
    this.#gauge(
      'binlog_pump_storage_query_tikv_count',
      'Questions to the storage about undecided transactions.',
      () => settler.counts.asked,
    );
    this.#gauge('binlog_pump_settle_failures', 'Questions to the storage that failed.', () => settler.counts.failed);
    this.#gauge(
      'binlog_pump_illegal_ddl_binlogs',
      'DDL binlogs that do not fit the state of their job.',
      () => jobCheck?.illegalCount ?? 0,
    );
    new Gauge({
      name: 'binlog_pump_storage_storage_size_bytes',
      help: 'Size of the disk.',
      labelNames: ['type'],
      registers: [this.#registry],
      collect() {
        this.set({ type: 'capacity' }, space().capacity);
        this.set({ type: 'available' }, space().available);
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
