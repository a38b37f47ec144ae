import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { ColumnFlag } from '../model/column-info.js';
import type { IndexColumn, IndexInfo } from '../model/index-info.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { asJson, isJsonObject, type Json } from '../model/json.js';
import { withKeyFlags } from '../model/key-flags.js';
import { type Name, name, nameOf } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { findColumn, findIndex, removeIndex, replaceIndex } from '../model/table-edit.js';
import type { TableInfo } from '../model/table-info.js';
import type { Action, StepContext } from './action.js';
import { Arguments } from './arguments.js';
import { back, fixSnapshot, onward, turnsOfAdded } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

const { None, DeleteOnly, WriteOnly, WriteReorganization, DeleteReorganization, Public } = SchemaState;

/**
 * ADD INDEX, ADD UNIQUE. Arguments: [unique, name, [columns], option, hidden columns, global]; at the end [index id, if exists, [partition ids]]; on the way
 * back [name, if exists], at its end [index id, if exists].
 */
export const addIndexAction = addAction(ActionType.AddIndex, 'add index');

/**
 * ADD PRIMARY KEY, not clustered: an index called PRIMARY. Its columns become NOT NULL with it: until then writes refuse NULL, and a row that holds one
 * turns the job back. Arguments as those of an index.
 */
export const addPrimaryKeyAction = addAction(ActionType.AddPrimaryKey, 'add primary key');

/** ADD [UNIQUE] INDEX. Make the index with `newIndexInfo`. */
export function addIndex(target: TableTarget, index: IndexInfo): JobSpec {
  const unique = index.is_unique ? 'unique ' : '';
  return spec(ActionType.AddIndex, target, index, `add ${unique}index \`${index.idx_name.O}\``);
}

/** ADD PRIMARY KEY … NONCLUSTERED. */
export function addPrimaryKey(target: TableTarget, columns: readonly IndexColumn[]): JobSpec {
  const index = { idx_name: name('PRIMARY'), idx_cols: columns, is_unique: true, comment: '', is_invisible: false };
  return spec(ActionType.AddPrimaryKey, target, index, 'add primary key');
}

function spec(
  type: number,
  target: TableTarget,
  index: Pick<IndexInfo, 'idx_name' | 'idx_cols' | 'is_unique' | 'comment' | 'is_invisible'>,
  what: string,
): JobSpec {
  const columns = index.idx_cols.map((part) => ({
    Column: { Schema: name(''), Table: name(''), Name: part.name },
    Length: part.length,
  }));
  const option = { Comment: index.comment, Visibility: index.is_invisible ? 2 : 0 };
  return {
    type,
    query: `alter table \`${target.tableName}\` ${what} (${index.idx_cols.map((part) => `\`${part.name.O}\``).join(', ')})`,
    ...target,
    priority: 1,
    fill: () => ({ rawArgs: [index.is_unique, asJson(index.idx_name), asJson(columns), option, [], false] }),
  };
}

function addAction(type: number, actionName: string): Action {
  const isPrimary = type === ActionType.AddPrimaryKey;
  return {
    type,
    name: actionName,
    queue: 'reorg',
    initial: None,
    cancellable: [None, DeleteOnly, WriteOnly, WriteReorganization],
    involves: (job) => ({ tableIds: [job.table_id] }),
    forward: [
      {
        from: None,
        to: DeleteOnly,
        job: JobState.Running,
        version: true,
        does: 'adds the index, delete only',
        async run(step) {
          const table = await step.table();
          const index = indexToAdd(step, table, isPrimary);
          const added = { ...index, id: table.max_idx_id + 1, state: DeleteOnly };
          const guarded = isPrimary ? withColumns(table, index, refuseNull) : table;
          await step.saveTable({
            ...guarded,
            max_idx_id: added.id,
            index_info: [...table.index_info, added],
          });
        },
      },
      onward(DeleteOnly, WriteOnly, 'lets every write maintain it', setState),
      onward(WriteOnly, WriteReorganization, 'gets ready for the backfill', setState),
      fixSnapshot("fixes the backfill's snapshot"),
      {
        from: WriteReorganization,
        to: Public,
        job: JobState.Done,
        version: true,
        does: 'once the rows are backfilled, lets reads use it',
        commits: true,
        async backfill(step) {
          const table = await step.table();
          const snapshotTs = step.job.snapshot_ver;
          return { schemaId: step.job.schema_id, table, indexes: [requireIndex(step.job, table)], snapshotTs };
        },
        async run(step) {
          const table = await step.table();
          const index = requireIndex(step.job, table);
          const finished = isPrimary ? withColumns(table, index, refuseNoLonger) : table;
          await step.saveTable(withKeyFlags(replaceIndex(finished, { ...index, state: Public })));
          step.change({ raw_args: [index.id, false, []] });
        },
      },
    ],
    turn: turnsOfAdded(takeBack),
    rollback: [
      back(DeleteOnly, DeleteReorganization, 'lets nothing touch it', takeBack),
      {
        from: DeleteReorganization,
        to: None,
        job: JobState.RollbackDone,
        version: true,
        does: 'removes the index; its entries are left to be deleted',
        async run(step) {
          const table = await step.table();
          const index = requireIndex(step.job, table);
          const freed = isPrimary ? withColumns(table, index, refuseNoLonger) : table;
          await step.saveTable(withKeyFlags(removeIndex(freed, index)));
          step.change({ raw_args: [index.id, false], snapshot_ver: 0n });
        },
      },
    ],
  };
}

/** The index as the arguments describe it. */
function indexToAdd(step: StepContext, table: TableInfo, isPrimary: boolean): IndexInfo {
  const args = new Arguments(step.job);
  const indexName = args.name(1);
  const option: Json = args.list(2).length === 0 ? null : (optionOf(step.job) ?? null);
  if (isPrimary && (table.pk_is_handle || table.index_info.some((index) => index.is_primary))) {
    throw new DdlError('MULTIPLE_PRIMARY_KEY', 'Multiple primary key defined');
  }
  if (findIndex(table, indexName) !== undefined) {
    throw new DdlError('INDEX_EXISTS', `index already exist ${indexName.O}`);
  }
  const columns = args.list(2).map((part) => indexColumnOf(part, table, step.job));
  if (columns.length === 0) {
    throw new DdlError('INVALID_JOB', `argument 2 of job ${step.job.id} must name at least one column`);
  }
  const fields = isJsonObject(option) ? option : {};
  return {
    id: 0,
    idx_name: indexName,
    tbl_name: name(''),
    idx_cols: columns,
    state: None,
    backfill_state: 0,
    comment: typeof fields.Comment === 'string' ? fields.Comment : '',
    index_type: 1,
    is_unique: isPrimary || args.boolean(0),
    is_primary: isPrimary,
    is_invisible: fields.Visibility === 2,
    is_global: false,
    mv_index: false,
  };
}

/** Flags of a column while it is going to be NOT NULL, and after that, whatever came of it. */
const refuseNull = (flag: number) => ((flag & ColumnFlag.NotNull) === 0 ? flag | ColumnFlag.PreventNullInsert : flag);
const refuseNoLonger = (flag: number) => flag & ~ColumnFlag.PreventNullInsert;

/** The table with other flags for the columns of an index. */
function withColumns(table: TableInfo, index: IndexInfo, flags: (flag: number) => number): TableInfo {
  const named = new Set(index.idx_cols.map((part) => part.name.L));
  const cols = table.cols.map((column) =>
    named.has(column.name.L) ? { ...column, type: { ...column.type, Flag: flags(column.type.Flag) } } : column,
  );
  return { ...table, cols };
}

function optionOf(job: Job): Json | undefined {
  return Array.isArray(job.raw_args) ? job.raw_args[3] : undefined;
}

function indexColumnOf(part: Json, table: TableInfo, job: Job): IndexColumn {
  const column = isJsonObject(part) ? part.Column : undefined;
  const wanted = isJsonObject(column) ? (nameOf(column.Name) ?? nameOf(column.name)) : undefined;
  if (!isJsonObject(part) || wanted === undefined) {
    throw new DdlError('INVALID_JOB', `argument 2 of job ${job.id} must be a list of columns, each with a name`);
  }
  const found = findColumn(table, wanted);
  if (found === undefined) {
    throw new DdlError('KEY_COLUMN_MISSING', `column does not exist: ${wanted.O}`);
  }
  return { name: found.name, offset: found.offset, length: typeof part.Length === 'number' ? part.Length : -1 };
}

/** The index a job is about, from the arguments of either way. */
function requireIndex(job: Job, table: TableInfo): IndexInfo {
  const wanted: Name = new Arguments(job).name(job.state === JobState.Rollingback ? 0 : 1);
  const index = findIndex(table, wanted);
  if (index === undefined) {
    throw new DdlError('CANNOT_DROP', `index ${wanted.O} doesn't exist`);
  }
  return index;
}

async function setState(step: StepContext, to: SchemaState): Promise<void> {
  const table = await step.table();
  await step.saveTable(replaceIndex(table, { ...requireIndex(step.job, table), state: to }));
}

/** On the way back the name alone is left of the arguments. */
async function takeBack(step: StepContext, to: SchemaState): Promise<void> {
  const { idx_name } = requireIndex(step.job, await step.table());
  await setState(step, to);
  step.change({ raw_args: [asJson(idx_name), false] });
}
