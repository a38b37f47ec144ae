import type { ActionType } from '../model/action-type.js';
import type { Json } from '../model/json.js';
import type { SchemaState } from '../model/schema-state.js';

/** A job that is to be submitted. Made by the builders (`createTable(…)`, `addColumn(…)`), so that nobody writes arguments by hand. */
export interface JobSpec {
  readonly type: ActionType;
  readonly schemaId: number;
  readonly schemaName: string;
  readonly tableId?: number;
  readonly tableName?: string;
  /** The statement, as it goes into the history and the binlog. */
  readonly query?: string;
  /** Where the element begins: Public for what is dropped. */
  readonly schemaState?: SchemaState;
  /** How many global ids the job needs beside its own, for the tables and databases it creates. */
  readonly newIds?: number;
  /** The rest of the job, once the ids are known. */
  readonly fill: (newIds: readonly number[]) => {
    readonly rawArgs: Json;
    readonly schemaId?: number;
    readonly tableId?: number;
  };
  /** The actions of an ALTER that has several. */
  readonly subJobs?: readonly JobSpec[];
  /** Goes into `reorg_meta`: SQL mode, warnings, time zone. */
  readonly reorgMeta?: Json;
  readonly priority?: number;
}

/** The table a builder is about. */
export interface TableTarget {
  readonly schemaId: number;
  readonly schemaName: string;
  readonly tableId: number;
  readonly tableName: string;
  readonly query?: string;
}
