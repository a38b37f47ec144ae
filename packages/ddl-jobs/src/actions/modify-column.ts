import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { ColumnFlag, type ColumnInfo, type ColumnPosition } from '../model/column-info.js';
import { renameInForeignKeys } from '../model/foreign-key.js';
import { JobState } from '../model/job-state.js';
import { asJson } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { replaceColumn } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import { needsRewrite } from '../model/type-change.js';
import { defineAction, type StepContext } from './action.js';
import { positionArgument } from './arguments.js';
import { change, place } from './column-change.js';
import { back, fixSnapshot, onward, turnsOfAdded } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';
import {
  addSecondColumn,
  changePlaces,
  firstColumn,
  indexesOn,
  isRewrite,
  secondColumn,
  setState,
  withoutColumn,
  withStates,
} from './second-column.js';

const { None, DeleteOnly, WriteOnly, WriteReorganization, DeleteReorganization, Public } = SchemaState;
/**
 * MODIFY, CHANGE, RENAME COLUMN, one of three ways: what only the metadata says changes in one step; NULL → NOT NULL is guarded first; a type whose
 * values lie differently is built as a second, hidden column beside the first, as an added one is; then the two change places, and the first leaves as a
 * dropped one does. (TiDB removes the first in the step that shows the second: a server one version behind then reads rows without it.)
 * Arguments: [new column, old name, position, type of change, id of the second column, id of the first].
 */
export const modifyColumnAction = defineAction({
  type: ActionType.ModifyColumn,
  name: 'modify column',
  queue: 'reorg',
  initial: None,
  cancellable: [None, DeleteOnly, WriteOnly, WriteReorganization],
  involves: (job) => ({ tableIds: [job.table_id] }),
  forward: [
    {
      from: None,
      to: DeleteOnly,
      job: JobState.Running,
      version: true,
      does: 'rewrite: adds the second column and its indexes, delete only',
      when: async (step) => (await wayOf(step)) === 'rewrite',
      run: async (step) => addSecondColumn(step),
    },
    {
      from: None,
      to: WriteOnly,
      job: JobState.Running,
      version: true,
      does: 'NOT NULL: writes refuse NULL',
      when: async (step) => (await wayOf(step)) === 'guard',
      async run(step) {
        const { table, column } = await change(step);
        const Flag = column.type.Flag | ColumnFlag.PreventNullInsert;
        await step.saveTable(replaceColumn(table, { ...column, type: { ...column.type, Flag } }));
      },
    },
    {
      from: None,
      to: Public,
      job: JobState.Done,
      version: true,
      does: 'metadata only: changes the column',
      commits: true,
      run: async (step) => writeColumn(step),
    },
    onward(DeleteOnly, WriteOnly, 'rewrite: lets every write fill it', setState, { when: isRewrite }),
    {
      from: WriteOnly,
      to: Public,
      job: JobState.Done,
      version: true,
      does: 'NOT NULL: once no row holds NULL, changes the column',
      commits: true,
      when: (step) => !isRewrite(step),
      async backfill(step) {
        const { table, column, wanted } = await change(step);
        const check = { from: column, to: wanted };
        return { schemaId: step.job.schema_id, table, indexes: [], check, snapshotTs: step.startTs };
      },
      run: async (step) => writeColumn(step),
    },
    onward(WriteOnly, WriteReorganization, 'rewrite: gets ready for the backfill', setState),
    fixSnapshot("rewrite: fixes the backfill's snapshot"),
    {
      from: WriteReorganization,
      to: Public,
      job: JobState.Running,
      version: true,
      does: 'rewrite: once the rows are backfilled, the two change places; the first is still written, for servers one version behind',
      commits: true,
      takesEffect: true,
      async backfill(step) {
        const { table, column } = await change(step);
        const second = secondColumn(step.job, table);
        return {
          schemaId: step.job.schema_id,
          table,
          indexes: indexesOn(table, second),
          column: { from: column, to: second },
          snapshotTs: step.job.snapshot_ver,
        };
      },
      run: async (step) => changePlaces(step),
    },
    {
      from: Public,
      to: Public,
      job: JobState.Running,
      version: true,
      does: 'rewrite: ends writes into the first',
      when: async (step) => firstColumn(step.job, await step.table()).state === WriteOnly,
      async run(step) {
        const table = await step.table();
        await step.saveTable(withStates(table, firstColumn(step.job, table), DeleteOnly));
      },
    },
    {
      from: Public,
      to: Public,
      job: JobState.Done,
      version: true,
      does: 'rewrite: removes the first and its indexes',
      async run(step) {
        const table = await step.table();
        const first = firstColumn(step.job, table);
        const indexes = indexesOn(table, first);
        await step.saveTable(withoutColumn(table, first));
        step.change({ raw_args: [indexes.map((index) => index.id), []] });
      },
    },
  ],
  turn: [
    {
      from: WriteOnly,
      to: None,
      job: JobState.RollbackDone,
      version: true,
      does: 'NOT NULL: writes take NULL again',
      when: (step) => !isRewrite(step),
      async run(step) {
        const { table, column } = await change(step);
        const Flag = column.type.Flag & ~ColumnFlag.PreventNullInsert;
        await step.saveTable(replaceColumn(table, { ...column, type: { ...column.type, Flag } }));
      },
    },
    ...turnsOfAdded(setState),
  ],
  rollback: [
    back(DeleteOnly, DeleteReorganization, 'lets nothing touch it', setState),
    {
      from: DeleteReorganization,
      to: None,
      job: JobState.RollbackDone,
      version: true,
      does: 'removes the second column and its indexes',
      async run(step) {
        const table = await step.table();
        await step.saveTable(withoutColumn(table, secondColumn(step.job, table)));
        step.change({ raw_args: [[], []], snapshot_ver: 0n });
      },
    },
  ],
});

/** MODIFY, CHANGE or RENAME COLUMN: the column as it should be, under its new name. */
export function modifyColumn(
  target: TableTarget,
  oldName: string,
  column: ColumnInfo,
  position?: ColumnPosition,
): JobSpec {
  const where = position === undefined ? { Tp: 0, RelativeColumn: null } : positionArgument(position);
  return {
    type: ActionType.ModifyColumn,
    query: `alter table \`${target.tableName}\` change column \`${oldName}\` \`${column.name.O}\``,
    ...target,
    fill: () => ({ rawArgs: [asJson(column), asJson(name(oldName)), where, 0] }),
  };
}

/** RENAME COLUMN … TO …. */
export function renameColumn(target: TableTarget, column: ColumnInfo, newName: string): JobSpec {
  return modifyColumn(target, column.name.O, { ...column, name: name(newName) });
}

async function wayOf(step: StepContext): Promise<'rewrite' | 'guard' | 'metadata'> {
  const { column, wanted, table } = await change(step);
  if (needsRewrite(column.type, wanted.type)) {
    const isKey = (column.type.Flag & ColumnFlag.PrimaryKey) !== 0 && (table.pk_is_handle || table.is_common_handle);
    if (isKey) {
      throw new DdlError('UNSUPPORTED', 'Unsupported modify column: this column has primary key flag');
    }
    if (column.generated_expr_string !== '') {
      throw new DdlError('UNSUPPORTED', 'Unsupported modify column: oldCol is a generated column');
    }
    return 'rewrite';
  }
  const becomesNotNull = (wanted.type.Flag & ~column.type.Flag & ColumnFlag.NotNull) !== 0;
  return becomesNotNull ? 'guard' : 'metadata';
}

async function writeColumn(step: StepContext): Promise<void> {
  const { table, column, wanted: asked } = await change(step);
  // Rows from before the column was added still show what they showed.
  const { origin_default, origin_default_bit = null } = column;
  const wanted = { ...asked, origin_default, origin_default_bit };
  const renamed: TableInfo = {
    ...table,
    cols: table.cols.map((each) => (each.id === column.id ? wanted : each)),
    index_info: table.index_info.map((index) => ({
      ...index,
      idx_cols: index.idx_cols.map((part) => (part.name.L === column.name.L ? { ...part, name: wanted.name } : part)),
    })),
  };
  const whole = renameInForeignKeys(renamed, column, wanted.name);
  await step.saveTable(withKeyFlags(place(step, whole, wanted)));
  step.change({ raw_args: [[], []] });
}
