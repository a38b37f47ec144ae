import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import type { DBInfo } from '../model/db-info.js';
import type { Job } from '../model/job.js';
import { asJson } from '../model/json.js';
import { type Name, name } from '../model/name.js';
import type { TableInfo } from '../model/table-info.js';
import type { StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

interface Rename {
  readonly oldSchemaId: number;
  readonly newSchemaId: number;
  readonly oldName: string;
  readonly newName: Name;
  readonly tableId: number;
}

/** ALTER TABLE … RENAME TO. The job's database is the new one. Arguments: [old schema id, new name, old schema name]. */
export const renameTableAction = oneStep({
  type: ActionType.RenameTable,
  name: 'rename table',
  does: 'gives the table its new name, or database',
  involves: (job) => involvedIn(job, hasArguments(job) ? [renameOf(job)] : []),
  async run(step) {
    const rename = renameOf(step.job);
    const table = await renameOne(step, rename);
    step.diff({ old_schema_id: rename.oldSchemaId });
    step.ends({ table });
  },
});

/** RENAME TABLE a TO b, c TO d. Arguments: [[old schema ids], [new schema ids], [new names], [table ids], [old schema names], [old names]]. */
export const renameTablesAction = oneStep({
  type: ActionType.RenameTables,
  name: 'rename tables',
  does: 'gives all of them their new names, one after the other',
  involves: (job) => involvedIn(job, hasArguments(job) ? renamesOf(job) : []),
  async run(step) {
    const renames = renamesOf(step.job);
    const tables: TableInfo[] = [];
    for (const rename of renames) {
      tables.push(await renameOne(step, rename));
    }
    const [first, ...others] = renames.map((rename) => ({
      schema_id: rename.newSchemaId,
      table_id: rename.tableId,
      old_table_id: rename.tableId,
      old_schema_id: rename.oldSchemaId,
    }));
    step.diff({ ...first, old_table_id: 0, affected_options: others });
    step.ends({ tables });
  },
});

/** ALTER TABLE … RENAME TO …, also into another database. */
export function renameTable(
  target: TableTarget,
  to: { readonly name: string; readonly schemaId?: number; readonly schemaName?: string },
): JobSpec {
  return {
    type: ActionType.RenameTable,
    query: `alter table \`${target.tableName}\` rename to \`${to.name}\``,
    ...target,
    schemaId: to.schemaId ?? target.schemaId,
    schemaName: to.schemaName ?? target.schemaName,
    fill: () => ({ rawArgs: [target.schemaId, asJson(name(to.name)), asJson(name(target.schemaName))] }),
  };
}

/** RENAME TABLE a TO b, c TO d: in this order, and all or none. */
export function renameTables(
  renames: readonly {
    readonly table: TableTarget;
    readonly to: { readonly name: string; readonly schemaId?: number };
  }[],
  query?: string,
): JobSpec {
  const [first] = renames;
  if (first === undefined) {
    throw new DdlError('INVALID_JOB', 'rename tables needs at least one table');
  }
  return {
    type: ActionType.RenameTables,
    query:
      query ?? `rename table ${renames.map((each) => `\`${each.table.tableName}\` to \`${each.to.name}\``).join(', ')}`,
    schemaId: first.to.schemaId ?? first.table.schemaId,
    schemaName: first.table.schemaName,
    tableId: first.table.tableId,
    tableName: first.table.tableName,
    fill: () => ({
      rawArgs: [
        renames.map((each) => each.table.schemaId),
        renames.map((each) => each.to.schemaId ?? each.table.schemaId),
        renames.map((each) => asJson(name(each.to.name))),
        renames.map((each) => each.table.tableId),
        renames.map((each) => asJson(name(each.table.schemaName))),
        renames.map((each) => asJson(name(each.table.tableName))),
      ],
    }),
  };
}

async function renameOne(step: StepContext, rename: Rename): Promise<TableInfo> {
  const from = await databaseOf(step, rename.oldSchemaId);
  const to = await databaseOf(step, rename.newSchemaId);
  const table = await step.meta.table(from.id, rename.tableId);
  if (table === undefined) {
    throw new DdlError('NO_SUCH_TABLE', `Table '${from.db_name.O}.${rename.oldName}' doesn't exist`);
  }
  const taken = await step.meta.tableIdNamed(to, rename.newName.L);
  if (taken !== undefined && taken !== table.id) {
    throw new DdlError('TABLE_EXISTS', `Table '${to.db_name.O}.${rename.newName.O}' already exists`);
  }
  const autoId = await step.meta.autoId(from.id, table.id);
  step.meta.removeTable(from, table);
  const renamed = { ...table, name: rename.newName, update_timestamp: step.startTs };
  step.meta.addTable(to, renamed);
  if (autoId > 0n) {
    step.meta.setAutoId(to.id, table.id, autoId);
  }
  return renamed;
}

async function databaseOf(step: StepContext, schemaId: number): Promise<DBInfo> {
  const database = await step.meta.database(schemaId);
  if (database === undefined) {
    throw new DdlError('BAD_DATABASE', `Unknown database '(Schema ID ${schemaId})'`);
  }
  return database;
}

function renameOf(job: Job): Rename {
  const args = new Arguments(job);
  return {
    oldSchemaId: args.number(0),
    newSchemaId: job.schema_id,
    oldName: job.table_name,
    newName: args.name(1),
    tableId: job.table_id,
  };
}

function renamesOf(job: Job): readonly Rename[] {
  const args = new Arguments(job);
  const [newSchemaIds, newNames, tableIds, oldNames] = [args.numbers(1), args.names(2), args.numbers(3), args.names(5)];
  return args.numbers(0).map((oldSchemaId, at) => {
    const [newSchemaId, newName, tableId] = [newSchemaIds[at], newNames[at], tableIds[at]];
    if (newSchemaId === undefined || newName === undefined || tableId === undefined) {
      throw new DdlError('INVALID_JOB', `the lists in the arguments of job ${job.id} must have the same length`);
    }
    return { oldSchemaId, newSchemaId, newName, tableId, oldName: oldNames[at]?.O ?? String(tableId) };
  });
}

/** A job that is done has let go of its arguments, and stands in the queue until every server has its last version. */
function hasArguments(job: Job): boolean {
  return job.raw_args !== null;
}

function involvedIn(job: Job, renames: readonly Rename[]) {
  const ended = job.binlog?.MultipleTableInfos ?? [];
  return {
    tableIds: [job.table_id, ...renames.map((rename) => rename.tableId), ...ended.map((table) => table.id)],
    tableNames: renames.flatMap((rename) => [
      { schemaId: rename.oldSchemaId, table: rename.oldName },
      { schemaId: rename.newSchemaId, table: rename.newName.L },
    ]),
  };
}
