import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { tableOf } from '../model/codec.js';
import type { ColumnInfo } from '../model/column-info.js';
import type { Job } from '../model/job.js';
import { absentList, asJson } from '../model/json.js';
import { newTableInfo, type ViewInfo } from '../model/table-info.js';
import { Arguments } from './arguments.js';
import { addNewTable } from './create-table.js';
import { oneStep } from './edges.js';
import type { JobSpec } from './job-spec.js';

/** CREATE [OR REPLACE] VIEW. Arguments: [TableInfo with a view, or replace, id of the view that is replaced]. */
export const createViewAction = oneStep({
  type: ActionType.CreateView,
  name: 'create view',
  does: 'writes the view, in place of the one it replaces',
  involves: (job: Job) => ({
    tableIds: [job.table_id],
    tableNames: [{ schemaId: job.schema_id, table: job.table_name }],
  }),
  async run(step) {
    const args = new Arguments(step.job);
    const view = tableOf(args.object(0));
    if (view.view === null) {
      throw new DdlError('WRONG_OBJECT', `'${step.job.schema_name}.${view.name.O}' is not VIEW`);
    }
    if (args.boolean(1, false)) {
      const database = await step.database();
      const oldId = await step.meta.tableIdNamed(database, view.name.L);
      const old = oldId === undefined ? undefined : await step.meta.table(database.id, oldId);
      if (old !== undefined) {
        if (old.view === null) {
          throw new DdlError('WRONG_OBJECT', `'${database.db_name.O}.${old.name.O}' is not VIEW`);
        }
        step.meta.removeTable(database, old);
        step.diff({ old_table_id: old.id });
      }
    }
    await addNewTable(step, view);
  },
});

/** CREATE [OR REPLACE] VIEW. */
export function createView(
  target: { readonly schemaId: number; readonly schemaName: string; readonly query?: string },
  view: {
    readonly name: string;
    readonly select: string;
    readonly columns: readonly ColumnInfo[];
    readonly definition?: Partial<Omit<ViewInfo, 'view_select'>>;
    /** Of the connection that creates it. Default utf8mb4 and its binary order. */
    readonly charset?: string;
    readonly collate?: string;
    readonly orReplace?: boolean;
  },
): JobSpec {
  const info = newTableInfo(view.name, view.columns, [], {
    index_info: absentList as readonly never[],
    ...(view.charset !== undefined && { charset: view.charset }),
    ...(view.collate !== undefined && { collate: view.collate }),
    view: {
      view_algorithm: 0,
      view_definer: { Username: '', Hostname: '', CurrentUser: true },
      view_security: 0,
      view_select: view.select,
      view_checkoption: 1,
      view_cols: null,
      ...view.definition,
    },
  });
  return {
    type: ActionType.CreateView,
    query: `create view \`${view.name}\` as ${view.select}`,
    ...target,
    tableName: view.name,
    newIds: 1,
    fill: ([tableId = 0]) => ({
      tableId,
      rawArgs: [asJson({ ...info, id: tableId }), view.orReplace ?? false, 0],
    }),
  };
}
