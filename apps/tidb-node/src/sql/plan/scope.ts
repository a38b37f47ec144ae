import type { ColumnInfo, TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { FieldType } from '../types/field-type.js';

/** A column that expressions can name. */
export interface ScopeColumn {
  readonly db: string;
  /** Alias of the table, or its name. */
  readonly table: string;
  readonly orgTable: string;
  readonly name: string;
  readonly orgName: string;
  readonly type: FieldType;
  /** `*` leaves it out: the right-hand copy of a USING column. */
  readonly hidden?: boolean;
  /** Its place in `*`, where that is not the place in the row. */
  readonly starRank?: number;
  /** Where it comes from, for a stored table's column. */
  readonly source?: { readonly table: TableInfo; readonly column: ColumnInfo };
}

/** Columns in the order in which `*` shows them. */
export function inStarOrder(columns: readonly ScopeColumn[]): readonly ScopeColumn[] {
  if (columns.every((each) => each.starRank === undefined)) return columns;
  return [...columns].sort((a, b) => (a.starRank ?? 0) - (b.starRank ?? 0));
}

/** The columns of the rows that an expression is computed from, in their order. */
export class Scope {
  private readonly byName = new Map<string, number[]>();

  constructor(
    readonly columns: readonly ScopeColumn[],
    /** The columns of the query around this one. */
    readonly outer?: Scope,
  ) {
    for (const [index, column] of columns.entries()) {
      const key = column.name.toLowerCase();
      const places = this.byName.get(key);
      if (places === undefined) this.byName.set(key, [index]);
      else places.push(index);
    }
  }

  /** Index of a column by name. Undefined when there is none; error 1052 when there are two. */
  find(db: string | undefined, table: string | undefined, name: string): number | undefined {
    const found = (this.byName.get(name.toLowerCase()) ?? []).filter((index) => {
      const column = this.columns[index];
      if (column === undefined) return false;
      if (table === undefined) return column.hidden !== true;
      return (
        column.table.toLowerCase() === table.toLowerCase() &&
        (db === undefined || column.db.toLowerCase() === db.toLowerCase())
      );
    });
    if (found.length > 1) throw new SqlError(1052, `Column '${name}' in field list is ambiguous`);
    return found[0];
  }

  /** As `find`; error 1054 for a name that is not there. */
  resolve(db: string | undefined, table: string | undefined, name: string, clause: string): number {
    const index = this.find(db, table, name);
    if (index !== undefined) return index;
    const shown = [db, table, name].filter((each) => each !== undefined).join('.');
    throw new SqlError(1054, `Unknown column '${shown}' in '${clause}'`);
  }

  /** The column of the nearest query around that has one of this name. */
  findOuter(
    db: string | undefined,
    table: string | undefined,
    name: string,
  ): { readonly scope: Scope; readonly index: number } | undefined {
    for (let scope = this.outer; scope !== undefined; scope = scope.outer) {
      const index = scope.find(db, table, name);
      if (index !== undefined) return { scope, index };
    }
    return undefined;
  }
}

export const EMPTY_SCOPE = new Scope([]);
