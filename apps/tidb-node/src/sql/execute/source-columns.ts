import type { Assignment, Expression, Query } from '../parse/ast.js';
import { Scope, type ScopeColumn } from '../plan/scope.js';
import { mapExpression } from '../plan/walk.js';

/** No table of a statement has such a name. */
const SOURCE = '\u0000source';

/** What ON DUPLICATE KEY UPDATE takes of the rows that a SELECT gives, beside what is inserted of them. */
export interface SourceColumns {
  /** The SELECT with those columns behind its own. */
  readonly query: Query;
  /** How many there are. */
  readonly count: number;
  /** The assignments by the scope that `scopeWith` makes. */
  readonly assignments: readonly Assignment[];
}

/**
 * INSERT … SELECT … ON DUPLICATE KEY UPDATE may name columns of the tables that it selects from. A plain SELECT gives them too; one with
 * DISTINCT or GROUP BY, and a UNION, has no such columns.
 */
export function sourceColumns(query: Query, assignments: readonly Assignment[], target: Scope): SourceColumns {
  const none = { query, count: 0, assignments };
  if (query.kind !== 'select' || query.distinct || query.groupBy.length > 0 || query.from === undefined) return none;
  const found: Expression[] = [];
  const taken = (e: Expression): Expression | undefined => {
    if (e.kind !== 'column' || target.find(e.db, e.table, e.name) !== undefined) return undefined;
    return { ...e, db: undefined, table: SOURCE, name: String(found.push(e) - 1) };
  };
  const moved = assignments.map(({ column, value }) => ({ column, value: mapExpression(value, taken) }));
  if (found.length === 0) return none;
  const items = [...query.items, ...found.map((expression) => ({ kind: 'expression', expression }) as const)];
  return { query: { ...query, items }, count: found.length, assignments: moved };
}

/** The target's columns, and behind them those that are taken of the source. */
export function scopeWith(target: Scope, taken: readonly ScopeColumn[]): Scope {
  if (taken.length === 0) return target;
  const named = taken.map(({ type }, index) => {
    const name = String(index);
    return { db: '', table: SOURCE, orgTable: SOURCE, name, orgName: name, type };
  });
  return new Scope([...target.columns, ...named]);
}
