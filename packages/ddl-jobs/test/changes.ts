import {
  ActionType,
  addColumn,
  addForeignKey,
  addIndex,
  addPrimaryKey,
  alterIndexVisibility,
  ColumnFlag,
  createSchema,
  createTable,
  createView,
  dropColumn,
  dropForeignKey,
  dropIndex,
  dropPrimaryKey,
  dropSchema,
  dropTable,
  dropView,
  type JobSpec,
  modifyColumn,
  modifySchemaCharset,
  modifyTableCharset,
  modifyTableComment,
  multiSchemaChange,
  name,
  newIndexInfo,
  newTableInfo,
  ReferenceOption,
  rebaseAutoId,
  renameIndex,
  renameTable,
  renameTables,
  setDefaultValue,
  truncateTable,
} from '../src/index.js';
import type { Fleet } from './fleet.js';
import { int, type Prepared, targetOf, varchar } from './tables.js';

/** One way to use an action: what has to be there, and the job. */
export interface Change {
  readonly title: string;
  readonly type: number;
  /** Schema versions it makes when nobody interferes (spec: the table of transitions; those of TiDB 6.6 where it does the same). */
  readonly versions: number;
  /** Those of them that come after the step that takes effect, whose version is the one in the history. */
  readonly later?: number;
  spec(prepared: Prepared, fleet: Fleet): Promise<JobSpec> | JobSpec;
}

const toParents = (keyName: string, column: string) => ({
  fk_name: name(keyName),
  ref_schema: name('d'),
  ref_table: name('parents'),
  ref_cols: [name('id')],
  cols: [name(column)],
  on_delete: ReferenceOption.Cascade,
  on_update: ReferenceOption.None,
  version: 0,
});

/** Every action at least once, every way of modify column. */
export const changes: readonly Change[] = [
  { title: 'create database', type: ActionType.CreateSchema, versions: 1, spec: () => createSchema('other') },
  { title: 'drop database', type: ActionType.DropSchema, versions: 3, spec: ({ schema }) => dropSchema(schema) },
  {
    title: 'alter database charset',
    type: ActionType.ModifySchemaCharsetAndCollate,
    versions: 1,
    spec: ({ schema }) => modifySchemaCharset(schema, 'latin1'),
  },
  {
    title: 'create table',
    type: ActionType.CreateTable,
    versions: 1,
    spec: ({ schema }) => createTable(schema, newTableInfo('u', [int('a')])),
  },
  { title: 'drop table', type: ActionType.DropTable, versions: 3, spec: ({ table }) => dropTable(table) },
  { title: 'truncate table', type: ActionType.TruncateTable, versions: 1, spec: ({ table }) => truncateTable(table) },
  {
    title: 'rename table',
    type: ActionType.RenameTable,
    versions: 1,
    spec: ({ table }) => renameTable(table, { name: 'renamed' }),
  },
  {
    title: 'rename tables',
    type: ActionType.RenameTables,
    versions: 1,
    spec: ({ table }) => renameTables([{ table, to: { name: 'renamed' } }]),
  },
  {
    title: 'create view',
    type: ActionType.CreateView,
    versions: 1,
    spec: ({ schema }) => createView(schema, { name: 'v', select: 'select a from t', columns: [int('a')] }),
  },
  {
    title: 'drop view',
    type: ActionType.DropView,
    versions: 3,
    async spec({ schema }, fleet) {
      const view = { name: 'v', select: 'select a from t', columns: [int('a')] };
      return dropView(targetOf(await fleet.jobs.run(createView(schema, view)), 'v'));
    },
  },
  {
    title: 'table comment',
    type: ActionType.ModifyTableComment,
    versions: 1,
    spec: ({ table }) => modifyTableComment(table, 'second'),
  },
  {
    title: 'table charset',
    type: ActionType.ModifyTableCharsetAndCollate,
    versions: 1,
    spec: ({ table }) => modifyTableCharset(table, 'latin1', { convertColumns: true }),
  },
  {
    title: 'auto increment',
    type: ActionType.RebaseAutoId,
    versions: 1,
    spec: ({ table }) => rebaseAutoId(table, 1000n),
  },
  {
    title: 'add foreign key',
    type: ActionType.AddForeignKey,
    versions: 1,
    spec: ({ table }) => addForeignKey(table, toParents('fk_b', 'b')),
  },
  {
    title: 'drop foreign key',
    type: ActionType.DropForeignKey,
    versions: 1,
    async spec({ table }, fleet) {
      await fleet.jobs.run(addForeignKey(table, toParents('fk_c', 'c')));
      return dropForeignKey(table, 'FK_C');
    },
  },
  {
    title: 'add column',
    type: ActionType.AddColumn,
    versions: 4,
    spec: ({ table }) => addColumn(table, int('z'), { after: 'a' }),
  },
  { title: 'drop column', type: ActionType.DropColumn, versions: 4, spec: ({ table }) => dropColumn(table, 'c') },
  {
    title: 'modify column, metadata only',
    type: ActionType.ModifyColumn,
    versions: 1,
    spec: ({ table }) => modifyColumn(table, 'b', varchar('b', 40)),
  },
  {
    title: 'change column to NOT NULL',
    type: ActionType.ModifyColumn,
    versions: 2,
    spec: ({ table }) => modifyColumn(table, 'c', { ...int('c2', ColumnFlag.NotNull) }),
  },
  {
    title: 'modify column, rewriting it and its index',
    type: ActionType.ModifyColumn,
    // TiDB 6.6 makes 4: it has no steps in which the old column leaves.
    versions: 6,
    later: 2,
    spec: ({ table }) => modifyColumn(table, 'c', varchar('c', 10)),
  },
  {
    title: 'set default',
    type: ActionType.SetDefaultValue,
    versions: 1,
    spec: ({ table }) => setDefaultValue(table, { ...varchar('b', 20), default: 'bb' }),
  },
  {
    title: 'add index',
    type: ActionType.AddIndex,
    versions: 4,
    spec: ({ table }) => addIndex(table, newIndexInfo('kb', ['b'])),
  },
  {
    title: 'add unique',
    type: ActionType.AddIndex,
    versions: 4,
    spec: ({ table }) => addIndex(table, newIndexInfo('ub', ['b'], { is_unique: true })),
  },
  {
    title: 'add primary key',
    type: ActionType.AddPrimaryKey,
    versions: 4,
    spec: ({ table }) => addPrimaryKey(table, [{ name: name('a'), offset: 0, length: -1 }]),
  },
  {
    title: 'drop primary key',
    type: ActionType.DropPrimaryKey,
    versions: 4,
    async spec({ table }, fleet) {
      await fleet.jobs.run(addPrimaryKey(table, [{ name: name('a'), offset: 0, length: -1 }]));
      return dropPrimaryKey(table);
    },
  },
  { title: 'drop index', type: ActionType.DropIndex, versions: 4, spec: ({ table }) => dropIndex(table, 'kc') },
  {
    title: 'rename index',
    type: ActionType.RenameIndex,
    versions: 1,
    spec: ({ table }) => renameIndex(table, 'kc', 'kd'),
  },
  {
    title: 'index visibility',
    type: ActionType.AlterIndexVisibility,
    versions: 1,
    spec: ({ table }) => alterIndexVisibility(table, 'kc', true),
  },
  {
    title: 'two columns in one ALTER',
    type: ActionType.MultiSchemaChange,
    versions: 7,
    spec: ({ table }) => multiSchemaChange(table, [addColumn(table, int('g')), addColumn(table, int('h'))]),
  },
  {
    title: 'add column, drop column, add index in one ALTER',
    type: ActionType.MultiSchemaChange,
    // TiDB 6.6 makes 13, three of them by its merge of the backfilled index, which there is none of here.
    versions: 10,
    later: 3,
    spec: ({ table }) =>
      multiSchemaChange(table, [
        addColumn(table, int('m1')),
        dropColumn(table, 'c'),
        addIndex(table, newIndexInfo('kb', ['b'])),
      ]),
  },
];
