import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { ColumnFlag, type ColumnInfo } from '../model/column-info.js';
import { JobState } from '../model/job-state.js';
import { asJson } from '../model/json.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { findColumn, moveColumn, removeColumn, replaceColumn, requireColumn } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import { defineAction, type StepContext } from './action.js';
import { publicColumns } from './add-column.js';
import { Arguments } from './arguments.js';
import { onward } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

const { None, DeleteOnly, WriteOnly, DeleteReorganization, Public } = SchemaState;

/**
 * ALTER TABLE … DROP COLUMN. Indexes on that column alone go with it, state by state. Arguments: [name, if exists]; at the end
 * [name, if exists, [ids of those indexes], [partition ids]].
 */
export const dropColumnAction = defineAction({
  type: ActionType.DropColumn,
  name: 'drop column',
  queue: 'general',
  initial: Public,
  cancellable: [Public],
  involves: (job) => ({ tableIds: [job.table_id] }),
  forward: [
    {
      from: Public,
      to: WriteOnly,
      job: JobState.Running,
      version: true,
      does: 'hides it from reads, behind all others',
      commits: true,
      async run(step) {
        const table = await step.table();
        const column = columnToDrop(step, table);
        const hidden = withState(table, column, WriteOnly);
        await step.saveTable(moveColumn(hidden, column, 'last', publicColumns(table) - 1));
      },
    },
    onward(WriteOnly, DeleteOnly, 'ends writes into it', setState, { announces: true }),
    onward(DeleteOnly, DeleteReorganization, 'lets nothing touch it', setState),
    {
      from: DeleteReorganization,
      to: None,
      job: JobState.Done,
      version: true,
      does: 'removes the column and the indexes on it alone',
      async run(step) {
        const table = await step.table();
        const column = requireDropped(step, table);
        const indexes = indexesOnItAlone(table, column);
        const rest = { ...table, index_info: table.index_info.filter((index) => !indexes.includes(index)) };
        await step.saveTable(removeColumn(rest, column));
        step.change({ raw_args: [asJson(column.name), false, indexes.map((index) => index.id), []] });
      },
    },
  ],
  turn: [],
  rollback: [],
});

/** ALTER TABLE … DROP COLUMN. */
export function dropColumn(target: TableTarget, columnName: string): JobSpec {
  return {
    type: ActionType.DropColumn,
    query: `alter table \`${target.tableName}\` drop column \`${columnName}\``,
    ...target,
    schemaState: Public,
    fill: () => ({ rawArgs: [asJson(name(columnName)), false] }),
  };
}

function columnToDrop(step: StepContext, table: TableInfo): ColumnInfo {
  const wanted = new Arguments(step.job).name(0);
  const column = findColumn(table, wanted);
  if (column === undefined || column.state !== Public) {
    throw new DdlError('CANNOT_DROP', `Can't DROP '${wanted.O}'; check that column/key exists`);
  }
  if (publicColumns(table) === 1) {
    throw new DdlError('CANNOT_REMOVE_ALL_FIELDS', `can't drop only column ${column.name.O} in table ${table.name.O}`);
  }
  const covered = table.index_info.some(
    (index) => index.idx_cols.length > 1 && index.idx_cols.some((part) => part.name.L === column.name.L),
  );
  if (covered || (column.type.Flag & ColumnFlag.PrimaryKey) !== 0) {
    throw new DdlError(
      'UNSUPPORTED',
      `can't drop column ${column.name.O} with composite index covered or Primary Key covered now`,
    );
  }
  return column;
}

function requireDropped(step: StepContext, table: TableInfo): ColumnInfo {
  return requireColumn(table, new Arguments(step.job).name(0));
}

function indexesOnItAlone(table: TableInfo, column: ColumnInfo) {
  return table.index_info.filter((index) => index.idx_cols.every((part) => part.name.L === column.name.L));
}

function withState(table: TableInfo, column: ColumnInfo, state: SchemaState): TableInfo {
  const indexes = new Set(indexesOnItAlone(table, column).map((index) => index.id));
  return {
    ...replaceColumn(table, { ...column, state }),
    index_info: table.index_info.map((index) => (indexes.has(index.id) ? { ...index, state } : index)),
  };
}

async function setState(step: StepContext, to: SchemaState): Promise<void> {
  const table = await step.table();
  await step.saveTable(withState(table, requireDropped(step, table), to));
}
