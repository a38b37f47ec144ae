import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { ColumnFlag, type ColumnInfo, type ColumnPosition } from '../model/column-info.js';
import type { IndexInfo } from '../model/index-info.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { asJson } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import {
  appendColumn,
  findColumn,
  moveColumn,
  orderColumns,
  replaceColumn,
  requireColumn,
} from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import { needsRewrite } from '../model/type-change.js';
import { defineAction, type Edge, type StepContext } from './action.js';
import { publicColumns } from './add-column.js';
import { Arguments, positionArgument } from './arguments.js';
import type { JobSpec, TableTarget } from './job-spec.js';

const { None, DeleteOnly, WriteOnly, WriteReorganization, DeleteReorganization, Public } = SchemaState;
/** Place of the argument that the first step of a rewrite adds: id of the second column. Behind it comes that of the first, once they changed places. */
const changingArgument = 4;

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
    {
      ...widen(DeleteOnly, WriteOnly, 'rewrite: lets every write fill it'),
      when: isRewrite,
    },
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
    widen(WriteOnly, WriteReorganization, 'rewrite: gets ready for the backfill'),
    {
      from: WriteReorganization,
      to: WriteReorganization,
      job: JobState.Running,
      version: false,
      does: "rewrite: fixes the backfill's snapshot",
      when: (step) => step.job.snapshot_ver === 0n,
      run: async (step) => step.change({ snapshot_ver: step.startTs }),
    },
    {
      from: WriteReorganization,
      to: Public,
      job: JobState.Running,
      version: true,
      does: 'rewrite: once the rows are backfilled, the two change places; the first is still written, for servers one version behind',
      commits: true,
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
    narrow(WriteReorganization, DeleteOnly, true, 'takes it back to delete only'),
    narrow(WriteOnly, DeleteOnly, true, 'takes it back to delete only'),
    narrow(DeleteOnly, DeleteOnly, false, 'turns round where it is'),
  ],
  rollback: [
    narrow(DeleteOnly, DeleteReorganization, true, 'lets nothing touch it'),
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

/** The table, the column as it is, and as it should be. */
async function change(step: StepContext): Promise<{ table: TableInfo; column: ColumnInfo; wanted: ColumnInfo }> {
  const args = new Arguments(step.job);
  const table = await step.table();
  const column = requireColumn(table, args.name(1));
  // Only what the statement can say is taken from the arguments; where the column stands and what it is called inside stays.
  const { id, offset, state, change_state_info } = column;
  const asked = args.object(0) as unknown as ColumnInfo;
  const wanted = { ...column, ...asked, id, offset, state, change_state_info };
  const other = findColumn(table, wanted.name);
  if (other !== undefined && other.id !== column.id) {
    throw new DdlError('COLUMN_EXISTS', `Duplicate column name '${wanted.name.O}'`);
  }
  const position = args.position(2);
  if (typeof position === 'object') {
    requireColumn(table, position.after);
  }
  return { table, column, wanted };
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

function isRewrite(step: StepContext): boolean {
  return Array.isArray(step.job.raw_args) && typeof step.job.raw_args[changingArgument] === 'number';
}

async function writeColumn(step: StepContext): Promise<void> {
  const { table, column, wanted } = await change(step);
  const renamed: TableInfo = {
    ...table,
    cols: table.cols.map((each) => (each.id === column.id ? wanted : each)),
    index_info: table.index_info.map((index) => ({
      ...index,
      idx_cols: index.idx_cols.map((part) => (part.name.L === column.name.L ? { ...part, name: wanted.name } : part)),
    })),
  };
  await step.saveTable(withKeyFlags(place(step, renamed, wanted)));
  step.change({ raw_args: [[], []] });
}

/** Puts the column where the statement wants it; a position of last means here: where it is. */
function place(step: StepContext, table: TableInfo, column: ColumnInfo): TableInfo {
  const position = new Arguments(step.job).position(2);
  return position === 'last' ? table : moveColumn(table, column, position, publicColumns(table));
}

async function addSecondColumn(step: StepContext): Promise<void> {
  const { table, column, wanted } = await change(step);
  const second: ColumnInfo = {
    ...wanted,
    id: table.max_col_id + 1,
    name: name(freeName(`_Col$_${column.name.O}`, (each) => findColumn(table, each) !== undefined)),
    state: DeleteOnly,
    change_state_info: { relative_col_offset: column.offset },
    hidden: true,
  };
  const widened = appendColumn({ ...table, max_col_id: second.id }, second);
  const offset = widened.cols.length - 1;
  let nextId = table.max_idx_id;
  const indexes = table.index_info
    .filter((index) => index.idx_cols.some((part) => part.name.L === column.name.L))
    .map((index) => ({
      ...index,
      id: ++nextId,
      idx_name: name(
        freeName(`_Idx$_${index.idx_name.O}`, (each) => table.index_info.some((other) => other.idx_name.O === each)),
      ),
      state: DeleteOnly,
      idx_cols: index.idx_cols.map((part) =>
        part.name.L === column.name.L ? { ...part, name: second.name, offset } : part,
      ),
    }));
  await step.saveTable({ ...widened, max_idx_id: nextId, index_info: [...widened.index_info, ...indexes] });
  const args = new Arguments(step.job);
  step.change({ raw_args: [args.object(0), asJson(args.name(1)), args.object(2), 0, second.id] });
}

/** The two columns, and the indexes on them, change names and places. What was the first goes on being written from the other one. */
async function changePlaces(step: StepContext): Promise<void> {
  const { table, column: first, wanted } = await change(step);
  const second = secondColumn(step.job, table);
  const [ofFirst, ofSecond] = [indexesOn(table, first), indexesOn(table, second)];
  const taken: ColumnInfo = {
    ...second,
    name: wanted.name,
    offset: first.offset,
    state: Public,
    change_state_info: null,
    hidden: first.hidden,
  };
  const left: ColumnInfo = {
    ...first,
    name: second.name,
    offset: second.offset,
    state: WriteOnly,
    change_state_info: { relative_col_offset: first.offset },
    hidden: true,
  };
  const cols = table.cols.map((each) => (each.id === first.id ? taken : each.id === second.id ? left : each));
  const index_info = table.index_info.map((index) => {
    const pair = ofFirst.indexOf(index) + ofSecond.indexOf(index) + 1;
    const [one, other] = [ofFirst[pair], ofSecond[pair]];
    if (one === undefined || other === undefined || (index !== one && index !== other)) {
      return index;
    }
    return index === one
      ? onColumn({ ...other, idx_name: one.idx_name, state: Public }, second, wanted)
      : onColumn({ ...one, idx_name: other.idx_name, state: WriteOnly }, first, second);
  });
  await step.saveTable(withKeyFlags(place(step, orderColumns({ ...table, index_info }, cols), taken)));
  const args = new Arguments(step.job);
  step.change({ raw_args: [args.object(0), asJson(args.name(1)), args.object(2), 0, second.id, first.id] });
}

/** An index with one column under another name. */
function onColumn(index: IndexInfo, from: ColumnInfo, to: ColumnInfo): IndexInfo {
  return {
    ...index,
    idx_cols: index.idx_cols.map((part) => (part.name.L === from.name.L ? { ...part, name: to.name } : part)),
  };
}

function secondColumn(job: Job, table: TableInfo): ColumnInfo {
  return columnWithId(table, new Arguments(job).number(changingArgument));
}

function firstColumn(job: Job, table: TableInfo): ColumnInfo {
  return columnWithId(table, new Arguments(job).number(changingArgument + 1));
}

function columnWithId(table: TableInfo, id: number): ColumnInfo {
  const column = table.cols.find((each) => each.id === id);
  if (column === undefined) {
    throw new DdlError('BAD_COLUMN', `Unknown column with id ${id} in '${table.name.O}'`);
  }
  return column;
}

/** In the order of the indexes they stand for: both were made and are kept in that order. */
function indexesOn(table: TableInfo, column: ColumnInfo) {
  return table.index_info.filter((index) => index.idx_cols.some((part) => part.name.L === column.name.L));
}

async function setStates(step: StepContext, to: SchemaState): Promise<void> {
  const table = await step.table();
  await step.saveTable(withStates(table, secondColumn(step.job, table), to));
}

/** A column in another state, and with it the indexes on it. */
function withStates(table: TableInfo, column: ColumnInfo, state: SchemaState): TableInfo {
  const ids = new Set(indexesOn(table, column).map((index) => index.id));
  return {
    ...replaceColumn(table, { ...column, state }),
    index_info: table.index_info.map((index) => (ids.has(index.id) ? { ...index, state } : index)),
  };
}

function withoutColumn(table: TableInfo, column: ColumnInfo): TableInfo {
  const indexes = new Set(indexesOn(table, column));
  return orderColumns(
    { ...table, index_info: table.index_info.filter((index) => !indexes.has(index)) },
    table.cols.filter((each) => each.id !== column.id),
  );
}

function widen(from: SchemaState, to: SchemaState, does: string): Edge {
  return { from, to, job: JobState.Running, version: true, does, run: async (step) => setStates(step, to) };
}

function narrow(from: SchemaState, to: SchemaState, version: boolean, does: string): Edge {
  return { from, to, job: JobState.Rollingback, version, does, run: async (step) => setStates(step, to) };
}

function freeName(base: string, taken: (name: string) => boolean): string {
  for (let at = 0; ; at++) {
    if (!taken(`${base}_${at}`)) {
      return `${base}_${at}`;
    }
  }
}
