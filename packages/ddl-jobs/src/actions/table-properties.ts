import { ActionType } from '../model/action-type.js';
import type { Json } from '../model/json.js';
import type { Action, StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/** ALTER TABLE … COMMENT. Arguments: [comment]. */
export const modifyTableCommentAction = property(
  ActionType.ModifyTableComment,
  'modify table comment',
  'changes the comment',
  async (step, args) => step.saveTable({ ...(await step.table()), comment: args.text(0) }),
);

/** ALTER TABLE … CHARSET. Arguments: [charset, collate, convert the columns too]. */
export const modifyTableCharsetAction = property(
  ActionType.ModifyTableCharsetAndCollate,
  'modify table charset and collate',
  'changes the charset, and with CONVERT TO that of its text columns',
  async (step, args) => {
    const table = await step.table();
    const [charset, collate] = [args.text(0), args.text(1)];
    const convert = args.boolean(2, false);
    await step.saveTable({
      ...table,
      charset,
      collate,
      cols: table.cols.map((column) =>
        convert && column.type.Charset !== 'binary' && column.type.Charset !== ''
          ? { ...column, type: { ...column.type, Charset: charset, Collate: collate } }
          : column,
      ),
    });
  },
);

/** ALTER TABLE … AUTO_INCREMENT = n. Arguments: [new base, force]. Without force it is never lowered. */
export const rebaseAutoIdAction = property(
  ActionType.RebaseAutoId,
  'rebase auto_increment ID',
  'raises the next row id',
  async (step, args) => {
    const table = await step.table();
    const { schema_id, table_id } = step.job;
    const [last, wanted] = [await step.meta.autoId(schema_id, table_id), args.bigint(0) - 1n];
    if (wanted > last || args.boolean(1, false)) {
      step.meta.setAutoId(schema_id, table_id, wanted);
    }
    await step.saveTable({ ...table, auto_inc_id: args.bigint(0) });
  },
);

/** ALTER TABLE … COMMENT = '…'. */
export function modifyTableComment(target: TableTarget, comment: string): JobSpec {
  const text = comment.replaceAll("'", "''");
  return spec(ActionType.ModifyTableComment, target, `comment = '${text}'`, [comment]);
}

/** ALTER TABLE … [CONVERT TO] CHARACTER SET … COLLATE …. */
export function modifyTableCharset(
  target: TableTarget,
  charset: string,
  options: { readonly collate?: string; readonly convertColumns?: boolean } = {},
): JobSpec {
  const { collate = `${charset}_bin`, convertColumns = false } = options;
  const what = `${convertColumns ? 'convert to ' : ''}character set ${charset} collate ${collate}`;
  return spec(ActionType.ModifyTableCharsetAndCollate, target, what, [charset, collate, convertColumns]);
}

/** ALTER TABLE … [FORCE] AUTO_INCREMENT = n: the next row gets at least n, with `force` exactly n. */
export function rebaseAutoId(target: TableTarget, base: bigint, options: { readonly force?: boolean } = {}): JobSpec {
  const { force = false } = options;
  return spec(ActionType.RebaseAutoId, target, `${force ? 'force ' : ''}auto_increment = ${base}`, [base, force]);
}

function spec(type: number, target: TableTarget, what: string, rawArgs: Json): JobSpec {
  return { type, query: `alter table \`${target.tableName}\` ${what}`, ...target, fill: () => ({ rawArgs }) };
}

function property(
  type: number,
  name: string,
  does: string,
  run: (step: StepContext, args: Arguments) => Promise<void>,
): Action {
  return oneStep({
    type,
    name,
    does,
    involves: (job) => ({ tableIds: [job.table_id] }),
    run: async (step) => run(step, new Arguments(step.job)),
  });
}
