import { ActionType } from '../model/action-type.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import { physicalTableIds, type TableInfo } from '../model/table-info.js';
import { defineAction } from './action.js';
import { Arguments } from './arguments.js';
import { withIds } from './create-table.js';
import { rowsStart } from './drop-table.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/** TRUNCATE TABLE: the table under a new id. Arguments: [new id, [new partition ids]], at the end as those of a drop. */
export const truncateTableAction = defineAction({
  type: ActionType.TruncateTable,
  name: 'truncate table',
  queue: 'general',
  initial: SchemaState.None,
  cancellable: [SchemaState.None],
  involves: (job) => ({ tableIds: [job.table_id], tableNames: [{ schemaId: job.schema_id, table: job.table_name }] }),
  forward: [
    {
      from: SchemaState.None,
      to: SchemaState.Public,
      job: JobState.Done,
      version: true,
      does: 'puts an empty table under a new id in its place',
      async run(step) {
        const args = new Arguments(step.job);
        const newId = args.number(0);
        const [database, table] = [await step.database(), await step.table()];
        step.meta.removeTable(database, table);
        const empty: TableInfo = {
          ...table,
          id: newId,
          partition: withIds(table, args.numbers(1)),
          update_timestamp: step.startTs,
        };
        step.meta.addTable(database, empty);
        step.diff({ table_id: newId, old_table_id: table.id });
        step.ends({ table: empty });
        step.change({
          raw_args: [rowsStart(table.id), table.partition === null ? null : [...physicalTableIds(table)]],
        });
      },
    },
  ],
  turn: [],
  rollback: [],
});

/** TRUNCATE TABLE. `table` says how many partitions need new ids. */
export function truncateTable(target: TableTarget, table?: TableInfo): JobSpec {
  const partitions = table?.partition?.definitions?.length ?? 0;
  return {
    type: ActionType.TruncateTable,
    query: `truncate table \`${target.tableName}\``,
    ...target,
    newIds: 1 + partitions,
    fill: ([newId = 0, ...partitionIds]) => ({ rawArgs: [newId, partitionIds] }),
  };
}
