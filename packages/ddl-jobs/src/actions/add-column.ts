import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import type { ColumnInfo, ColumnPosition } from '../model/column-info.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { asJson, type Json } from '../model/json.js';
import { SchemaState } from '../model/schema-state.js';
import {
  appendColumn,
  findColumn,
  moveColumn,
  removeColumn,
  replaceColumn,
  requireColumn,
} from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import { defineAction, type StepContext } from './action.js';
import { Arguments, positionArgument } from './arguments.js';
import { back, onward, turnsOfAdded } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

const { None, DeleteOnly, WriteOnly, WriteReorganization, DeleteReorganization, Public } = SchemaState;

/** ALTER TABLE … ADD COLUMN. Arguments: [ColumnInfo, position, offset, if not exists]; on the way back [name]. */
export const addColumnAction = defineAction({
  type: ActionType.AddColumn,
  name: 'add column',
  queue: 'general',
  initial: None,
  cancellable: [None, DeleteOnly, WriteOnly, WriteReorganization],
  involves: (job) => ({ tableIds: [job.table_id] }),
  forward: [
    {
      from: None,
      to: DeleteOnly,
      job: JobState.Running,
      version: true,
      does: 'adds the column behind all others, delete only',
      async run(step) {
        const args = new Arguments(step.job);
        const column = args.object(0) as unknown as ColumnInfo;
        const name = nameOfColumn(step.job);
        const table = await step.table();
        if (findColumn(table, name) !== undefined) {
          throw new DdlError('COLUMN_EXISTS', `Duplicate column name '${name}'`);
        }
        const position = args.position(1);
        if (typeof position === 'object') {
          requireColumn(table, position.after);
        }
        const id = table.max_col_id + 1;
        const added: ColumnInfo = { ...column, id, offset: table.cols.length, state: DeleteOnly };
        await step.saveTable(appendColumn({ ...table, max_col_id: id }, added));
        const rest = Array.isArray(step.job.raw_args) ? step.job.raw_args.slice(1) : [];
        step.change({ raw_args: [asJson(added), ...rest] });
      },
    },
    onward(DeleteOnly, WriteOnly, 'lets every write fill it', setState),
    onward(WriteOnly, WriteReorganization, 'nothing to backfill: old rows show its default', setState),
    {
      from: WriteReorganization,
      to: Public,
      job: JobState.Done,
      version: true,
      does: 'moves it to its place and lets reads see it',
      commits: true,
      async run(step) {
        const table = await step.table();
        const column = requireColumn(table, nameOfColumn(step.job));
        const shown = replaceColumn(table, { ...column, state: Public });
        await step.saveTable(moveColumn(shown, column, new Arguments(step.job).position(1), publicColumns(table)));
        step.change({ raw_args: null });
      },
    },
  ],
  turn: turnsOfAdded(takeBack),
  rollback: [
    back(DeleteOnly, DeleteReorganization, 'lets nothing touch it', takeBack),
    {
      from: DeleteReorganization,
      to: None,
      job: JobState.RollbackDone,
      version: true,
      does: 'removes the column',
      async run(step) {
        const table = await step.table();
        await step.saveTable(removeColumn(table, requireColumn(table, nameOfColumn(step.job))));
        step.change({ raw_args: null });
      },
    },
  ],
});

/** ALTER TABLE … ADD COLUMN. Make the column with `newColumnInfo`. */
export function addColumn(target: TableTarget, column: ColumnInfo, position: ColumnPosition = 'last'): JobSpec {
  const where = position === 'last' ? '' : position === 'first' ? ' first' : ` after \`${position.after}\``;
  return {
    type: ActionType.AddColumn,
    query: `alter table \`${target.tableName}\` add column \`${column.name.O}\`${where}`,
    ...target,
    fill: () => ({ rawArgs: [asJson(column), positionArgument(position), 0, false] }),
  };
}

/** How many columns reads can see: the place behind the last of them. */
export function publicColumns(table: TableInfo): number {
  return table.cols.filter((column) => column.state === Public).length;
}

/** The column's name, from the arguments of either way. */
function nameOfColumn(job: Job): string {
  const args = new Arguments(job);
  const first: { readonly [name: string]: Json } = args.object(0);
  const name = job.state === JobState.Rollingback && typeof first.O === 'string' ? first : first.name;
  if (typeof name === 'object' && name !== null && 'O' in name && typeof name.O === 'string') {
    return name.O;
  }
  throw new DdlError('INVALID_JOB', `argument 0 of job ${job.id} must be a column with a name {"O":…,"L":…}`);
}

async function setState(step: StepContext, to: SchemaState): Promise<void> {
  const table = await step.table();
  await step.saveTable(replaceColumn(table, { ...requireColumn(table, nameOfColumn(step.job)), state: to }));
}

/** On the way back the name alone is left of the arguments. */
async function takeBack(step: StepContext, to: SchemaState): Promise<void> {
  const name = nameOfColumn(step.job);
  await setState(step, to);
  step.change({ raw_args: [{ O: name, L: name.toLowerCase() }] });
}
