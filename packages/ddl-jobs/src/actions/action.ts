import type { Meta } from '../meta/meta.js';
import type { ActionType } from '../model/action-type.js';
import type { DBInfo } from '../model/db-info.js';
import type { Job, QueueName } from '../model/job.js';
import type { JobState } from '../model/job-state.js';
import type { SchemaDiff } from '../model/schema-diff.js';
import type { SchemaState } from '../model/schema-state.js';
import type { TableInfo } from '../model/table-info.js';
import type { ReorgTask } from '../reorg/backend.js';

/**
 * One arrow of an action's state table: one step of a job, in one transaction. What it declares is what the worker holds it to, what the
 * README shows and what the tests walk.
 */
export interface Edge {
  readonly from: SchemaState;
  readonly to: SchemaState;
  /** State of the job after it: Running or Rollingback while there is more to do, else Done or RollbackDone. */
  readonly job: JobState;
  /** Whether it makes a schema version, and so a barrier before the next step. */
  readonly version: boolean;
  /** What it does, in a few words: a cell of the README's table. */
  readonly does: string;
  /** Where two arrows leave one state: whether this one is to be taken. The first that applies is. */
  readonly when?: (step: StepContext) => boolean | Promise<boolean>;
  /** After it there is no way back: in a multi-schema change it waits until every other action has come as far. */
  readonly commits?: boolean;
  /**
   * With it the table is what the job makes it, though steps follow: rows are written without what goes. By `'done'` the DDL binlog goes with it, and its
   * version is the one in the history, so that who reads rows by either finds their columns.
   */
  readonly takesEffect?: boolean;
  /** By `'done'` a DDL binlog goes with it, beside the one of the job's end. */
  readonly announces?: boolean;
  /** Rows that have to be backfilled before it may be taken; undefined when there is nothing to do. */
  readonly backfill?: (step: StepContext) => Promise<Omit<ReorgTask, 'jobId'> | undefined>;
  /** Writes what it does into the step's transaction. Throws a DdlError whose `endsJob` is true to end the job. */
  readonly run: (step: StepContext) => Promise<void>;
}

/** What a job touches. Jobs that touch the same run one after the other, in the order they were queued. */
export interface Involved {
  /** Databases that it creates, drops or alters as a whole, by id. */
  readonly schemaIds?: readonly number[];
  /** The same by name, where two jobs could mean one name under two ids. */
  readonly schemaNames?: readonly string[];
  /** Tables it changes, by id. */
  readonly tableIds?: readonly number[];
  /** Names of tables it takes or gives up. */
  readonly tableNames?: readonly { readonly schemaId: number; readonly table: string }[];
}

/** A schema change: its state tables and what it needs to know. One file each in this folder. */
export interface Action {
  readonly type: ActionType;
  /** As ADMIN SHOW DDL JOBS calls it. */
  readonly name: string;
  readonly queue: QueueName;
  /** Where its element begins: None for what is created, Public for what is dropped. */
  readonly initial: SchemaState;
  /** The way there. */
  readonly forward: readonly Edge[];
  /** The step in which a job that has begun turns round, by the state it stands in. */
  readonly turn: readonly Edge[];
  /** The way back after that. */
  readonly rollback: readonly Edge[];
  /** The schema states in which ADMIN CANCEL and PAUSE may still stop it. */
  readonly cancellable: readonly SchemaState[];
  /** Whether its end is told to the DDL binlog; true unless told. */
  readonly binlog?: boolean;
  involves(job: Job): Involved;
}

/** What an edge's `run` works with. Everything it writes goes into the step's transaction, and out again when the step fails. */
export interface StepContext {
  /** The job as it stands before this step, with the changes made by {@link change}. */
  readonly job: Job;
  readonly meta: Meta;
  /** start_ts of the step's transaction. */
  readonly startTs: bigint;
  /** The job's database; BAD_DATABASE when it is missing. */
  database(): Promise<DBInfo>;
  /** The job's table; NO_SUCH_TABLE when it is missing. */
  table(): Promise<TableInfo>;
  /** Writes the job's table and lets the job's history end with it. */
  saveTable(table: TableInfo): Promise<void>;
  /** Lets the job's history end with a database or table that this step created, changed or removed. */
  ends(result: {
    readonly database?: DBInfo;
    readonly table?: TableInfo;
    readonly tables?: readonly TableInfo[];
  }): void;
  /** Changes members of the job that the worker does not set by itself: arguments, table id, snapshot, … */
  change(fields: Partial<Job>): void;
  /** What the version's diff says beyond the job's own ids. */
  diff(fields: Partial<SchemaDiff>): void;
}

/** Writes an action of one's own, with its type checked: the same object comes back. */
export function defineAction<A extends Action>(action: A): A {
  return action;
}
