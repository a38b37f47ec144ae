import type { Action, Edge, StepContext } from '../actions/action.js';
import { DdlError } from '../errors.js';
import type { Meta } from '../meta/meta.js';
import type { DBInfo } from '../model/db-info.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import type { SchemaDiff } from '../model/schema-diff.js';
import { schemaStateName } from '../model/schema-state.js';
import type { TableInfo } from '../model/table-info.js';
import type { ReorgTask } from '../reorg/backend.js';

/** What an edge needs done before it can be taken. */
export type Backfill = Omit<ReorgTask, 'jobId'>;

/** Which of an action's three tables. */
type Way = 'forward' | 'turn' | 'rollback';

/** One edge of a job being taken: the context that its `run` gets, and what it left there. */
export class Step implements StepContext {
  readonly meta: Meta;
  readonly startTs: bigint;
  #job: Job;
  #database: DBInfo | undefined;
  #table: TableInfo | undefined;
  #tables: readonly TableInfo[] | undefined;
  #diff: Partial<SchemaDiff> = {};

  constructor(job: Job, meta: Meta, startTs: bigint) {
    this.#job = job;
    this.meta = meta;
    this.startTs = startTs;
  }

  get job(): Job {
    return this.#job;
  }

  async database(): Promise<DBInfo> {
    const database = await this.meta.database(this.#job.schema_id);
    if (database === undefined) {
      throw new DdlError(
        'BAD_DATABASE',
        `Unknown database '${this.#job.schema_name || `(Schema ID ${this.#job.schema_id})`}'`,
      );
    }
    return database;
  }

  async table(): Promise<TableInfo> {
    const { schema_id, table_id, schema_name, table_name } = this.#job;
    await this.database();
    const table = await this.meta.table(schema_id, table_id);
    if (table === undefined) {
      throw new DdlError(
        'NO_SUCH_TABLE',
        `Table '${schema_name || schema_id}.${table_name || table_id}' doesn't exist`,
      );
    }
    return table;
  }

  async saveTable(table: TableInfo): Promise<void> {
    const saved = { ...table, update_timestamp: this.startTs };
    this.meta.setTable(this.#job.schema_id, saved);
    this.#table = saved;
  }

  ends(result: {
    readonly database?: DBInfo;
    readonly table?: TableInfo;
    readonly tables?: readonly TableInfo[];
  }): void {
    this.#database = result.database ?? this.#database;
    this.#table = result.table ?? this.#table;
    this.#tables = result.tables ?? this.#tables;
  }

  change(fields: Partial<Job>): void {
    this.#job = { ...this.#job, ...fields };
  }

  diff(fields: Partial<SchemaDiff>): void {
    this.#diff = { ...this.#diff, ...fields };
  }

  /** Takes an edge: runs it, and puts the job where the edge says it goes. */
  async take(edge: Edge): Promise<void> {
    await edge.run(this);
    this.change({ state: edge.job, schema_state: edge.to });
  }

  /** Makes the step's version, with its diff. */
  async makeVersion(): Promise<bigint> {
    const version = await this.meta.makeSchemaVersion();
    this.meta.setDiff({
      version,
      type: this.#job.type,
      schema_id: this.#job.schema_id,
      table_id: this.#job.table_id,
      old_table_id: 0,
      old_schema_id: 0,
      regenerate_schema_map: false,
      affected_options: null,
      ...this.#diff,
    });
    return version;
  }

  /** Lets the job's history end with what this step left. */
  keepResult(version: bigint | undefined): void {
    const binlog = this.#job.binlog ?? {
      SchemaVersion: 0n,
      DBInfo: null,
      TableInfo: null,
      FinishedTS: 0n,
      MultipleTableInfos: null,
    };
    this.change({
      binlog: {
        ...binlog,
        SchemaVersion: version ?? binlog.SchemaVersion,
        DBInfo: this.#database ?? binlog.DBInfo,
        TableInfo: this.#table ?? binlog.TableInfo,
        MultipleTableInfos: this.#tables ?? binlog.MultipleTableInfos ?? null,
      },
    });
  }
}

/** The arrow a job takes next on its way there, or back. */
export async function nextEdge(action: Action, step: Step, way: Way): Promise<Edge | undefined> {
  for (const edge of action[way]) {
    if (edge.from === step.job.schema_state && (edge.when === undefined || (await edge.when(step)))) {
      return edge;
    }
  }
  return undefined;
}

/** The same, for a job that must have one. */
export async function requireEdge(action: Action, step: Step, way: Way): Promise<Edge> {
  const edge = await nextEdge(action, step, way);
  if (edge === undefined) {
    const { id, schema_state } = step.job;
    const state = schemaStateName(schema_state);
    throw new DdlError(
      'INVALID_STATE',
      `Invalid DDL state: job ${id}, "${action.name}", has no step ${way} from ${state}`,
    );
  }
  return edge;
}

/** Whether nothing of a job is there yet, so that it can end without a trace. */
export function hasNotBegun(action: Action, job: Job): boolean {
  return job.schema_state === action.initial && job.state !== JobState.Rollingback && job.multi_schema_info === null;
}
