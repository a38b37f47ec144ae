import type { ColumnInfo } from '@tidb-js/ddl-jobs';
import { likePrefix } from '../functions/like.js';
import type { Expression } from '../parse/ast.js';
import { castForColumn } from '../types/column-cast.js';
import { compareValues } from '../types/compare.js';
import { evaluationKind, isStringType } from '../types/field-type.js';
import type { SqlValue } from '../types/value.js';
import { comparisonCollation, compile } from './compile.js';
import type { Planner } from './planner.js';
import { EMPTY_SCOPE, type Scope } from './scope.js';
import { isSubquery, some } from './walk.js';

export interface Bound {
  readonly value: Exclude<SqlValue, null>;
  readonly inclusive: boolean;
}

/** What the conditions of a statement say of one column, in values of the column's type. */
export interface ColumnCondition {
  /** It is one of these. */
  readonly equals?: readonly SqlValue[];
  readonly low?: Bound;
  readonly high?: Bound;
}

const MIRRORED: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '=': '=',
  '<=>': '<=>',
};

/** The conditions on columns of one table among those that AND joins, by column offset. */
export function columnConditions(
  conditions: readonly Expression[],
  scope: Scope,
  planner: Planner,
): ReadonlyMap<number, ColumnCondition> {
  const found = new Map<number, ColumnCondition>();
  for (const e of conditions) {
    const one = conditionOf(e, scope, planner);
    if (one === undefined) continue;
    const before = found.get(one.offset);
    found.set(one.offset, before === undefined ? one.condition : both(before, one.condition));
  }
  return found;
}

function both(a: ColumnCondition, b: ColumnCondition): ColumnCondition {
  if (a.equals !== undefined) return a;
  if (b.equals !== undefined) return b;
  const low = tighter(a.low, b.low, 1);
  const high = tighter(a.high, b.high, -1);
  return { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
}

function tighter(a: Bound | undefined, b: Bound | undefined, sign: 1 | -1): Bound | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareValues(a.value, b.value, 'binary', () => undefined) * sign;
  if (order === 0) return a.inclusive ? b : a;
  return order > 0 ? a : b;
}

interface Found {
  readonly offset: number;
  readonly condition: ColumnCondition;
}

function conditionOf(e: Expression, scope: Scope, planner: Planner): Found | undefined {
  switch (e.kind) {
    case 'binary': {
      const direct = columnOf(e.left, scope);
      const mirrored = direct === undefined ? columnOf(e.right, scope) : undefined;
      const column = direct ?? mirrored;
      const operator = direct !== undefined ? e.operator : MIRRORED[e.operator];
      if (column === undefined || operator === undefined) return undefined;
      const value = constantFor(direct !== undefined ? e.right : e.left, column, planner);
      if (value === undefined) return undefined;
      return comparison(column, operator, value);
    }
    case 'in': {
      const column = e.not ? undefined : columnOf(e.operand, scope);
      if (column === undefined) return undefined;
      const values: SqlValue[] = [];
      for (const item of e.items) {
        const value = constantFor(item, column, planner);
        if (value === undefined) return undefined;
        if (value !== null) values.push(value);
      }
      return { offset: column.offset, condition: { equals: values } };
    }
    case 'between': {
      const column = e.not ? undefined : columnOf(e.operand, scope);
      if (column === undefined) return undefined;
      const low = constantFor(e.low, column, planner);
      const high = constantFor(e.high, column, planner);
      if (low === undefined || high === undefined || low === null || high === null) return undefined;
      return {
        offset: column.offset,
        condition: { low: { value: low, inclusive: true }, high: { value: high, inclusive: true } },
      };
    }
    case 'is': {
      const column = e.not || e.what !== 'null' ? undefined : columnOf(e.operand, scope);
      return column === undefined ? undefined : { offset: column.offset, condition: { equals: [null] } };
    }
    case 'like': {
      const column = e.not ? undefined : columnOf(e.operand, scope);
      if (column === undefined || !isStringType(column.type) || !/binary|_bin$/.test(column.type.Collate))
        return undefined;
      const pattern = constantFor(e.pattern, column, planner);
      if (typeof pattern !== 'string') return undefined;
      const { prefix } = likePrefix(pattern, e.escape);
      // A trailing space does not count in keys, so a prefix that ends in one is cut.
      const low = prefix.replace(/ +$/, '');
      return low === '' ? undefined : { offset: column.offset, condition: { low: { value: low, inclusive: true } } };
    }
    default:
      return undefined;
  }
}

function comparison(column: ColumnInfo, operator: string, value: SqlValue): Found | undefined {
  const { offset } = column;
  if (operator === '<=>') return { offset, condition: { equals: [value] } };
  if (value === null) return { offset, condition: { equals: [] } };
  switch (operator) {
    case '=':
      return { offset, condition: { equals: [value] } };
    case '<':
    case '<=':
      return { offset, condition: { high: { value, inclusive: operator === '<=' } } };
    case '>':
    case '>=':
      return { offset, condition: { low: { value, inclusive: operator === '>=' } } };
    default:
      return undefined;
  }
}

/** The table's own column that an expression is. */
function columnOf(e: Expression, scope: Scope): ColumnInfo | undefined {
  if (e.kind !== 'column') return undefined;
  const index = scope.find(e.db, e.table, e.name);
  return index === undefined ? undefined : scope.columns[index]?.source?.column;
}

const STRICT = { strict: true, noZeroDate: false, noZeroInDate: false, warn: () => undefined };

/**
 * A constant as a value of the column that equals it exactly. Undefined when it is no constant, or when comparing it with the
 * column is not the same as comparing values of the column's type.
 */
function constantFor(e: Expression, column: ColumnInfo, planner: Planner): SqlValue | undefined {
  const moving = some(
    e,
    (part) =>
      part.kind === 'column' ||
      part.kind === 'aggregate' ||
      isSubquery(part) ||
      part.kind === 'default' ||
      part.kind === 'values' ||
      part.kind === 'row' ||
      part.kind === 'assignVariable',
  );
  if (moving) return undefined;
  const compiled = compile(e, planner.context(EMPTY_SCOPE, 'where clause'));
  if (!compiled.constant && e.kind !== 'userVariable') return undefined;
  const value = compiled.evaluate([], planner.evaluation);
  if (value === null) return null;
  const kind = evaluationKind(column.type);
  // Keys are in the order of the column's collation.
  if (kind === 'string' && comparisonCollation(column.type, compiled.type) !== column.type.Collate) return undefined;
  const text = typeof value === 'string' || Buffer.isBuffer(value);
  // A text column against a number compares as doubles; many texts equal one number.
  if (kind === 'string' && !text) return undefined;
  if (kind === 'json' || column.type.Elems !== null || column.type.Tp === 16) return undefined;
  if (kind === 'real' && column.type.Tp === 4) return undefined;
  try {
    const cast = castForColumn(
      value,
      column.name.O,
      { ...column.type, Flen: kind === 'string' ? -1 : column.type.Flen },
      STRICT,
      1,
    );
    if (cast === null) return undefined;
    return compareValues(cast, value, 'binary', () => undefined) === 0 ? cast : undefined;
  } catch {
    // A value that the column cannot hold gives no range; the filter decides.
    return undefined;
  }
}
