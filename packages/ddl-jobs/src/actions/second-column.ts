import { DdlError } from '../errors.js';
import type { ColumnInfo } from '../model/column-info.js';
import { renameInForeignKeys } from '../model/foreign-key.js';
import type { IndexInfo } from '../model/index-info.js';
import type { Job } from '../model/job.js';
import { asJson } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { appendColumn, findColumn, orderColumns, replaceColumn } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { change, place } from './column-change.js';

const { DeleteOnly, WriteOnly, Public } = SchemaState;

/*
 * A column that is rewritten is built anew beside the first: a second column, hidden, with an index for each that the first has. Then the two change places.
 */

/** Place of the argument that the first step of a rewrite adds: id of the second column. Behind it comes that of the first, once they changed places. */
const changingArgument = 4;

/** Whether the job has a second column, so is one that rewrites its rows. */
export function isRewrite(step: StepContext): boolean {
  return Array.isArray(step.job.raw_args) && typeof step.job.raw_args[changingArgument] === 'number';
}

/** Adds the second column, hidden and delete only, and a second one of each index on the first. */
export async function addSecondColumn(step: StepContext): Promise<void> {
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
export async function changePlaces(step: StepContext): Promise<void> {
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
  const swapped = renameInForeignKeys(orderColumns({ ...table, index_info }, cols), first, wanted.name);
  await step.saveTable(withKeyFlags(place(step, swapped, taken)));
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

/** The column that is built beside the first. */
export function secondColumn(job: Job, table: TableInfo): ColumnInfo {
  return columnWithId(table, new Arguments(job).number(changingArgument));
}

/** The column that leaves, once the two have changed places. */
export function firstColumn(job: Job, table: TableInfo): ColumnInfo {
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
export function indexesOn(table: TableInfo, column: ColumnInfo) {
  return table.index_info.filter((index) => index.idx_cols.some((part) => part.name.L === column.name.L));
}

/** Puts the second column, and its indexes, into another state. */
export async function setState(step: StepContext, to: SchemaState): Promise<void> {
  const table = await step.table();
  await step.saveTable(withStates(table, secondColumn(step.job, table), to));
}

/** A column in another state, and with it the indexes on it. */
export function withStates(table: TableInfo, column: ColumnInfo, state: SchemaState): TableInfo {
  const ids = new Set(indexesOn(table, column).map((index) => index.id));
  return {
    ...replaceColumn(table, { ...column, state }),
    index_info: table.index_info.map((index) => (ids.has(index.id) ? { ...index, state } : index)),
  };
}

/** The table without a column and the indexes on it. */
export function withoutColumn(table: TableInfo, column: ColumnInfo): TableInfo {
  const indexes = new Set(indexesOn(table, column));
  return orderColumns(
    { ...table, index_info: table.index_info.filter((index) => !indexes.has(index)) },
    table.cols.filter((each) => each.id !== column.id),
  );
}

function freeName(base: string, taken: (name: string) => boolean): string {
  for (let at = 0; ; at++) {
    if (!taken(`${base}_${at}`)) {
      return `${base}_${at}`;
    }
  }
}
