import { DdlError } from '../errors.js';
import { ActionType, actionTypeName } from '../model/action-type.js';
import { type Job, newJob } from '../model/job.js';
import type { Json } from '../model/json.js';
import { isJsonObject } from '../model/json.js';
import { nameOf } from '../model/name.js';
import { Arguments } from './arguments.js';
import type { JobSpec } from './job-spec.js';

/** What the actions of one ALTER do with names. */
interface Touched {
  readonly addedColumns: string[];
  readonly droppedColumns: string[];
  readonly changedColumns: string[];
  /** Columns that others are put after. */
  readonly positionColumns: string[];
  /** Columns that indexes and generated columns are made of. */
  readonly usedColumns: string[];
  readonly addedIndexes: string[];
  readonly droppedIndexes: string[];
  readonly changedIndexes: string[];
}

/**
 * Refuses an ALTER whose actions meet at a column or an index: every action is prepared on the table as it was before the statement, so none can build on
 * what another adds, moves or drops. The rules, their order and their texts are those of TiDB.
 *
 * @throws DdlError UNSUPPORTED (8200) that names the column or index, or an action that cannot be one of several.
 */
export function checkActionsMeet(changes: readonly JobSpec[]): void {
  const touched: Touched = {
    addedColumns: [],
    droppedColumns: [],
    changedColumns: [],
    positionColumns: [],
    usedColumns: [],
    addedIndexes: [],
    droppedIndexes: [],
    changedIndexes: [],
  };
  for (const change of changes) {
    const gather = gatherers[change.type];
    if (gather === undefined) {
      throw new DdlError(
        'UNSUPPORTED',
        `Unsupported multi schema change for ${actionTypeName(change.type) ?? change.type}`,
      );
    }
    gather(new Arguments(jobOf(change)), touched);
  }
  const columns = new Meeting('column');
  const indexes = new Meeting('index');
  columns.take(touched.addedColumns);
  columns.take(touched.droppedColumns);
  indexes.take(touched.droppedIndexes);
  columns.look(touched.positionColumns);
  columns.take(touched.changedColumns);
  columns.look(touched.usedColumns);
  indexes.take(touched.addedIndexes);
  indexes.take(touched.changedIndexes);
}

/** Names of one kind that an ALTER has to itself. */
class Meeting {
  readonly #kind: string;
  readonly #taken = new Set<string>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  take(names: readonly string[]): void {
    for (const each of names) {
      this.look([each]);
      this.#taken.add(each);
    }
  }

  look(names: readonly string[]): void {
    const met = names.find((each) => this.#taken.has(each));
    if (met !== undefined) {
      throw new DdlError('UNSUPPORTED', `Unsupported operate same ${this.#kind} '${met}'`);
    }
  }
}

type Gather = (args: Arguments, touched: Touched) => void;

const addIndex: Gather = (args, { addedIndexes, usedColumns }) => {
  addedIndexes.push(args.name(1).L);
  for (const part of args.list(2)) {
    const column = isJsonObject(part) && isJsonObject(part.Column) ? nameOf(part.Column.Name) : undefined;
    usedColumns.push(...(column === undefined ? [] : [column.L]));
  }
  for (const hidden of args.list(4)) {
    usedColumns.push(...dependences(hidden));
  }
};
const dropIndex: Gather = (args, { droppedIndexes }) => void droppedIndexes.push(args.name(0).L);
const nothing: Gather = () => {};

/** The actions that can be one of several, and the names each of them touches. */
const gatherers: Readonly<Record<number, Gather>> = {
  [ActionType.AddColumn]: (args, touched) => {
    const column = args.object(0);
    touched.addedColumns.push(columnName(column));
    touched.usedColumns.push(...dependences(column));
    touched.positionColumns.push(...after(args, 1));
  },
  [ActionType.DropColumn]: (args, { droppedColumns }) => void droppedColumns.push(args.name(0).L),
  [ActionType.ModifyColumn]: (args, touched) => {
    const [column, old] = [args.object(0), args.name(1).L];
    if (columnName(column) === old) {
      touched.changedColumns.push(old);
    } else {
      touched.addedColumns.push(columnName(column));
      touched.droppedColumns.push(old);
    }
    touched.usedColumns.push(...dependences(column));
    touched.positionColumns.push(...after(args, 2));
  },
  [ActionType.SetDefaultValue]: (args, { changedColumns }) => void changedColumns.push(columnName(args.object(0))),
  [ActionType.AddIndex]: addIndex,
  [ActionType.AddPrimaryKey]: addIndex,
  [ActionType.DropIndex]: dropIndex,
  [ActionType.DropPrimaryKey]: dropIndex,
  [ActionType.RenameIndex]: (args, { addedIndexes, droppedIndexes }) => {
    droppedIndexes.push(args.name(0).L);
    addedIndexes.push(args.name(1).L);
  },
  [ActionType.AlterIndexVisibility]: (args, { changedIndexes }) => void changedIndexes.push(args.name(0).L),
  [ActionType.AddForeignKey]: nothing,
  [ActionType.RebaseAutoId]: nothing,
  [ActionType.ModifyTableComment]: nothing,
  [ActionType.ModifyTableCharsetAndCollate]: nothing,
};

function jobOf(change: JobSpec): Job {
  return newJob({ id: 0, type: change.type, raw_args: change.fill([]).rawArgs });
}

function columnName(column: { readonly [name: string]: Json }): string {
  return nameOf(column.name)?.L ?? '';
}

function dependences(column: Json): readonly string[] {
  const of = isJsonObject(column) ? column.dependences : null;
  return isJsonObject(of) ? Object.keys(of) : [];
}

function after(args: Arguments, at: number): readonly string[] {
  const position = args.position(at);
  return typeof position === 'object' ? [position.after.toLowerCase()] : [];
}
