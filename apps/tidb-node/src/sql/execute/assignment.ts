import { ColumnFlag, type ColumnInfo, type TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import { now } from '../functions/time-conversion.js';
import type { Assignment } from '../parse/ast.js';
import { columnDefault } from '../plan/column-default.js';
import { type CompileContext, compile } from '../plan/compile.js';
import type { Scope } from '../plan/scope.js';
import { castForColumn, isNotNull, type WriteRules, zeroValue } from '../types/column-cast.js';
import { compareValues } from '../types/compare.js';
import { Flag } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import type { WriteStatement } from './statement.js';

/** One `column = value` of UPDATE, made ready. */
export interface Assign {
  /** Place of the column in the row that the value is computed from. */
  readonly index: number;
  readonly column: ColumnInfo;
  readonly table: TableInfo;
  readonly value: Compiled | 'default';
}

export function compileAssignments(
  assignments: readonly Assignment[],
  scope: Scope,
  s: Pick<WriteStatement, 'planner' | 'evaluation'>,
  more: Partial<CompileContext> = {},
): Assign[] {
  return assignments.map(({ column: { db, table, name }, value }) => {
    const index = scope.resolve(db, table, name, 'field list');
    const source = scope.columns[index]?.source;
    if (source === undefined)
      throw new SqlError(
        1288,
        `The target table ${table ?? scope.columns[index]?.table ?? ''} of the UPDATE is not updatable`,
      );
    if (source.column.generated_expr_string !== '' && value.kind !== 'default') {
      throw new SqlError(
        3105,
        `The value specified for generated column '${source.column.name.O}' in table '${source.table.name.O}' is not allowed.`,
      );
    }
    if (value.kind === 'default' && (value.column ?? name).toLowerCase() === name.toLowerCase()) {
      return { index, column: source.column, table: source.table, value: 'default' };
    }
    const columnDefaultOf = (wanted: string | undefined): Compiled => {
      const at = scope.resolve(undefined, undefined, wanted ?? name, 'field list');
      const column = scope.columns[at]?.source?.column ?? source.column;
      const make = columnDefault(column, s);
      return { type: column.type, constant: false, evaluate: () => make() ?? null, text: `default(${column.name.O})` };
    };
    return {
      index,
      column: source.column,
      table: source.table,
      value: compile(value, s.planner.context(scope, 'field list', { columnDefault: columnDefaultOf, ...more })),
    };
  });
}

interface UpdateRules extends Pick<WriteStatement, 'evaluation' | 'planner' | 'warn'> {
  readonly rules: WriteRules;
}

/** The row after the assignments, in order, each seeing those before it; undefined when nothing changes. */
export function applyAssignments(
  assigns: readonly Assign[],
  row: Row,
  table: TableInfo,
  s: UpdateRules,
  stored: readonly { readonly offset: number; readonly compiled: Compiled }[],
  virtual: readonly { readonly offset: number; readonly compiled: Compiled }[],
  number: number,
): Row | undefined {
  const after: Row = [...row];
  const touched = new Set<number>();
  for (const { column, value } of assigns) {
    const made = value === 'default' ? columnDefault(column, s)() : value.evaluate(after, s.evaluation);
    after[column.offset] = assigned(column, made, s, number);
    touched.add(column.offset);
  }
  return finishRow(row, after, touched, table, s, stored, virtual, number);
}

/** A value as the column takes it. Errors 1048 and 1364. */
export function assigned(column: ColumnInfo, value: SqlValue | undefined, s: UpdateRules, number: number): SqlValue {
  const forbids = isNotNull(column.type) || (column.type.Flag & Flag.PreventNullInsert) !== 0;
  if (value === undefined) {
    if (s.rules.strict) throw new SqlError(1364, `Field '${column.name.O}' doesn't have a default value`);
    return isNotNull(column.type) ? zeroValue(column.type) : null;
  }
  if (value === null && forbids) {
    if ((column.type.Flag & ColumnFlag.AutoIncrement) !== 0 && !s.rules.strict) return 0n;
    if (s.rules.strict) throw new SqlError(1048, `Column '${column.name.O}' cannot be null`);
    s.warn('Warning', 1048, `Column '${column.name.O}' cannot be null`);
    return zeroValue(column.type);
  }
  return castForColumn(value, column.name.O, column.type, s.rules, number);
}

/** ON UPDATE CURRENT_TIMESTAMP and generated columns; undefined when the row stays as it was. */
export function finishRow(
  before: Row,
  after: Row,
  touched: ReadonlySet<number>,
  table: TableInfo,
  s: UpdateRules,
  stored: readonly { readonly offset: number; readonly compiled: Compiled }[],
  virtual: readonly { readonly offset: number; readonly compiled: Compiled }[],
  number: number,
): Row | undefined {
  if (rowsEqual(before, after, table)) return undefined;
  for (const column of table.cols) {
    if ((column.type.Flag & Flag.OnUpdateNow) === 0 || touched.has(column.offset)) continue;
    after[column.offset] = now(s.evaluation, Math.max(column.type.Decimal, 0)).as(
      column.type.Tp === 7 ? 'timestamp' : 'datetime',
    );
  }
  for (const { offset, compiled } of [...stored, ...virtual].sort((a, b) => a.offset - b.offset)) {
    const column = table.cols[offset];
    if (column !== undefined)
      after[offset] = castForColumn(
        compiled.evaluate(after, s.evaluation),
        column.name.O,
        column.type,
        s.rules,
        number,
      );
  }
  return after;
}

/** Whether two rows hold the same values, byte for byte in text. */
export function rowsEqual(a: Row, b: Row, table: TableInfo): boolean {
  return table.cols.every((column) => {
    if (column.generated_expr_string !== '') return true;
    const left = a[column.offset] ?? null;
    const right = b[column.offset] ?? null;
    if (left === null || right === null) return left === right;
    if (typeof left === 'string' && typeof right === 'string') return left === right;
    return compareValues(left, right, 'binary', () => undefined) === 0;
  });
}
