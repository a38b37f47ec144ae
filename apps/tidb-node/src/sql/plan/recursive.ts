import { SqlError } from '../errors.js';
import type { CommonTable, Expression, Query, Select, TableReference, Union } from '../parse/ast.js';
import { castForColumn, type WriteRules } from '../types/column-cast.js';
import { Flag } from '../types/field-type.js';
import type { Row } from '../types/value.js';
import { batches, below, type Node, type Runtime } from './node.js';
import type { Planner } from './planner.js';
import { distinctKey, firstTime, limited, limitOf, planQuery } from './query.js';
import type { Scope, ScopeColumn } from './scope.js';
import { children, hasAggregate } from './walk.js';

/** The query of a common table that reads itself, taken apart: what it begins with, and what is done with the rows of the last round. */
interface Recursion {
  readonly seed: Query;
  readonly parts: readonly Select[];
  /** Whether rows that were there before come again. */
  readonly all: boolean;
}

/** Plans a common table of WITH RECURSIVE. */
export function planRecursive(table: CommonTable, planner: Planner, outer: Scope | undefined): Node {
  const recursion = recursionOf(table);
  if (recursion === undefined) return planQuery(table.query, planner, outer);
  return planner.withCommon(table.query.with, outer, () => planRounds(table, recursion, planner, outer));
}

function planRounds(
  table: CommonTable,
  { seed, parts, all }: Recursion,
  planner: Planner,
  outer: Scope | undefined,
): Node {
  const first = planQuery(seed, planner, outer);
  const columns = first.columns.map((column, index): ScopeColumn => {
    const name = table.columns?.[index] ?? column.name;
    const type = { ...column.type, Flag: column.type.Flag & ~Flag.NotNull };
    return { db: '', table: table.name, orgTable: '', name, orgName: name, type };
  });
  let working: Row[] = [];
  const last: Node = {
    columns,
    run: () => batches(working),
    explain: () => [{ id: 'CTETable', rows: '1.00', task: 'root', object: '', info: `Scan on ${table.name}` }],
  };
  const next = planner.withWorking(table, last, () => parts.map((part) => planQuery(part, planner, outer)));
  if (next.some((node) => node.columns.length !== columns.length))
    throw new SqlError(1222, 'The used SELECT statements have a different number of columns');
  const limit = limitOf(table.query.limit, planner);
  async function* rounds(runtime: Runtime): AsyncGenerator<readonly Row[]> {
    const { session } = runtime.evaluation;
    const most = Number(session.systemVariable('session', 'cte_max_recursion_depth'));
    const rules: WriteRules = {
      strict: false,
      noZeroDate: false,
      noZeroInDate: false,
      warn: (code, message) => session.warn('Warning', code, message),
    };
    const isFirst = firstTime();
    const isNew = (row: Row) => all || isFirst(distinctKey(row, columns));
    for (let round = 0; round === 0 || working.length > 0; round += 1) {
      if (round > most)
        throw new SqlError(
          3636,
          `Recursive query aborted after ${round} iterations. Try increasing @@cte_max_recursion_depth to a larger value`,
        );
      const made: Row[] = [];
      for (const node of round === 0 ? [first] : next) {
        for await (const batch of node.run(runtime)) {
          const fresh = batch.map((row) => row.map((value, at) => cast(value, columns[at], rules))).filter(isNew);
          runtime.hold(fresh);
          for (const row of fresh) made.push(row);
          if (fresh.length > 0) yield fresh;
        }
      }
      working = made;
    }
  }
  return {
    columns,
    run: (runtime) => limited(rounds(runtime), limit),
    explain: () => [
      { id: 'CTE', rows: '1.00', task: 'root', object: '', info: 'Recursive CTE' },
      ...below(first.explain(), ...next.map((node) => node.explain())),
    ],
  };
}

/** Rows have the types of those that the table begins with. */
function cast(value: Row[number], column: ScopeColumn | undefined, rules: WriteRules): Row[number] {
  return column === undefined ? value : castForColumn(value, column.name, column.type, rules, 1);
}

/** Undefined for a query that does not read itself. Errors 3573 to 3577, and 1235 for what TiDB does not do either. */
function recursionOf(table: CommonTable): Recursion | undefined {
  const { query } = table;
  if (!mentions(query, table.name)) return undefined;
  const whom = `Recursive Common Table Expression '${table.name}'`;
  if (query.kind !== 'union') throw new SqlError(3573, `${whom} should contain a UNION`);
  const unions: Union[] = [];
  let seed: Query = query;
  while (seed.kind === 'union' && mentions(seed, table.name)) {
    unions.unshift(seed);
    seed = seed.left;
  }
  const parts = unions.map((union) => union.right);
  if (mentions(seed, table.name) || parts.some((part) => !mentions(part, table.name))) {
    throw new SqlError(
      3574,
      `${whom} should have one or more non-recursive query blocks followed by one or more recursive ones`,
    );
  }
  const other = unions.find((union) => union.operator !== 'union')?.operator.toUpperCase();
  if (other !== undefined) throw SqlError.notYet(`${other} between seed part and recursive part`);
  if (query.orderBy.length > 0) throw SqlError.notYet('ORDER BY over UNION in recursive Common Table Expression');
  return { seed, parts: parts.map((part) => checked(part, table.name)), all: unions.every((union) => union.all) };
}

function checked(part: Query, name: string): Select {
  if (part.kind === 'union') throw SqlError.notYet('a UNION in parentheses in a recursive query block');
  if (part.distinct || part.orderBy.length > 0 || part.limit !== undefined)
    throw SqlError.notYet('ORDER BY / LIMIT / SELECT DISTINCT in recursive query block of Common Table Expression');
  if (part.groupBy.length > 0 || expressionsOf(part).some(hasAggregate)) {
    throw new SqlError(
      3575,
      `Recursive Common Table Expression '${name}' can contain neither aggregation nor window functions in recursive query block`,
    );
  }
  const reads = part.from === undefined ? 0 : readsIn(part.from, name);
  if (reads !== 1 || innerQueries(part).some((inner) => mentions(inner, name))) {
    throw new SqlError(
      3577,
      `In recursive query block of Recursive Common Table Expression '${name}', the recursive table must be referenced only once, and not in any subquery`,
    );
  }
  return part;
}

/** Whether a query reads a common table of this name, at any depth. */
function mentions(query: Query, name: string): boolean {
  if (query.kind === 'union') return mentions(query.left, name) || mentions(query.right, name);
  return (
    (query.from !== undefined && readsIn(query.from, name) > 0) ||
    innerQueries(query).some((inner) => mentions(inner, name))
  );
}

/** How often the tables that are joined are this one. */
function readsIn(from: TableReference, name: string): number {
  switch (from.kind) {
    case 'join':
      return readsIn(from.left, name) + readsIn(from.right, name);
    case 'table':
      return from.name.db === undefined && from.name.name.toLowerCase() === name.toLowerCase() ? 1 : 0;
    case 'derived':
      return 0;
  }
}

function expressionsOf(select: Select): Expression[] {
  return [
    ...select.items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : [])),
    ...(select.where === undefined ? [] : [select.where]),
    ...(select.having === undefined ? [] : [select.having]),
    ...select.orderBy.map(({ expression }) => expression),
  ];
}

/** Derived tables, common tables and subqueries of a SELECT. */
function innerQueries(select: Select): Query[] {
  const ofTables = (from: TableReference): Query[] => {
    if (from.kind === 'join')
      return [...ofTables(from.left), ...ofTables(from.right), ...(from.on === undefined ? [] : ofExpression(from.on))];
    return from.kind === 'derived' ? [from.query] : [];
  };
  const ofExpression = (e: Expression): Query[] => [
    ...('query' in e ? [e.query] : []),
    ...children(e).flatMap(ofExpression),
  ];
  return [
    ...select.with.map((table) => table.query),
    ...(select.from === undefined ? [] : ofTables(select.from)),
    ...expressionsOf(select).flatMap(ofExpression),
  ];
}
