import { SqlError } from '../errors.js';
import type { Expression, Query, SelectItem, TableReference } from '../parse/ast.js';
import { groupingKey } from '../types/compare.js';
import type { FieldType } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import type { Runtime } from './node.js';
import type { Scope } from './scope.js';
import { mapExpression } from './walk.js';

/** A column of a query around, as a subquery names it. */
export interface OuterReference {
  readonly expression: Expression;
  readonly scope: Scope;
  readonly index: number;
}

/** A subquery within an expression: the types of its columns, and its rows for a row of the query around it. */
export interface PlannedSubquery {
  readonly types: readonly FieldType[];
  rows(row: readonly SqlValue[]): readonly Row[];
}

/**
 * A subquery that reads columns of the query around it. It is run for each row before the expressions that hold it are computed, with the
 * row's values in the columns' places, so that they find keys and ranges as literals do. Rows with the same values share one run.
 */
export class CorrelatedSubquery implements PlannedSubquery {
  private readonly known = new Map<string, readonly Row[]>();

  constructor(
    readonly query: Query,
    readonly types: readonly FieldType[],
    private readonly references: readonly OuterReference[],
    private readonly run: (query: Query, runtime: Runtime) => Promise<readonly Row[]>,
  ) {}

  rows(row: readonly SqlValue[]): readonly Row[] {
    const rows = this.known.get(this.key(row));
    if (rows === undefined) {
      throw SqlError.notYet('a correlated subquery in this place');
    }
    return rows;
  }

  /** Runs the subquery for those of the rows that it was not run for yet. */
  async prepare(rows: readonly (readonly SqlValue[])[], runtime: Runtime): Promise<void> {
    for (const row of rows) {
      const key = this.key(row);
      if (this.known.has(key)) continue;
      this.known.set(key, await this.run(this.bound(row), runtime));
    }
  }

  private key(row: readonly SqlValue[]): string {
    return this.references.map(({ index }) => groupingKey(row[index] ?? null, 'binary')).join('\u0001');
  }

  private bound(row: readonly SqlValue[]): Query {
    const values = new Map(
      this.references.map(({ expression, scope, index }): [Expression, Expression] => {
        const type = scope.columns[index]?.type;
        if (type === undefined) return [expression, expression];
        return [expression, { kind: 'bound', value: row[index] ?? null, type, text: expression.text }];
      }),
    );
    return mapQuery(this.query, (part) => values.get(part));
  }
}

/** The query with each part of its expressions replaced for which `change` gives another; a query without such a part stays itself. */
function mapQuery<Q extends Query>(query: Q, change: (part: Expression) => Expression | undefined): Q {
  let changed = false;
  const map = (e: Expression): Expression =>
    mapExpression(e, (part) => {
      const other = change(part);
      if (other !== undefined) changed = true;
      if (other === undefined && 'query' in part) {
        const inner = mapQuery(part.query, change);
        if (inner === part.query) return undefined;
        changed = true;
        return part.kind === 'inQuery' || part.kind === 'quantified'
          ? { ...part, operand: map(part.operand), query: inner }
          : { ...part, query: inner };
      }
      return other;
    });
  const mapped = mapParts(query, map, (inner) => {
    const other = mapQuery(inner, change);
    if (other !== inner) changed = true;
    return other;
  });
  return changed ? (mapped as Q) : query;
}

function mapParts(query: Query, map: (e: Expression) => Expression, mapInner: (query: Query) => Query): Query {
  const orderBy = query.orderBy.map((item) => ({ ...item, expression: map(item.expression) }));
  const common = query.with.map((table) => ({ ...table, query: mapInner(table.query) }));
  if (query.kind === 'union')
    return { ...query, with: common, orderBy, left: mapInner(query.left), right: mapInner(query.right) };
  return {
    ...query,
    with: common,
    orderBy,
    items: query.items.map(
      (item): SelectItem => (item.kind === 'star' ? item : { ...item, expression: map(item.expression) }),
    ),
    from: query.from === undefined ? undefined : mapFrom(query.from, map, mapInner),
    where: query.where === undefined ? undefined : map(query.where),
    groupBy: query.groupBy.map(map),
    having: query.having === undefined ? undefined : map(query.having),
  };
}

function mapFrom(
  from: TableReference,
  map: (e: Expression) => Expression,
  mapInner: (query: Query) => Query,
): TableReference {
  switch (from.kind) {
    case 'table':
      return from;
    case 'derived':
      return { ...from, query: mapInner(from.query) };
    case 'join':
      return {
        ...from,
        left: mapFrom(from.left, map, mapInner),
        right: mapFrom(from.right, map, mapInner),
        on: from.on === undefined ? undefined : map(from.on),
      };
  }
}
