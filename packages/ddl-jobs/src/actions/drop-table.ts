import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import { physicalTableIds, type TableInfo } from '../model/table-info.js';
import type { Action, StepContext } from './action.js';
import { onward, type SetState } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/** DROP TABLE. Arguments at the end: [start of the rows to be deleted, [ids of its partitions], [names of its placement rules]]. */
export const dropTableAction = dropAction(ActionType.DropTable, 'drop table', 'BASE TABLE');

/** DROP VIEW: the same way as a table. */
export const dropViewAction = dropAction(ActionType.DropView, 'drop view', 'VIEW');

/** DROP TABLE. */
export function dropTable(target: TableTarget): JobSpec {
  return dropSpec(ActionType.DropTable, 'table', target);
}

/** DROP VIEW. */
export function dropView(target: TableTarget): JobSpec {
  return dropSpec(ActionType.DropView, 'view', target);
}

/** First key of a table's rows (`t` and its id, sign flipped), as TiDB names the range that is to be deleted. */
export function rowsStart(tableId: number): string {
  const key = Buffer.alloc(9);
  key[0] = 0x74;
  key.writeBigUInt64BE(BigInt.asUintN(64, BigInt(tableId)) ^ (1n << 63n), 1);
  return key.toString('base64');
}

/** Names of the placement rules that go with a table: those of its partitions, then its own. */
function placementRules(schemaName: string, table: TableInfo): readonly string[] {
  const own = `schema/${schemaName}/${table.name.L}`;
  return [...(table.partition?.definitions ?? []).map((partition) => `${own}/${partition.name.L}`), own];
}

function dropSpec(type: number, word: string, target: TableTarget): JobSpec {
  return {
    type,
    query: `drop ${word} \`${target.tableName}\``,
    ...target,
    schemaState: SchemaState.Public,
    fill: () => ({ rawArgs: null }),
  };
}

function dropAction(type: number, name: string, kind: 'BASE TABLE' | 'VIEW'): Action {
  const find = async (step: StepContext): Promise<TableInfo> => {
    const { schema_id, table_id, schema_name, table_name } = step.job;
    await step.database();
    const table = await step.meta.table(schema_id, table_id);
    if (table === undefined) {
      throw new DdlError('BAD_TABLE', `Unknown table '${schema_name || schema_id}.${table_name || table_id}'`);
    }
    if ((table.view !== null) !== (kind === 'VIEW')) {
      throw new DdlError('WRONG_OBJECT', `'${schema_name}.${table.name.O}' is not ${kind}`);
    }
    return table;
  };
  const setState: SetState = async (step, to) => step.saveTable({ ...(await find(step)), state: to });
  return {
    type,
    name,
    queue: 'general',
    initial: SchemaState.Public,
    cancellable: [SchemaState.Public],
    involves: (job) => ({
      tableIds: [job.table_id],
      tableNames: [{ schemaId: job.schema_id, table: job.table_name }],
    }),
    forward: [
      onward(SchemaState.Public, SchemaState.WriteOnly, 'hides it from reads', setState),
      onward(SchemaState.WriteOnly, SchemaState.DeleteOnly, 'ends writes into it', setState),
      {
        from: SchemaState.DeleteOnly,
        to: SchemaState.None,
        job: JobState.Done,
        version: true,
        does: 'removes it; its rows are left to be deleted',
        async run(step) {
          const table = await find(step);
          step.meta.removeTable(await step.database(), table);
          step.ends({ table: { ...table, state: SchemaState.None } });
          const partitions = table.partition === null ? [] : physicalTableIds(table);
          const rest = [rowsStart(table.id), [...partitions], placementRules(step.job.schema_name, table)];
          step.change({ raw_args: kind === 'VIEW' ? null : rest });
        },
      },
    ],
    turn: [],
    rollback: [],
  };
}
