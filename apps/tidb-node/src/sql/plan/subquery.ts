import { SqlError } from '../errors.js';
import { truncated } from '../functions/context.js';
import type { Compiled } from '../functions/function.js';
import type { Expression } from '../parse/ast.js';
import { compareValues, groupingKey } from '../types/compare.js';
import { BOOLEAN_TYPE, evaluationKind, type FieldType } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import { type CompileContext, comparisonCollation, compile, compileComparison, truth } from './compile.js';
import type { PlannedSubquery } from './correlation.js';

type SubqueryExpression = Extract<Expression, { kind: 'inQuery' | 'quantified' | 'query' | 'exists' }>;

/** EXISTS, IN, a comparison with ALL or ANY, and a query in the place of a value. Errors 1241 and 1242. */
export function compileSubquery(e: SubqueryExpression, x: CompileContext, text: string): Compiled {
  if (x.subquery === undefined) throw SqlError.notYet('a subquery here');
  const subquery = x.subquery(e.query, e.kind === 'exists');
  if (e.kind === 'exists') {
    return { type: BOOLEAN_TYPE, constant: false, text, evaluate: (row) => truth(subquery.rows(row).length > 0) };
  }
  const operands = e.kind === 'query' ? [] : e.operand.kind === 'row' ? e.operand.items : [e.operand];
  const width = Math.max(operands.length, 1);
  const [type] = subquery.types;
  if (subquery.types.length !== width || type === undefined)
    throw new SqlError(1241, `Operand should contain ${width} column(s)`);
  if (e.kind === 'query') {
    return {
      type,
      constant: false,
      text,
      evaluate: (row) => {
        const rows = subquery.rows(row);
        if (rows.length > 1) throw new SqlError(1242, 'Subquery returns more than 1 row');
        return rows[0]?.[0] ?? null;
      },
    };
  }
  const compiled = operands.map((each) => compile(each, x));
  if (e.kind === 'inQuery') return membership(compiled, subquery, e.not, text);
  const [operand] = compiled;
  if (operand === undefined || compiled.length > 1) throw new SqlError(1241, 'Operand should contain 1 column(s)');
  return quantified(operand, subquery, type, e, text);
}

function membership(operands: readonly Compiled[], subquery: PlannedSubquery, not: boolean, text: string): Compiled {
  const collates = operands.map((each, index) => comparisonCollation(each.type, subquery.types[index] ?? each.type));
  const [only] = operands;
  const [type] = subquery.types;
  const lookup = operands.length === 1 && only !== undefined && type !== undefined && sameKeys(only.type, type);
  const sets = new WeakMap<readonly Row[], ReadonlySet<string>>();
  const setOf = (rows: readonly Row[], collate: string) => {
    const known = sets.get(rows) ?? new Set(rows.map(([value = null]) => groupingKey(value, collate)));
    sets.set(rows, known);
    return known;
  };
  return {
    type: BOOLEAN_TYPE,
    constant: false,
    text,
    evaluate: (row, c) => {
      const rows = subquery.rows(row);
      if (rows.length === 0) return truth(not);
      const values = operands.map((each) => each.evaluate(row, c));
      if (lookup) {
        const [value = null] = values;
        if (value === null) return null;
        const [collate = 'binary'] = collates;
        const set = setOf(rows, collate);
        return set.has(groupingKey(value, collate))
          ? truth(!not)
          : set.has(groupingKey(null, collate))
            ? null
            : truth(not);
      }
      let unknown = false;
      for (const candidate of rows) {
        const equal = values.map((value, index) => equals(value, candidate[index] ?? null, collates[index], c));
        if (equal.every((each) => each === true)) return truth(!not);
        unknown ||= equal.every((each) => each !== false);
      }
      return unknown ? null : truth(not);
    },
  };
}

function equals(
  value: SqlValue,
  other: SqlValue,
  collate: string | undefined,
  c: Parameters<Compiled['evaluate']>[1],
): boolean | undefined {
  if (value === null || other === null) return undefined;
  return compareValues(value, other, collate ?? 'utf8mb4_bin', truncated(c)) === 0;
}

/** Whether equal values of the two types have the same grouping key. */
export function sameKeys(left: FieldType, right: FieldType): boolean {
  const kind = evaluationKind(left);
  if (kind !== evaluationKind(right) || kind === 'json' || kind === 'real') return false;
  return kind !== 'string' || (left.Collate === right.Collate && left.Elems === null && right.Elems === null);
}

function quantified(
  operand: Compiled,
  subquery: PlannedSubquery,
  type: FieldType,
  { operator, quantifier }: Extract<Expression, { kind: 'quantified' }>,
  text: string,
): Compiled {
  // The candidate stands behind the row that the operand is computed from.
  const candidate: Compiled = { type, constant: false, text, evaluate: (row) => row[row.length - 1] ?? null };
  const test = compileComparison(operator, operand, candidate, text);
  const decisive = quantifier === 'any' ? 1n : 0n;
  return {
    type: BOOLEAN_TYPE,
    constant: false,
    text,
    evaluate: (row, c) => {
      let unknown = false;
      for (const [value = null] of subquery.rows(row)) {
        const result = test.evaluate([...row, value], c);
        if (result === decisive) return decisive;
        unknown ||= result === null;
      }
      return unknown ? null : 1n - decisive;
    },
  };
}
