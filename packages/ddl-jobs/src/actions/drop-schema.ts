import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import { physicalTableIds } from '../model/table-info.js';
import { defineAction, type StepContext } from './action.js';
import { onward, type SetState } from './edges.js';
import type { JobSpec } from './job-spec.js';

const setState: SetState = async (step, to) => step.meta.setDatabase({ ...(await databaseToDrop(step)), state: to });

async function databaseToDrop(step: StepContext) {
  const database = await step.meta.database(step.job.schema_id);
  if (database === undefined) {
    throw new DdlError('DATABASE_DROP_EXISTS', `Can't drop database '${step.job.schema_name}'; database doesn't exist`);
  }
  return database;
}

/** DROP DATABASE. Arguments at the end: [[ids whose rows are to be deleted]]. */
export const dropSchemaAction = defineAction({
  type: ActionType.DropSchema,
  name: 'drop schema',
  queue: 'general',
  initial: SchemaState.Public,
  cancellable: [SchemaState.Public],
  involves: (job) => ({ schemaIds: [job.schema_id], schemaNames: [job.schema_name] }),
  forward: [
    onward(SchemaState.Public, SchemaState.WriteOnly, 'hides the database from reads', setState),
    onward(SchemaState.WriteOnly, SchemaState.DeleteOnly, 'ends writes into it', setState),
    {
      from: SchemaState.DeleteOnly,
      to: SchemaState.None,
      job: JobState.Done,
      version: true,
      does: 'removes the database and its tables',
      async run(step) {
        const database = await databaseToDrop(step);
        const tables = await step.meta.removeDatabase(database);
        step.ends({ database: { ...database, state: SchemaState.None } });
        step.change({ raw_args: [tables.flatMap(physicalTableIds)] });
      },
    },
  ],
  turn: [],
  rollback: [],
});

/** DROP DATABASE. */
export function dropSchema(target: {
  readonly schemaId: number;
  readonly schemaName: string;
  readonly query?: string;
}): JobSpec {
  return {
    type: ActionType.DropSchema,
    query: `drop database \`${target.schemaName}\``,
    ...target,
    schemaState: SchemaState.Public,
    fill: () => ({ rawArgs: null }),
  };
}
