import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { tableOf } from '../model/codec.js';
import { asJson } from '../model/json.js';
import { SchemaState } from '../model/schema-state.js';
import { findColumn } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec } from './job-spec.js';

/** CREATE TABLE. Arguments: [TableInfo]. */
export const createTableAction = oneStep({
  type: ActionType.CreateTable,
  name: 'create table',
  does: 'writes the table',
  involves: (job) => ({
    tableIds: [job.table_id],
    tableNames: [{ schemaId: job.schema_id, table: job.table_name }],
  }),
  async run(step) {
    const table = tableOf(new Arguments(step.job).object(0));
    checkColumns(table);
    await addNewTable(step, table);
    if (table.auto_inc_id > 1n) {
      step.meta.setAutoId(step.job.schema_id, step.job.table_id, table.auto_inc_id - 1n);
    }
  },
});

/** CREATE TABLE. Make the table with `newTableInfo`; partitions get their ids here. */
export function createTable(
  target: { readonly schemaId: number; readonly schemaName: string; readonly query?: string },
  table: TableInfo,
): JobSpec {
  const partitions = table.partition?.definitions ?? [];
  return {
    type: ActionType.CreateTable,
    query: `create table \`${table.name.O}\``,
    ...target,
    tableName: table.name.O,
    newIds: 1 + partitions.length,
    fill: ([tableId = 0, ...partitionIds]) => ({
      tableId,
      rawArgs: [asJson({ ...table, id: tableId, partition: withIds(table, partitionIds) })],
    }),
  };
}

/** CREATE TABLE … LIKE …: the same columns and indexes under another name, empty. */
export function createTableLike(
  target: { readonly schemaId: number; readonly schemaName: string; readonly query?: string },
  name: string,
  original: TableInfo,
): JobSpec {
  if (original.view !== null) {
    throw new DdlError('WRONG_OBJECT', `'${target.schemaName}.${original.name.O}' is not BASE TABLE`);
  }
  const query = `create table \`${name}\` like \`${original.name.O}\``;
  return createTable(
    { query, ...target },
    {
      ...original,
      name: { O: name, L: name.toLowerCase() },
      // What is on its way into the original, or out of it, is not part of the copy.
      cols: original.cols.filter((column) => column.state === SchemaState.Public),
      index_info: original.index_info.filter((index) => index.state === SchemaState.Public),
      state: SchemaState.None,
      auto_inc_id: 0n,
      fk_info: null,
      max_fk_id: 0,
    },
  );
}

/** Writes a new table, public, under the name that the job takes. */
export async function addNewTable(step: StepContext, table: TableInfo): Promise<void> {
  const database = await step.database();
  if ((await step.meta.tableIdNamed(database, table.name.L)) !== undefined) {
    throw new DdlError('TABLE_EXISTS', `Table '${database.db_name.O}.${table.name.O}' already exists`);
  }
  const added = { ...table, id: step.job.table_id, state: SchemaState.Public, update_timestamp: step.startTs };
  step.meta.addTable(database, added);
  step.ends({ table: added });
}

/** New ids for a table's partitions. */
export function withIds(table: TableInfo, ids: readonly number[]): TableInfo['partition'] {
  const partition = table.partition;
  return partition === null
    ? null
    : {
        ...partition,
        definitions: (partition.definitions ?? []).map((each, at) => ({ ...each, id: ids[at] ?? each.id })),
      };
}

function checkColumns(table: TableInfo): void {
  const seen = new Set<string>();
  for (const column of table.cols) {
    if (seen.has(column.name.L)) {
      throw new DdlError('COLUMN_EXISTS', `Duplicate column name '${column.name.O}'`);
    }
    seen.add(column.name.L);
  }
  const indexes = new Set<string>();
  for (const index of table.index_info) {
    if (indexes.has(index.idx_name.L)) {
      throw new DdlError('INDEX_EXISTS', `duplicate key name ${index.idx_name.O}`);
    }
    indexes.add(index.idx_name.L);
    for (const part of index.idx_cols) {
      if (findColumn(table, part.name) === undefined) {
        throw new DdlError('KEY_COLUMN_MISSING', `column does not exist: ${part.name.O}`);
      }
    }
  }
}
