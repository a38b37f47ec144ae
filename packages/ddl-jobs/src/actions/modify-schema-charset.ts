import { ActionType } from '../model/action-type.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec } from './job-spec.js';

/** ALTER DATABASE … CHARSET. Arguments: [charset, collate]. */
export const modifySchemaCharsetAction = oneStep({
  type: ActionType.ModifySchemaCharsetAndCollate,
  name: 'modify schema charset and collate',
  does: "changes the database's default",
  involves: (job) => ({ schemaIds: [job.schema_id] }),
  async run(step) {
    const args = new Arguments(step.job);
    const database = { ...(await step.database()), charset: args.text(0), collate: args.text(1) };
    step.meta.setDatabase(database);
    step.ends({ database });
  },
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
