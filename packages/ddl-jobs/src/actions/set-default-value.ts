import { ActionType } from '../model/action-type.js';
import type { ColumnInfo } from '../model/column-info.js';
import { asJson } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { nameOf } from '../model/name.js';
import { replaceColumn, requireColumn } from '../model/table-edit.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/** ALTER TABLE … ALTER COLUMN … SET or DROP DEFAULT. Arguments: [the column with its new default]. */
export const setDefaultValueAction = oneStep({
  type: ActionType.SetDefaultValue,
  name: 'set default value',
  does: 'changes the default',
  involves: (job) => ({ tableIds: [job.table_id] }),
  async run(step) {
    const wanted = new Arguments(step.job).object(0);
    const table = await step.table();
    const column = requireColumn(table, nameOf(wanted.name) ?? '');
    const { default: value, default_bit, default_is_expr, type } = wanted as unknown as ColumnInfo;
    await step.saveTable(
      withKeyFlags(
        replaceColumn(table, {
          ...column,
          default: value ?? null,
          default_bit: default_bit ?? null,
          default_is_expr: default_is_expr === true,
          type: { ...column.type, Flag: type?.Flag ?? column.type.Flag },
        }),
      ),
    );
  },
});

/** ALTER TABLE … ALTER COLUMN …: pass the column as it should be; only default and flags are taken. */
export function setDefaultValue(target: TableTarget, column: ColumnInfo): JobSpec {
  const value =
    column.default === null ? 'drop default' : `set default '${String(column.default).replaceAll("'", "''")}'`;
  return {
    type: ActionType.SetDefaultValue,
    query: `alter table \`${target.tableName}\` alter column \`${column.name.O}\` ${value}`,
    ...target,
    fill: () => ({ rawArgs: [asJson(column)] }),
  };
}
