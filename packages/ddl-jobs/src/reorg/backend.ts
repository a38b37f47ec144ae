import type { ColumnInfo } from '../model/column-info.js';
import type { IndexInfo } from '../model/index-info.js';
import type { CountedWarning, ReorgSession } from '../model/reorg-meta.js';
import type { TableInfo } from '../model/table-info.js';

/** What is to be backfilled. */
export interface ReorgTask {
  readonly jobId: number;
  readonly schemaId: number;
  /** The table in the state in which it is backfilled: write reorganization. */
  readonly table: TableInfo;
  /** Indexes to fill from the rows. */
  readonly indexes: readonly IndexInfo[];
  /** A column to fill from another one, whose type it replaces. */
  readonly column?: { readonly from: ColumnInfo; readonly to: ColumnInfo };
  /** A change that allows less than before (NULL → NOT NULL): every row has to fit, nothing is written. */
  readonly check?: { readonly from: ColumnInfo; readonly to: ColumnInfo };
  /** Rows of this timestamp have to be there in the end; later ones were written with the element already maintained. */
  readonly snapshotTs: bigint;
  /** How values are converted: as in the session that submitted the job. Undefined when the job does not say. */
  readonly session?: ReorgSession | undefined;
}

/** Rows of one physical table (the table, or a partition) from `start` up to but not including `end`. */
export interface ReorgRange {
  readonly physicalId: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** What one batch did. */
export interface ReorgBatch {
  /** Rows it looked at. */
  readonly rows: number;
  /** Where the next batch of this range begins; undefined when the range is done. */
  readonly next: Uint8Array | undefined;
  /** What converting its rows warned of. They are counted in the job's `reorg_meta`, for who submitted it. */
  readonly warnings?: readonly CountedWarning[];
}

/**
 * The storage's part of a backfill: it knows how rows and index entries are laid out. The worker asks it for ranges, hands them back batch
 * by batch, and writes the checkpoints.
 */
export interface ReorgBackend {
  /** The whole of a physical table, as one range; undefined when it has no rows. */
  range(
    task: ReorgTask,
    physicalId: number,
    options: { readonly signal: AbortSignal },
  ): Promise<ReorgRange | undefined>;
  /** Cuts a range into at most so many parts of about the same size, in order and without gaps. May return it whole. */
  split(
    task: ReorgTask,
    range: ReorgRange,
    parts: number,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly ReorgRange[]>;
  /**
   * Backfills up to `batchSize` rows from the start of a range, in one transaction of the storage: a row that a writer changes meanwhile must
   * win or be done again, and doing a batch twice must change nothing.
   *
   * @throws DdlError with code DUPLICATE_ENTRY (or another one whose `endsJob` is true) when the rows do not allow it: the job goes back.
   *   Any other error is counted and the batch tried again.
   */
  backfill(
    task: ReorgTask,
    range: ReorgRange,
    options: { readonly batchSize: number; readonly signal: AbortSignal },
  ): Promise<ReorgBatch>;
}

/** How fast a backfill goes. Can be changed while it runs. */
export interface ReorgSpeed {
  /** Rows in one batch; default 256. */
  readonly batchSize: number;
  /** Ranges that are backfilled at the same time; default 4. */
  readonly concurrency: number;
  /** Most rows in a second over all ranges of this worker; no limit unless told. */
  readonly rowsPerSecond: number | undefined;
}
