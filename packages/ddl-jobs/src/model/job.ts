import { type ActionType, actionTypeName } from './action-type.js';
import type { DBInfo } from './db-info.js';
import type { ErrorObject } from './error-object.js';
import { JobState, jobStateName } from './job-state.js';
import type { Json } from './json.js';
import { SchemaState, schemaStateName } from './schema-state.js';
import type { TableInfo } from './table-info.js';

/** What a job leaves to those who rebuild the schema from the history (Drainer does): the member `binlog` of a job. */
export interface HistoryInfo {
  /** The version that the last step made. */
  readonly SchemaVersion: bigint;
  /** The database as it ended; for a drop, as it was. */
  readonly DBInfo: DBInfo | null;
  /** The table as it ended; for a drop, as it was. */
  readonly TableInfo: TableInfo | null;
  /** start_ts of the transaction that moved the job into the history. */
  readonly FinishedTS: bigint;
  readonly MultipleTableInfos?: readonly TableInfo[] | null;
}

/** One action of an ALTER that has several. */
export interface SubJob {
  readonly type: ActionType;
  readonly raw_args: Json;
  readonly schema_state: SchemaState;
  readonly snapshot_ver: bigint;
  readonly real_start_ts?: bigint;
  /** Whether it can still be undone; it stops before the step that would end that, until all the others are there too. */
  readonly revertible: boolean;
  readonly state: JobState;
  readonly row_count: number;
  readonly warning: ErrorObject | null;
  readonly schema_version: bigint;
  readonly reorg_tp?: number;
}

/** The actions of an ALTER that has several: all of them happen, or none. */
export interface MultiSchemaInfo {
  readonly sub_jobs: readonly SubJob[];
  readonly revertible: boolean;
}

/** A DDL job, with TiDB's JSON names. Members that are not listed here are kept as they are. */
export interface Job {
  /** From the global id counter, as table and database ids are. */
  readonly id: number;
  readonly type: ActionType;
  readonly schema_id: number;
  readonly table_id: number;
  readonly schema_name: string;
  readonly table_name: string;
  readonly state: JobState;
  readonly warning: ErrorObject | null;
  /** Why it failed or was undone. */
  readonly err: ErrorObject | null;
  /** How many of its steps have failed so far. */
  readonly err_count: number;
  /** Rows backfilled so far. */
  readonly row_count: number;
  /** The action's arguments: an array in version 1, an object in version 2 (TiDB 8.4 on). */
  readonly raw_args: Json;
  /** The state of the element it works on. */
  readonly schema_state: SchemaState;
  /** The timestamp whose rows the backfill reads; 0n before it began. */
  readonly snapshot_ver: bigint;
  /** start_ts of its first step. */
  readonly real_start_ts: bigint;
  /** start_ts of the transaction that queued it. */
  readonly start_ts: bigint;
  /** Last job of the other queue that must end before it begins; 0 for none. */
  readonly dependency_id: number;
  /** The statement, as the user wrote it. */
  readonly query: string;
  readonly binlog: HistoryInfo | null;
  /** Version of the arguments' shape. */
  readonly version: number;
  readonly reorg_meta: Json;
  readonly multi_schema_info: MultiSchemaInfo | null;
  readonly priority: number;
  /** Order in which jobs came to their end. */
  readonly seq_num: bigint;
  /** The version that its last step made, for whose barrier a new owner waits first (TiDB 8 on). */
  readonly last_schema_version?: bigint;
}

/** The two lists that jobs wait in: those that backfill rows do not hold up the rest. */
export type QueueName = 'general' | 'reorg';

/** A job as it enters the queue. */
export function newJob(fields: Pick<Job, 'id' | 'type'> & Partial<Job>): Job {
  const { id, type, ...rest } = fields;
  return {
    id,
    type,
    schema_id: 0,
    table_id: 0,
    schema_name: '',
    table_name: '',
    state: JobState.None,
    warning: null,
    err: null,
    err_count: 0,
    row_count: 0,
    raw_args: null,
    schema_state: SchemaState.None,
    snapshot_ver: 0n,
    real_start_ts: 0n,
    start_ts: 0n,
    dependency_id: 0,
    query: '',
    binlog: { SchemaVersion: 0n, DBInfo: null, TableInfo: null, FinishedTS: 0n, MultipleTableInfos: null },
    version: 1,
    reorg_meta: null,
    multi_schema_info: null,
    priority: 0,
    seq_num: 0n,
    ...rest,
  };
}

/** Milliseconds since 1970 of a timestamp of the oracle (ms << 18 | logical). */
export function timestampToMs(timestamp: bigint): number {
  return Number(timestamp >> 18n);
}

/** A job as one line of ADMIN SHOW DDL (RUNNING_JOBS). */
export function describeJob(job: Job, typeName: string | undefined = actionTypeName(job.type)): string {
  const argCount = Array.isArray(job.raw_args) ? job.raw_args.length : job.raw_args === null ? 0 : 1;
  // Go leaves out the zeros at the end of a fraction.
  const started = new Date(timestampToMs(job.start_ts))
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, ' +0000 UTC');
  const text =
    `ID:${job.id}, Type:${typeName ?? 'none'}, State:${jobStateName(job.state)}, ` +
    `SchemaState:${schemaStateName(job.schema_state)}, SchemaID:${job.schema_id}, TableID:${job.table_id}, ` +
    `RowCount:${job.row_count}, ArgLen:${argCount}, start time: ${started}`;
  if (job.err === null) {
    return text;
  }
  const error = `[${job.err.rfccode ?? `${job.err.class}:${job.err.code}`}]${job.err.message}`;
  return `${text}, Err:${error}, ErrCount:${job.err_count}, SnapshotVersion:${job.snapshot_ver}`;
}
