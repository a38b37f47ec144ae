import { ActionType } from '../model/action-type.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import { defineAction } from './action.js';
import { Arguments } from './arguments.js';
import type { JobSpec } from './job-spec.js';

/** ALTER DATABASE … CHARSET. Arguments: [charset, collate]. */
export const modifySchemaCharsetAction = defineAction({
  type: ActionType.ModifySchemaCharsetAndCollate,
  name: 'modify schema charset and collate',
  queue: 'general',
  initial: SchemaState.None,
  cancellable: [SchemaState.None],
  involves: (job) => ({ schemaIds: [job.schema_id] }),
  forward: [
    {
      from: SchemaState.None,
      to: SchemaState.Public,
      job: JobState.Done,
      version: true,
      does: "changes the database's default",
      async run(step) {
        const args = new Arguments(step.job);
        const database = { ...(await step.database()), charset: args.text(0), collate: args.text(1) };
        step.meta.setDatabase(database);
        step.ends({ database });
      },
    },
  ],
  turn: [],
  rollback: [],
});

/** ALTER DATABASE … CHARACTER SET … COLLATE …. */
export function modifySchemaCharset(
  target: { readonly schemaId: number; readonly schemaName: string; readonly query?: string },
  charset: string,
  collate = `${charset}_bin`,
): JobSpec {
  return {
    type: ActionType.ModifySchemaCharsetAndCollate,
    query: `alter database \`${target.schemaName}\` character set ${charset} collate ${collate}`,
    ...target,
    fill: () => ({ rawArgs: [charset, collate] }),
  };
}
