import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import type { IndexInfo } from '../model/index-info.js';
import { asJson } from '../model/json.js';
import { name } from '../model/name.js';
import { findIndex, replaceIndex } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { Action } from './action.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/** RENAME INDEX. Arguments: [from, to]. */
export const renameIndexAction = property(
  ActionType.RenameIndex,
  'rename index',
  'gives it its new name',
  (args, table, index) => {
    const to = args.name(1);
    const other = findIndex(table, to);
    if (other !== undefined && other.id !== index.id) {
      throw new DdlError('INDEX_EXISTS', `Duplicate key name '${to.O}'`);
    }
    return { ...index, idx_name: to };
  },
);

/** ALTER INDEX … VISIBLE or INVISIBLE. Arguments: [name, invisible]. */
export const alterIndexVisibilityAction = property(
  ActionType.AlterIndexVisibility,
  'alter index visibility',
  'lets plans use it, or not',
  (args, _table, index) => ({ ...index, is_invisible: args.boolean(1) }),
);

/** ALTER TABLE … RENAME INDEX … TO …. */
export function renameIndex(target: TableTarget, from: string, to: string): JobSpec {
  return {
    type: ActionType.RenameIndex,
    query: `alter table \`${target.tableName}\` rename index \`${from}\` to \`${to}\``,
    ...target,
    fill: () => ({ rawArgs: [asJson(name(from)), asJson(name(to))] }),
  };
}

/** ALTER TABLE … ALTER INDEX … [IN]VISIBLE. */
export function alterIndexVisibility(target: TableTarget, indexName: string, invisible: boolean): JobSpec {
  return {
    type: ActionType.AlterIndexVisibility,
    query: `alter table \`${target.tableName}\` alter index \`${indexName}\` ${invisible ? 'invisible' : 'visible'}`,
    ...target,
    fill: () => ({ rawArgs: [asJson(name(indexName)), invisible] }),
  };
}

function property(
  type: number,
  actionName: string,
  does: string,
  change: (args: Arguments, table: TableInfo, index: IndexInfo) => IndexInfo,
): Action {
  return oneStep({
    type,
    name: actionName,
    does,
    involves: (job) => ({ tableIds: [job.table_id] }),
    async run(step) {
      const args = new Arguments(step.job);
      const table = await step.table();
      const index = findIndex(table, args.name(0));
      if (index === undefined) {
        throw new DdlError('KEY_MISSING', `Key '${args.name(0).O}' doesn't exist in table '${table.name.O}'`);
      }
      await step.saveTable(replaceIndex(table, change(args, table, index)));
    },
  });
}
