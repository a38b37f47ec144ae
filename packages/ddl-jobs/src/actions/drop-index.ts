import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import type { IndexInfo } from '../model/index-info.js';
import { JobState } from '../model/job-state.js';
import { asJson } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { findIndex, removeIndex, replaceIndex } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { Action, StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { onward, type SetState } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

const { None, DeleteOnly, WriteOnly, DeleteReorganization, Public } = SchemaState;

/** DROP INDEX. Arguments: [name, if exists]; at the end [name, if exists, index id, [partition ids]]. */
export const dropIndexAction = dropAction(ActionType.DropIndex, 'drop index');

/** DROP PRIMARY KEY of a table whose rows do not lie under it. Arguments as those of an index. */
export const dropPrimaryKeyAction = dropAction(ActionType.DropPrimaryKey, 'drop primary key');

/** DROP INDEX. */
export function dropIndex(target: TableTarget, indexName: string): JobSpec {
  return spec(ActionType.DropIndex, target, indexName, `drop index \`${indexName}\``);
}

/** DROP PRIMARY KEY. */
export function dropPrimaryKey(target: TableTarget): JobSpec {
  return spec(ActionType.DropPrimaryKey, target, 'PRIMARY', 'drop primary key');
}

function spec(type: number, target: TableTarget, indexName: string, what: string): JobSpec {
  return {
    type,
    query: `alter table \`${target.tableName}\` ${what}`,
    ...target,
    schemaState: Public,
    fill: () => ({ rawArgs: [asJson(name(indexName)), false] }),
  };
}

function dropAction(type: number, actionName: string): Action {
  const find = (step: StepContext, table: TableInfo): IndexInfo => {
    const wanted = new Arguments(step.job).name(0);
    const index = findIndex(table, wanted);
    if (index === undefined) {
      if (type === ActionType.DropPrimaryKey && (table.pk_is_handle || table.is_common_handle)) {
        throw new DdlError('UNSUPPORTED', 'Unsupported drop primary key when the table is using clustered index');
      }
      throw new DdlError('CANNOT_DROP', `index ${wanted.O} doesn't exist`);
    }
    return index;
  };
  const setState: SetState = async (step, to) => {
    const table = await step.table();
    await step.saveTable(withKeyFlags(replaceIndex(table, { ...find(step, table), state: to })));
  };
  return {
    type,
    name: actionName,
    queue: 'general',
    initial: Public,
    cancellable: [Public],
    involves: (job) => ({ tableIds: [job.table_id] }),
    forward: [
      onward(Public, WriteOnly, 'hides it from reads', setState, { commits: true }),
      onward(WriteOnly, DeleteOnly, 'ends writes into it', setState),
      onward(DeleteOnly, DeleteReorganization, 'lets nothing touch it', setState),
      {
        from: DeleteReorganization,
        to: None,
        job: JobState.Done,
        version: true,
        does: 'removes the index; its entries are left to be deleted',
        async run(step) {
          const table = await step.table();
          const index = find(step, table);
          await step.saveTable(withKeyFlags(removeIndex(table, index)));
          step.change({ raw_args: [asJson(index.idx_name), false, index.id, []] });
        },
      },
    ],
    turn: [],
    rollback: [],
  };
}
