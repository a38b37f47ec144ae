import { DdlError } from '../errors.js';
import type { ColumnInfo } from '../model/column-info.js';
import { findColumn, moveColumn, requireColumn } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { StepContext } from './action.js';
import { publicColumns } from './add-column.js';
import { Arguments } from './arguments.js';

/** The table, the column as it is, and as it should be. */
export async function change(step: StepContext): Promise<{ table: TableInfo; column: ColumnInfo; wanted: ColumnInfo }> {
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

/** Puts the column where the statement wants it; a position of last means here: where it is. */
export function place(step: StepContext, table: TableInfo, column: ColumnInfo): TableInfo {
  const position = new Arguments(step.job).position(2);
  return position === 'last' ? table : moveColumn(table, column, position, publicColumns(table));
}
