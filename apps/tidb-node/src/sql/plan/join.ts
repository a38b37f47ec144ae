import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, TableReference } from '../parse/ast.js';
import { groupingKey } from '../types/compare.js';
import { Flag } from '../types/field-type.js';
import type { Row } from '../types/value.js';
import { compile } from './compile.js';
import { Breath, below, collect, type Node, type Runtime } from './node.js';
import type { Planner } from './planner.js';
import { holds } from './query.js';
import { inStarOrder, Scope, type ScopeColumn } from './scope.js';
import { sameKeys } from './subquery.js';
import { conjuncts } from './walk.js';

type Join = Extract<TableReference, { kind: 'join' }>;

/** An equality between the two sides, for which rows are looked up by hash. */
interface EqualPair {
  readonly left: Compiled;
  readonly right: Compiled;
}

/** Joins two steps: by hash where the condition has equalities between columns of the same kind, else pair by pair. */
export function joinNodes(join: Join, left: Node, right: Node, planner: Planner): Node {
  const shared = join.natural ? commonColumns(left, right) : join.using;
  const equalities = (shared ?? []).map((name) => usingPair(name, left, right));
  const columns = joinedColumns(join, left, right, shared);
  const scope = new Scope([...left.columns, ...right.columns]);
  const conditions = conjuncts(join.on).map((e) => ({ e, compiled: compile(e, planner.context(scope, 'on clause')) }));
  const pairs = [...equalities, ...conditions.flatMap(({ e }) => equalPair(e, left, right, planner))];
  const tests = conditions.map(({ compiled }) => compiled);
  const width = { left: left.columns.length, right: right.columns.length };
  const info = join.type === 'inner' ? 'inner join' : join.type === 'left' ? 'left outer join' : 'right outer join';
  return {
    columns,
    run: (runtime) => {
      if (join.type === 'right')
        return probe(right, left, pairs.map(flip), tests, true, runtime, width.left, 'swapped');
      return probe(left, right, pairs, tests, join.type === 'left', runtime, width.right, 'straight');
    },
    explain: () => [
      {
        id: pairs.length > 0 ? 'HashJoin' : 'NestedLoopJoin',
        rows: '12500.00',
        task: 'root',
        object: '',
        info:
          pairs.length === 0
            ? `CARTESIAN ${info}`
            : `${info}, equal:[${pairs.map((pair) => `eq(${pair.left.text}, ${pair.right.text})`).join(' ')}]`,
      },
      ...below(left.explain(), right.explain()),
    ],
  };
}

function flip(pair: EqualPair): EqualPair {
  return { left: pair.right, right: pair.left };
}

/** Rows that are handed on together: a product of tables is never in memory as a whole. */
const CHUNK = 1024;

/** Goes over the rows of `outer` and finds for each those of `inner`, which is held in memory. */
async function* probe(
  outer: Node,
  inner: Node,
  pairs: readonly EqualPair[],
  tests: readonly Compiled[],
  keepsOuter: boolean,
  runtime: Runtime,
  innerWidth: number,
  order: 'straight' | 'swapped',
): AsyncGenerator<readonly Row[]> {
  const rows = await collect(inner, runtime);
  const table = new Map<string, Row[]>();
  for (const row of rows) {
    const key = pairKey(
      pairs.map((pair) => pair.right),
      row,
      runtime,
    );
    if (key === undefined) continue;
    const bucket = table.get(key);
    if (bucket === undefined) table.set(key, [row]);
    else bucket.push(row);
  }
  const nulls = Array<null>(innerWidth).fill(null);
  const breath = new Breath(runtime.signal);
  let tried = 0;
  for await (const batch of outer.run(runtime)) {
    let joined: Row[] = [];
    for (const row of batch) {
      const key = pairKey(
        pairs.map((pair) => pair.left),
        row,
        runtime,
      );
      const candidates = key === undefined ? [] : (table.get(key) ?? []);
      let matched = false;
      for (const candidate of candidates) {
        tried += 1;
        if (tried % CHUNK === 0) await breath.take();
        if (joined.length >= CHUNK) {
          yield joined;
          joined = [];
        }
        const whole = order === 'straight' ? [...row, ...candidate] : [...candidate, ...row];
        if (!tests.every((test) => holds(test, whole, runtime))) continue;
        matched = true;
        joined.push(whole);
      }
      if (!matched && keepsOuter) joined.push(order === 'straight' ? [...row, ...nulls] : [...nulls, ...row]);
    }
    if (joined.length > 0) yield joined;
  }
}

/** Undefined when a part is NULL, which equals nothing. */
function pairKey(parts: readonly Compiled[], row: Row, runtime: Runtime): string | undefined {
  let key = '';
  for (const part of parts) {
    const value = part.evaluate(row, runtime.evaluation);
    if (value === null) return undefined;
    key += `${groupingKey(value, part.type.Collate)}\u0001`;
  }
  return key;
}

function equalPair(e: Expression, left: Node, right: Node, planner: Planner): EqualPair[] {
  if (e.kind !== 'binary' || e.operator !== '=') return [];
  const l = new Scope(left.columns);
  const r = new Scope(right.columns);
  const sideOf = (part: Expression) => {
    if (part.kind !== 'column') return undefined;
    const inLeft = l.find(part.db, part.table, part.name) !== undefined;
    const inRight = r.find(part.db, part.table, part.name) !== undefined;
    return inLeft === inRight ? undefined : inLeft ? 'left' : 'right';
  };
  const first = sideOf(e.left);
  const second = sideOf(e.right);
  if (first === undefined || second === undefined || first === second) return [];
  const [a, b] = first === 'left' ? [e.left, e.right] : [e.right, e.left];
  const pair = {
    left: compile(a, planner.context(l, 'on clause')),
    right: compile(b, planner.context(r, 'on clause')),
  };
  return sameKeys(pair.left.type, pair.right.type) ? [pair] : [];
}

function commonColumns(left: Node, right: Node): string[] {
  const names = new Set(right.columns.filter((each) => each.hidden !== true).map((each) => each.name.toLowerCase()));
  return left.columns
    .filter((each) => each.hidden !== true && names.has(each.name.toLowerCase()))
    .map((each) => each.name);
}

function usingPair(name: string, left: Node, right: Node): EqualPair {
  const side = (node: Node): Compiled => {
    const scope = new Scope(node.columns);
    const index = scope.find(undefined, undefined, name);
    const column = index === undefined ? undefined : node.columns[index];
    if (index === undefined || column === undefined)
      throw new SqlError(1054, `Unknown column '${name}' in 'from clause'`);
    return { type: column.type, constant: false, evaluate: (row) => row[index] ?? null, text: column.name };
  };
  return { left: side(left), right: side(right) };
}

/** The columns of a join; of a USING column only one copy is seen, that of the side whose rows are all kept. */
function joinedColumns(join: Join, left: Node, right: Node, shared: readonly string[] | undefined): ScopeColumn[] {
  const nullable = (columns: readonly ScopeColumn[]) =>
    columns.map((each) => ({ ...each, type: { ...each.type, Flag: each.type.Flag & ~Flag.NotNull } }));
  const l = join.type === 'right' ? nullable(left.columns) : left.columns;
  const r = join.type === 'left' ? nullable(right.columns) : right.columns;
  if (shared === undefined) return ranked([...l, ...r], [...inStarOrder(l), ...inStarOrder(r)]);
  const names = new Set(shared.map((each) => each.toLowerCase()));
  const isShared = (each: ScopeColumn) => names.has(each.name.toLowerCase());
  const hide = (columns: readonly ScopeColumn[]) =>
    columns.map((each) => (isShared(each) ? { ...each, hidden: true } : each));
  const all = join.type === 'right' ? [...hide(l), ...r] : [...l, ...hide(r)];
  const kept = inStarOrder(join.type === 'right' ? r : l);
  const other = inStarOrder(join.type === 'right' ? all.slice(0, l.length) : all.slice(l.length));
  return ranked(all, [...kept.filter(isShared), ...kept.filter((each) => !isShared(each)), ...other]);
}

/** Columns numbered as `*` shows them: those of USING first, then the others of the side whose rows are all kept. */
function ranked(columns: readonly ScopeColumn[], order: readonly ScopeColumn[]): ScopeColumn[] {
  if (columns.every((each, index) => each === order[index])) return [...columns];
  const ranks = new Map(order.map((each, index) => [each, index]));
  return columns.map((each) => ({ ...each, starRank: ranks.get(each) ?? order.length }));
}
