import { SqlError } from '../errors.js';
import { truncated } from '../functions/context.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, Limit, OrderItem, Query, Select, SelectItem } from '../parse/ast.js';
import { groupingKey } from '../types/compare.js';
import { Flag, Tp } from '../types/field-type.js';
import { isTrue, toInteger } from '../types/number.js';
import type { Row, SqlValue } from '../types/value.js';
import { planAggregation } from './aggregate.js';
import { type CompileContext, compile } from './compile.js';
import { planFrom, SINGLE_ROW } from './from.js';
import { batches, below, collect, type Node, type Runtime } from './node.js';
import { refuseNoop } from './noop.js';
import { type SortKey, sortRows } from './order.js';
import type { Planner } from './planner.js';
import { inStarOrder, Scope, type ScopeColumn } from './scope.js';
import { planSetOperation } from './set-operation.js';
import { children, conjuncts, hasAggregate, isSubquery, mapExpression, some } from './walk.js';
import { planWindows, type WindowExpression } from './window.js';

/** Plans a SELECT or a UNION (EXCEPT, INTERSECT). `outer` are the columns of the query around it. */
export function planQuery(query: Query, planner: Planner, outer?: Scope): Node {
  return planner.withCommon(query.with, outer, () =>
    query.kind === 'union' ? planSetOperation(query, planner, outer) : planSelect(query, planner, outer),
  );
}

interface OutputItem {
  readonly expression: Expression;
  readonly name: string;
  readonly column: ScopeColumn | undefined;
}

const always = () => true;
const never = () => false;

/** ANY_VALUE makes no group: where nothing else does, it is its argument, row by row. */
function withoutAnyValue(select: Select): Select {
  const parts = [
    ...select.items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : [])),
    ...select.orderBy.map(({ expression }) => expression),
    ...(select.having === undefined ? [] : [select.having]),
  ];
  const groups = (e: Expression) => some(e, (part) => part.kind === 'aggregate' && part.name !== 'any_value');
  if (select.groupBy.length > 0 || !parts.some(hasAggregate) || parts.some(groups)) return select;
  const plain = (e: Expression): Expression =>
    mapExpression(e, (part) => (part.kind === 'aggregate' ? part.args[0] : undefined));
  const items = select.items.map((item) =>
    item.kind === 'star'
      ? item
      : { ...item, alias: item.alias ?? nameOf(item.expression), expression: plain(item.expression) },
  );
  return {
    ...select,
    items,
    orderBy: select.orderBy.map((item) => ({ ...item, expression: plain(item.expression) })),
    having: select.having === undefined ? undefined : plain(select.having),
  };
}

function planSelect(given: Select, planner: Planner, outer: Scope | undefined): Node {
  const select = withoutAnyValue(given);
  if (select.noop !== undefined) refuseNoop(select.noop, planner.evaluation.session);
  const where = conjuncts(select.where);
  for (const each of where) if (hasAggregate(each)) throw new SqlError(1111, 'Invalid use of group function');
  const source = select.from === undefined ? SINGLE_ROW : planFrom(select.from, planner, where, select, outer);
  const scope = new Scope(source.columns, outer);
  const items = expandItems(select.items, source.columns, select.from !== undefined);
  const aliases = new Map<string, OutputItem>();
  /** Names that stand for two columns, with the name of the second. */
  const ambiguous = new Map<string, string>();
  for (const item of items) {
    const name = item.name.toLowerCase();
    const first = aliases.get(name);
    if (first === undefined) aliases.set(name, item);
    else {
      const [one, other] = [first, item].map((each) => columnNumber(each.expression, scope));
      if (one !== undefined && other !== undefined && one !== other)
        ambiguous.set(name, scope.columns[other]?.name ?? name);
    }
  }
  // In an aggregate a name is that of a column, if there is one.
  const byAlias = (e: Expression, columnFirst: (name: string) => boolean, clause = 'field list'): Expression =>
    mapExpression(e, (part) => {
      if (part.kind === 'aggregate' && columnFirst !== always) return byAlias(part, always);
      if (part.kind !== 'column' || part.table !== undefined) return undefined;
      if (columnFirst(part.name) && scope.find(undefined, undefined, part.name) !== undefined) return undefined;
      const second = ambiguous.get(part.name.toLowerCase());
      if (second !== undefined) {
        const name = clause === 'field list' ? second : part.name;
        throw new SqlError(1052, `Column '${name}' in ${clause} is ambiguous`);
      }
      const item = aliases.get(part.name.toLowerCase());
      return item === undefined || item.expression === part ? undefined : item.expression;
    });
  const positional = (e: Expression, clause: string): Expression | undefined => {
    if (e.kind !== 'literal' || e.literal !== 'integer') return undefined;
    const item = items[Number(e.value) - 1];
    if (item === undefined)
      throw new SqlError(clause === 'group statement' ? 1105 : 1054, `Unknown column '${e.text}' in '${clause}'`);
    return item.expression;
  };
  const groupBy = select.groupBy.map((e) => positional(e, 'group statement') ?? byAlias(e, always, 'group statement'));
  if (select.having !== undefined) {
    const seen = [...items.map((item) => item.expression), ...groupBy];
    checkHaving(select.having, scope, seen, (name) => aliases.has(name.toLowerCase()));
  }
  const isGrouped = (name: string) =>
    select.groupBy.some((e) => e.kind === 'column' && e.name.toLowerCase() === name.toLowerCase());
  const having = select.having === undefined ? undefined : byAlias(select.having, isGrouped);
  const orderBy = select.orderBy.map(({ expression, descending }) => ({
    expression:
      positional(expression, 'order clause') ?? byAlias(expression, expression.kind === 'column' ? never : always),
    descending,
  }));
  const aggregated =
    groupBy.length > 0 ||
    items.some((item) => hasAggregate(item.expression)) ||
    (having !== undefined && hasAggregate(having)) ||
    orderBy.some((item) => hasAggregate(item.expression));
  const matching = filterNode(planner, source, scope, where, select.where);
  let input: Node = matching;
  let outputScope = scope;
  let compileOutput = (e: Expression, clause: string, more: Partial<CompileContext> = {}): Compiled =>
    compile(e, planner.context(scope, clause, more));
  if (aggregated) {
    const aggregation = planAggregation(
      matching,
      scope,
      planner,
      groupBy,
      items.map((item) => item.expression),
    );
    for (const [index, item] of items.entries()) aggregation.checkGrouped(item.expression, index + 1);
    compileOutput = (e, clause, more) => aggregation.compile(e, clause, more);
    input = aggregation.node;
    outputScope = aggregation.scope;
  }
  let havingTest = having === undefined ? undefined : compileOutput(having, 'having clause');
  const windowed = [...items, ...orderBy].flatMap(({ expression }) => windowsIn(expression));
  let window: CompileContext['window'];
  if (windowed.length > 0 || select.windows !== undefined) {
    const note = (code: number, message: string) => planner.evaluation.session.warn('Note', code, message);
    const planned = planWindows(windowed, select.windows ?? [], compileOutput, note);
    window = planned.place;
    const ready = planner.prepared(input, outputScope);
    input = planned.over(havingTest === undefined ? ready : kept(ready, havingTest));
    havingTest = undefined;
  }
  const outputs = items.map((item) => compileOutput(item.expression, 'field list', { window }));
  const keys: SortKey[] = orderBy.map(({ expression, descending }) => ({
    compiled: compileOutput(expression, 'order clause', { window }),
    descending,
  }));
  const columns = items.map((item, index): ScopeColumn => outputColumn(item, outputs[index]));
  if (select.distinct) checkDistinctOrder(orderBy, items, scope);
  return projection({
    input: planner.prepared(input, outputScope),
    outputs,
    having: havingTest,
    keys,
    columns,
    distinct: select.distinct,
    limit: limitOf(select.limit, planner),
    orderBy,
  });
}

/** Error 1054 for a column in HAVING that is neither selected nor grouped by, outside of an aggregate. */
function checkHaving(
  e: Expression,
  scope: Scope,
  seen: readonly Expression[],
  isAlias: (name: string) => boolean,
): void {
  if (e.kind === 'aggregate') return;
  if (e.kind === 'column') {
    const index = scope.find(e.db, e.table, e.name);
    const same = (other: Expression) =>
      other.kind === 'column' && scope.find(other.db, other.table, other.name) === index;
    if (index === undefined || (e.table === undefined && isAlias(e.name)) || seen.some(same)) return;
    throw new SqlError(1054, `Unknown column '${e.name}' in 'having clause'`);
  }
  for (const part of children(e)) checkHaving(part, scope, seen, isAlias);
}

/** The window functions in an expression. */
function windowsIn(e: Expression): WindowExpression[] {
  return e.kind === 'window' ? [e] : children(e).flatMap(windowsIn);
}

/** The rows that a condition holds for. */
function kept(input: Node, condition: Compiled): Node {
  return {
    columns: input.columns,
    async *run(runtime) {
      for await (const batch of input.run(runtime)) yield batch.filter((row) => holds(condition, row, runtime));
    },
    explain: () => input.explain(),
  };
}

/** Which column of the scope an expression is. */
function columnNumber(e: Expression, scope: Scope): number | undefined {
  return e.kind === 'column' ? scope.find(e.db, e.table, e.name) : undefined;
}

/** Error 3065 for SELECT DISTINCT … ORDER BY a column that is not selected: equal rows would differ in it. */
function checkDistinctOrder(
  orderBy: readonly { readonly expression: Expression }[],
  items: readonly OutputItem[],
  scope: Scope,
): void {
  const selected = new Set(items.map(({ expression }) => columnNumber(expression, scope)));
  const missing = (e: Expression): ScopeColumn | undefined => {
    if (items.some(({ expression }) => expression === e || expression.text === e.text)) return undefined;
    const index = columnNumber(e, scope);
    if (index !== undefined) return selected.has(index) ? undefined : scope.columns[index];
    for (const child of children(e)) {
      const found = missing(child);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const [index, { expression }] of orderBy.entries()) {
    const column = missing(expression);
    if (column === undefined) continue;
    const shown = [column.db, column.table, column.name].filter((each) => each !== '').join('.');
    throw new SqlError(
      3065,
      `Expression #${index + 1} of ORDER BY clause is not in SELECT list, references column '${shown}' which is not in SELECT list; this is incompatible with DISTINCT`,
    );
  }
}

function outputColumn(item: OutputItem, compiled: Compiled | undefined): ScopeColumn {
  const { column, name } = item;
  if (compiled === undefined) throw new SqlError(1105, 'a column was not compiled');
  if (column !== undefined) return { ...column, name, type: compiled.type, hidden: false };
  const { constant, type } = compiled;
  // A constant is never NULL, says TiDB, not even NULL; of documents and variables it says nothing.
  const known = constant && type.Tp !== Tp.Json && item.expression.kind !== 'systemVariable';
  if (known) compiled = { ...compiled, type: { ...type, Flag: type.Flag | Flag.NotNull } };
  return { db: '', table: '', orgTable: '', name, orgName: name, type: compiled.type };
}

/** The items of SELECT with `*` replaced by what it means. */
export function expandItems(
  items: readonly SelectItem[],
  columns: readonly ScopeColumn[],
  hasFrom: boolean,
): OutputItem[] {
  return items.flatMap((item): OutputItem[] => {
    if (item.kind === 'expression') {
      const { expression, alias } = item;
      const column = expression.kind === 'column' ? findColumn(expression, columns) : undefined;
      return [{ expression, name: alias ?? nameOf(expression), column }];
    }
    if (!hasFrom) throw new SqlError(1051, "Unknown table ''");
    const { table, db } = item;
    const found = (table === undefined ? inStarOrder(columns) : columns).filter(
      (column) =>
        (table === undefined
          ? column.hidden !== true
          : column.table.toLowerCase() === table.toLowerCase() && column.name !== '') &&
        (db === undefined || column.db.toLowerCase() === db.toLowerCase()),
    );
    if (found.length === 0) throw new SqlError(1051, `Unknown table '${table ?? '*'}'`);
    return found.map((column) => ({
      expression: {
        kind: 'column',
        db: column.db === '' ? undefined : column.db,
        table: column.table,
        name: column.name,
        text: column.name,
      },
      name: column.name,
      column,
    }));
  });
}

/** How a result names an expression without an alias. */
function nameOf(expression: Expression): string {
  if (expression.kind === 'column') return expression.name;
  if (expression.kind === 'unary' && expression.operator === '+') return nameOf(expression.operand);
  if (expression.kind === 'literal') {
    if (expression.literal === 'null' || expression.literal === 'boolean') return expression.text.trim().toUpperCase();
    if (expression.literal === 'string' && typeof expression.value === 'string')
      return expression.value.slice(0, expression.nameLength ?? expression.value.length);
    return expression.text.trim();
  }
  if (expression.kind === 'call' && expression.name === 'name_const') {
    const [name] = expression.args;
    if (name?.kind === 'literal' && typeof name.value === 'string') return name.value;
  }
  const around = expression.parentheses ?? 0;
  return `${'('.repeat(around)}${expression.text.trim()}${')'.repeat(around)}`;
}

function findColumn(
  e: Extract<Expression, { kind: 'column' }>,
  columns: readonly ScopeColumn[],
): ScopeColumn | undefined {
  return columns.find(
    (column) =>
      column.name.toLowerCase() === e.name.toLowerCase() &&
      (e.table === undefined ? column.hidden !== true : column.table.toLowerCase() === e.table.toLowerCase()),
  );
}

/** The rows that WHERE holds for: conditions that ask a correlated subquery see only those that the others leave. */
function filterNode(
  planner: Planner,
  source: Node,
  scope: Scope,
  conditions: readonly Expression[],
  where: Expression | undefined,
): Node {
  const compiled = conditions.map((e) => ({ e, filter: compile(e, planner.context(scope, 'where clause')) }));
  const asking = compiled.filter(({ e }) => some(e, isSubquery)).map(({ filter }) => filter);
  const plain = compiled.filter(({ e }) => !some(e, isSubquery)).map(({ filter }) => filter);
  return filtered(planner.prepared(filtered(source, plain, where), scope), asking, where);
}

function filtered(source: Node, filters: readonly Compiled[], where: Expression | undefined): Node {
  if (filters.length === 0) return source;
  return {
    columns: source.columns,
    isPoint: source.isPoint ?? false,
    inOrder: (orderBy) => {
      const arranged = source.inOrder?.(orderBy);
      return arranged === undefined ? undefined : filtered(arranged, filters, where);
    },
    async *run(runtime) {
      for await (const batch of source.run(runtime)) {
        const kept = batch.filter((row) => filters.every((filter) => holds(filter, row, runtime)));
        if (kept.length > 0) yield kept;
      }
    },
    explain: () => {
      const lines = source.explain();
      if (/Point_Get|Batch_Point_Get|Selection/.test(lines[0]?.id ?? '')) return lines;
      return [{ id: 'Selection', rows: '8000.00', task: 'root', object: '', info: where?.text ?? '' }, ...below(lines)];
    },
  };
}

/** Whether a condition is true of a row; NULL is not. */
export function holds(condition: Compiled, row: readonly SqlValue[], runtime: Pick<Runtime, 'evaluation'>): boolean {
  const value = condition.evaluate(row, runtime.evaluation);
  if (value === null) return false;
  if (typeof value === 'bigint') return value !== 0n;
  return isTrue(value, truncated(runtime.evaluation));
}

export interface LimitCount {
  readonly offset: number;
  readonly count: number;
}

export function limitOf(limit: Limit | undefined, planner: Planner): LimitCount | undefined {
  if (limit === undefined) return undefined;
  const number = (e: Expression | undefined): number => {
    if (e === undefined) return 0;
    const value =
      e.kind === 'parameter' ? (planner.parameters[e.index] ?? null) : e.kind === 'literal' ? e.value : null;
    const integer = value === null ? -1n : toInteger(value, () => undefined);
    if (integer < 0n) {
      if (planner.parameters.length === 0) return 0;
      throw new SqlError(1210, 'Incorrect arguments to LIMIT');
    }
    return Number(integer);
  };
  return { count: number(limit.count), offset: number(limit.offset) };
}

interface Projection {
  readonly input: Node;
  readonly outputs: readonly Compiled[];
  readonly having: Compiled | undefined;
  readonly keys: readonly SortKey[];
  readonly orderBy: readonly OrderItem[];
  readonly columns: readonly ScopeColumn[];
  readonly distinct: boolean;
  readonly limit: LimitCount | undefined;
}

/** HAVING, the output expressions, DISTINCT, ORDER BY and LIMIT. */
function projection(p: Projection): Node {
  const { outputs, having, keys, columns, distinct, limit } = p;
  const arranged = keys.length > 0 ? p.input.inOrder?.(p.orderBy) : undefined;
  const input = arranged ?? p.input;
  const sorts = keys.length > 0 && arranged === undefined;
  async function* rows(runtime: Runtime): AsyncGenerator<readonly Row[]> {
    const isNew = firstTime();
    for await (const batch of input.run(runtime)) {
      const made: Row[] = [];
      for (const row of batch) {
        if (having !== undefined && !holds(having, row, runtime)) continue;
        const output = outputs.map((each) => each.evaluate(row, runtime.evaluation));
        if (distinct && !isNew(distinctKey(output, columns))) continue;
        // Sort keys travel behind the output, and are cut off after the sort.
        if (sorts) for (const { compiled } of keys) output.push(compiled.evaluate(row, runtime.evaluation));
        made.push(output);
      }
      if (made.length > 0) yield made;
    }
  }
  return {
    columns,
    isPoint: input.isPoint ?? false,
    async *run(runtime) {
      if (limit !== undefined && limit.count === 0) return;
      if (!sorts) {
        yield* limited(rows(runtime), limit);
        return;
      }
      const all = await collect({ columns, run: rows, explain: () => [] }, runtime);
      const sorted = sortRows(all, keys, outputs.length).map((row) => row.slice(0, outputs.length));
      yield* limited(batches(sorted), limit);
    },
    explain: () => {
      let lines = input.explain();
      if (having !== undefined)
        lines = [{ id: 'Selection', rows: '8000.00', task: 'root', object: '', info: having.text }, ...below(lines)];
      if (sorts)
        lines = [
          {
            id: limit === undefined ? 'Sort' : 'TopN',
            rows: '10000.00',
            task: 'root',
            object: '',
            info: keys.map((key) => `${key.compiled.text}${key.descending ? ':desc' : ''}`).join(', '),
          },
          ...below(lines),
        ];
      else if (limit !== undefined && !/Point_Get/.test(lines[0]?.id ?? ''))
        lines = [
          {
            id: 'Limit',
            rows: `${limit.count}.00`,
            task: 'root',
            object: '',
            info: `offset:${limit.offset}, count:${limit.count}`,
          },
          ...below(lines),
        ];
      if (distinct)
        lines = [{ id: 'HashAgg', rows: '8000.00', task: 'root', object: '', info: 'distinct' }, ...below(lines)];
      return lines;
    },
  };
}

/** The rows that a LIMIT leaves. */
export async function* limited(
  rows: AsyncIterable<readonly Row[]>,
  limit: LimitCount | undefined,
): AsyncGenerator<readonly Row[]> {
  if (limit === undefined) {
    yield* rows;
    return;
  }
  let skip = limit.offset;
  let left = limit.count;
  if (left <= 0) return;
  for await (const batch of rows) {
    const from = Math.min(skip, batch.length);
    skip -= from;
    const taken = batch.slice(from, from + left);
    left -= taken.length;
    if (taken.length > 0) yield taken;
    if (left <= 0) return;
  }
}

/** Tells whether a key comes for the first time. */
export function firstTime(): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    const before = seen.size;
    return seen.add(key).size > before;
  };
}

/** The same for rows that are equal, as DISTINCT has it. */
export function distinctKey(row: Row, columns: readonly ScopeColumn[]): string {
  return row.map((value, index) => groupingKey(value, columns[index]?.type.Collate ?? 'utf8mb4_bin')).join('\u0001');
}
