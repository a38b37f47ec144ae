import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import type { Expression } from '../parse/ast.js';
import { groupingKey } from '../types/compare.js';
import type { Row } from '../types/value.js';
import { type Accumulator, type AggregateFunction, aggregateFunction } from './aggregate-function.js';
import { type CompileContext, compile } from './compile.js';
import { batches, below, type Node } from './node.js';
import type { Planner } from './planner.js';
import { Scope } from './scope.js';
import { children, hasAggregate, identity, some } from './walk.js';

/** A grouped query: rows of groups, and how expressions are computed from them. */
export interface Aggregation {
  /** A group's row: the first source row of the group, then the results of the aggregates. */
  readonly node: Node;
  /** The columns of `node`'s rows for expressions; not the scope of the rows that are grouped, though they begin alike. */
  readonly scope: Scope;
  /** Compiles an expression over the rows of `node`. */
  compile(e: Expression, clause: string, more?: Partial<CompileContext>): Compiled;
  /** ONLY_FULL_GROUP_BY: error 8123 or 1055 for a column that is not determined by the group. */
  checkGrouped(e: Expression, position: number): void;
}

export function planAggregation(
  source: Node,
  scope: Scope,
  planner: Planner,
  groupBy: readonly Expression[],
  items: readonly Expression[],
): Aggregation {
  const width = source.columns.length;
  const keys = groupBy.map((e) => compile(e, planner.context(scope, 'group statement')));
  const functions: AggregateFunction[] = [];
  const places = new Map<string, Compiled>();
  const aggregate = (e: Extract<Expression, { kind: 'aggregate' }>): Compiled => {
    const known = places.get(identity(e));
    if (known !== undefined) return known;
    const names = e.args.filter((argument) => some(argument, ({ kind }) => kind === 'column'));
    const reads = (argument: Expression) =>
      some(argument, (part) => part.kind === 'column' && scope.find(part.db, part.table, part.name) !== undefined);
    if (scope.outer !== undefined && names.length > 0 && !names.some(reads))
      throw SqlError.notYet(`${e.text} over the query around`);
    const made = aggregateFunction(e, (argument) => compile(argument, planner.context(scope, 'field list')));
    const index = width + functions.length;
    functions.push(made);
    const compiled: Compiled = {
      type: made.type,
      constant: false,
      evaluate: (row) => row[index] ?? null,
      text: e.text.toLowerCase(),
    };
    places.set(identity(e), compiled);
    return compiled;
  };
  const grouped = new Set(groupBy.map((e) => sourceText(e, scope)));
  const determined = determinedColumns(groupBy, scope);

  function check(e: Expression, position: number): void {
    if (e.kind === 'aggregate' || grouped.has(sourceText(e, scope)) || (e.kind === 'call' && e.name === 'any_value'))
      return;
    if (e.kind === 'column') {
      const index = scope.find(e.db, e.table, e.name);
      if (index === undefined || determined.has(index)) return;
      if (groupBy.length === 0) {
        throw new SqlError(
          8123,
          `In aggregated query without GROUP BY, expression #${position} of SELECT list contains nonaggregated column '${e.name}'; this is incompatible with sql_mode=only_full_group_by`,
        );
      }
      const column = scope.columns[index];
      throw new SqlError(
        1055,
        `Expression #${position} of SELECT list is not in GROUP BY clause and contains nonaggregated column '${[column?.db, column?.table, column?.name].join('.')}' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by`,
      );
    }
    for (const part of children(e)) check(part, position);
  }

  const outputScope = new Scope(scope.columns, scope.outer);
  async function* run(runtime: Parameters<Node['run']>[0]): AsyncGenerator<readonly Row[]> {
    const input = planner.prepared(source, scope);
    const groups = new Map<string, { readonly first: Row; readonly accumulators: Accumulator[] }>();
    for await (const batch of input.run(runtime)) {
      for (const row of batch) {
        const key = keys
          .map((each) => groupingKey(each.evaluate(row, runtime.evaluation), each.type.Collate))
          .join('\u0001');
        let group = groups.get(key);
        if (group === undefined) {
          group = { first: row, accumulators: functions.map((each) => each.start()) };
          groups.set(key, group);
          runtime.hold([row]);
        }
        for (const accumulator of group.accumulators) accumulator.add(row, runtime.evaluation);
      }
    }
    // Without GROUP BY there is one group, even of no rows.
    if (groups.size === 0 && groupBy.length === 0) {
      groups.set('', { first: Array<null>(width).fill(null), accumulators: functions.map((each) => each.start()) });
    }
    const rows = [...groups.values()].map(({ first, accumulators }) => [
      ...first,
      ...accumulators.map((each) => each.result(runtime.evaluation)),
    ]);
    yield* batches(rows);
  }

  for (const item of items)
    if (item.kind === 'aggregate' && item.args.some(hasAggregate))
      throw new SqlError(1111, 'Invalid use of group function');
  return {
    node: {
      columns: source.columns,
      run,
      explain: () => [
        {
          id: 'HashAgg',
          rows: groupBy.length === 0 ? '1.00' : '8000.00',
          task: 'root',
          object: '',
          info: [
            ...(groupBy.length === 0 ? [] : [`group by:${keys.map((each) => each.text).join(', ')}`]),
            ...[...places.values()].map((each) => `funcs:${each.text}`),
          ].join(', '),
        },
        ...below(source.explain()),
      ],
    },
    scope: outputScope,
    compile: (e, clause, more) => compile(e, planner.context(outputScope, clause, { aggregate, ...more })),
    checkGrouped: (e, position) => {
      if (planner.onlyFullGroupBy) check(e, position);
    },
  };
}

/** Text that is the same for the same column or expression, however it was qualified. */
function sourceText(e: Expression, scope: Scope): string {
  if (e.kind !== 'column') return e.text.toLowerCase().replace(/\s+/g, ' ');
  const index = scope.find(e.db, e.table, e.name);
  return index === undefined ? e.text : `#${index}`;
}

/** Columns that the grouped ones decide: all of a table whose primary key is among them. */
function determinedColumns(groupBy: readonly Expression[], scope: Scope): ReadonlySet<number> {
  const grouped = new Set<number>();
  for (const e of groupBy) {
    const index = e.kind === 'column' ? scope.find(e.db, e.table, e.name) : undefined;
    if (index !== undefined) grouped.add(index);
  }
  const tables = new Map<string, { readonly places: number[]; readonly keys: number[] }>();
  for (const [index, column] of scope.columns.entries()) {
    const entry = tables.get(column.table) ?? { places: [], keys: [] };
    entry.places.push(index);
    if (((column.source?.column.type.Flag ?? 0) & 2) !== 0) entry.keys.push(index);
    tables.set(column.table, entry);
  }
  for (const { places, keys } of tables.values()) {
    if (keys.length > 0 && keys.every((key) => grouped.has(key))) for (const place of places) grouped.add(place);
  }
  return grouped;
}
