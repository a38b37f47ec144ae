import { SqlError } from '../errors.js';
import { commonType, convertTo } from '../functions/control.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, WindowSpec } from '../parse/ast.js';
import { DOUBLE_TYPE, type FieldType, Flag, INT_TYPE } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import { aggregateFunction } from './aggregate-function.js';
import { Breath, batches, below, collect, type Node, type Runtime } from './node.js';
import { compareKeys, type SortKey } from './order.js';
import { identity } from './walk.js';
import { type CompileExpression, compileWindow, type Partition, type Window } from './window-frame.js';

export type WindowExpression = Extract<Expression, { kind: 'window' }>;

/** Puts the results of window functions behind rows, and tells where each of these stands. */
export interface Windows {
  over(input: Node): Node;
  place(e: WindowExpression): Compiled;
}

interface WindowFunction {
  readonly type: FieldType;
  compute(partition: Partition, runtime: Runtime, breath: Breath): Promise<SqlValue[]>;
}

/** Functions that look at the whole partition. */
const WITHOUT_FRAME = new Set('row_number rank dense_rank percent_rank cume_dist ntile lead lag'.split(' '));

/** Plans the window functions of a SELECT over the rows that WHERE, GROUP BY and HAVING leave. */
export function planWindows(
  expressions: readonly WindowExpression[],
  named: readonly { readonly name: string; readonly spec: WindowSpec }[],
  compileIn: CompileExpression,
  note: (code: number, message: string) => void,
): Windows {
  const windows = new Map<string, WindowSpec>();
  for (const { name, spec } of named) {
    if (windows.has(name.toLowerCase())) throw new SqlError(3591, `Window '${name}' is defined twice.`);
    windows.set(name.toLowerCase(), spec);
  }
  const planned = [...new Map(expressions.map((e) => [identity(e), e])).entries()].map(([key, e]) => {
    const spec = resolved(e.over, windows);
    const window = compileWindow(spec, compileIn);
    if (spec.frame !== undefined && WITHOUT_FRAME.has(e.name)) {
      const whom = e.over.isName === true ? e.over.base : '<unnamed window>';
      note(
        3599,
        `Window function '${e.name}' ignores the frame clause of window '${whom}' and aggregates over the whole partition`,
      );
    }
    return { key, window, made: windowFunction(e, window, compileIn) };
  });
  // Rows of groups grow while expressions over them are compiled, so where the results begin is known when they run.
  let base = 0;
  async function* run(input: Node, runtime: Runtime): AsyncGenerator<readonly Row[]> {
    let rows = (await collect(input, runtime)).map((row) => [...row]);
    base = rows[0]?.length ?? 0;
    const breath = new Breath(runtime.signal);
    for (const { window, made } of planned) rows = await append(rows, window, made, runtime, breath);
    yield* batches(rows);
  }
  return {
    over: (input) => ({
      columns: input.columns,
      run: (runtime) => run(input, runtime),
      explain: () => [
        {
          id: 'Window',
          rows: '10000.00',
          task: 'root',
          object: '',
          info: expressions.map((e) => e.text.toLowerCase()).join(', '),
        },
        ...below(input.explain()),
      ],
    }),
    place: (e) => {
      const index = planned.findIndex((each) => each.key === identity(e));
      const type = planned[index]?.made.type ?? INT_TYPE;
      return { type, constant: false, evaluate: (row) => row[base + index] ?? null, text: e.text };
    },
  };
}

/** A window with what it takes from the one that it names. Errors 3579 and 3581 to 3583. */
function resolved(spec: WindowSpec, windows: ReadonlyMap<string, WindowSpec>): WindowSpec {
  if (spec.base === undefined) return spec;
  const named = windows.get(spec.base.toLowerCase());
  if (named === undefined) throw new SqlError(3579, `Window name '${spec.base}' is not defined.`);
  const base = resolved(named, windows);
  if (spec.partitionBy.length > 0)
    throw new SqlError(3581, 'A window which depends on another cannot define partitioning.');
  if (spec.isName !== true && base.frame !== undefined)
    throw new SqlError(
      3582,
      `Window '${spec.base}' has a frame definition, so cannot be referenced by another window.`,
    );
  if (spec.orderBy.length > 0 && base.orderBy.length > 0)
    throw new SqlError(
      3583,
      `Window '<unnamed window>' cannot inherit '${spec.base}' since both contain an ORDER BY clause.`,
    );
  return {
    partitionBy: base.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : base.orderBy,
    frame: spec.frame ?? base.frame,
  };
}

/** The rows in the window's order, each with the function's result behind it. */
async function append(
  rows: readonly Row[],
  { partitionBy, orderBy }: Window,
  made: WindowFunction,
  runtime: Runtime,
  breath: Breath,
): Promise<Row[]> {
  const { evaluation } = runtime;
  const valuesOf = (row: Row, by: readonly SortKey[]) => by.map(({ compiled }) => compiled.evaluate(row, evaluation));
  const keyed = rows.map((row) => ({ row, part: valuesOf(row, partitionBy), keys: valuesOf(row, orderBy) }));
  keyed.sort((a, b) => compareKeys(a.part, b.part, partitionBy) || compareKeys(a.keys, b.keys, orderBy));
  const out: Row[] = [];
  for (let from = 0; from < keyed.length; ) {
    const part = keyed[from]?.part ?? [];
    let to = from + 1;
    while (to < keyed.length && compareKeys(keyed[to]?.part ?? [], part, partitionBy) === 0) to += 1;
    const inside = keyed.slice(from, to);
    const first: number[] = [];
    const last = Array<number>(inside.length).fill(inside.length);
    for (const [at, { keys }] of inside.entries()) {
      const isPeer = at > 0 && compareKeys(inside[at - 1]?.keys ?? [], keys, orderBy) === 0;
      const begins = isPeer ? (first[at - 1] ?? 0) : at;
      first.push(begins);
      if (!isPeer) for (let peer = first[at - 1] ?? 0; peer < at; peer++) last[peer] = at;
    }
    const partition = { rows: inside.map(({ row }) => row), keys: inside.map(({ keys }) => keys), first, last };
    const results = await made.compute(partition, runtime, breath);
    for (const [at, { row }] of inside.entries()) out.push([...row, results[at] ?? null]);
    from = to;
  }
  return out;
}

const NUMBER_TYPE: FieldType = { ...INT_TYPE, Flag: INT_TYPE.Flag | Flag.NotNull, Flen: 21 };

/** A window function by its name: one of its own, or an aggregate over the rows of its frame. */
function windowFunction(e: WindowExpression, window: Window, compileIn: CompileExpression): WindowFunction {
  const each = (type: FieldType, value: (at: number, partition: Partition) => SqlValue): WindowFunction => ({
    type,
    compute: async (partition) => partition.rows.map((_, at) => value(at, partition)),
  });
  const takes = (least: number, most = least): readonly Compiled[] => {
    if (e.args.length < least || e.args.length > most)
      throw new SqlError(1582, `Incorrect parameter count in the call to native function '${e.name}'`);
    return e.args.map((argument) => compileIn(argument, 'field list'));
  };
  switch (e.name) {
    case 'row_number':
      return each(NUMBER_TYPE, (at) => BigInt(at + 1));
    case 'rank':
      return each(NUMBER_TYPE, (at, { first }) => BigInt((first[at] ?? 0) + 1));
    case 'dense_rank':
      return {
        type: NUMBER_TYPE,
        compute: async ({ first }) => {
          let rank = 0n;
          return first.map((begins, at) => (begins === at ? ++rank : rank));
        },
      };
    case 'percent_rank':
      return each(DOUBLE_TYPE, (at, { first, rows }) => (rows.length < 2 ? 0 : (first[at] ?? 0) / (rows.length - 1)));
    case 'cume_dist':
      return each(DOUBLE_TYPE, (at, { last, rows }) => (last[at] ?? 0) / rows.length);
    case 'ntile':
      return ntile(takes(1));
    case 'lead':
    case 'lag':
      return neighbour(e, takes(1, 3));
    case 'first_value':
    case 'last_value':
    case 'nth_value':
      return ofFrame(e, takes(e.name === 'nth_value' ? 2 : 1), window);
    default:
      return aggregate(e, window, compileIn);
  }
}

/** The value of a constant argument that counts rows. Error 1210 for one that does not. */
function counting(argument: Compiled | undefined, name: string, least: bigint, runtime: Runtime): number | undefined {
  const value = argument?.evaluate([], runtime.evaluation) ?? null;
  if (value === null) return undefined;
  if (typeof value !== 'bigint' || value < least) throw new SqlError(1210, `Incorrect arguments to ${name}`);
  return Number(value);
}

function ntile([argument]: readonly Compiled[]): WindowFunction {
  return {
    type: { ...INT_TYPE, Flen: 21 },
    compute: async ({ rows }, runtime) => {
      const buckets = counting(argument, 'ntile', 1n, runtime);
      if (buckets === undefined) return rows.map(() => null);
      const [size, larger] = [Math.floor(rows.length / buckets), rows.length % buckets];
      const split = larger * (size + 1);
      return rows.map((_, at) =>
        BigInt(1 + (at < split ? Math.floor(at / (size + 1)) : larger + Math.floor((at - split) / size))),
      );
    },
  };
}

/** LEAD and LAG. */
function neighbour(e: WindowExpression, [value, offset, otherwise]: readonly Compiled[]): WindowFunction {
  const types = [value, otherwise].flatMap((each) => (each === undefined ? [] : [each.type]));
  const common = commonType(types);
  const type = { ...common, Flag: common.Flag & ~Flag.NotNull };
  return {
    type,
    compute: async ({ rows }, runtime) => {
      const distance = offset === undefined ? 1 : counting(offset, e.name, 0n, runtime);
      return rows.map((row, at) => {
        const other = distance === undefined ? undefined : rows[at + (e.name === 'lead' ? distance : -distance)];
        const taken =
          other === undefined
            ? otherwise?.evaluate(row, runtime.evaluation)
            : value?.evaluate(other, runtime.evaluation);
        return convertTo(taken ?? null, type);
      });
    },
  };
}

/** FIRST_VALUE, LAST_VALUE and NTH_VALUE. */
function ofFrame(e: WindowExpression, [value, nth]: readonly Compiled[], window: Window): WindowFunction {
  const type = value?.type ?? INT_TYPE;
  return {
    type: { ...type, Flag: type.Flag & ~Flag.NotNull },
    compute: async (partition, runtime) => {
      const frame = window.frames(partition, runtime);
      const n = e.name === 'nth_value' ? counting(nth, 'nth_value', 1n, runtime) : 1;
      return partition.rows.map((_, at) => {
        const [from, to] = frame(at);
        const taken = n === undefined ? -1 : e.name === 'last_value' ? to - 1 : from + n - 1;
        const row = taken >= from && taken < to ? partition.rows[taken] : undefined;
        return row === undefined ? null : (value?.evaluate(row, runtime.evaluation) ?? null);
      });
    },
  };
}

function aggregate(e: WindowExpression, window: Window, compileIn: CompileExpression): WindowFunction {
  const { name, args, text } = e;
  const made = aggregateFunction({ kind: 'aggregate', name, distinct: false, args, text }, (argument) =>
    compileIn(argument, 'field list'),
  );
  return {
    type: made.type,
    compute: async (partition, runtime, breath) => {
      const { evaluation } = runtime;
      const frame = window.frames(partition, runtime);
      const results: SqlValue[] = [];
      let accumulator = made.start();
      let [begun, done] = [0, 0];
      for (const at of partition.rows.keys()) {
        const [from, to] = frame(at);
        // Rows that come to a frame are added; for one that loses rows it is made anew.
        if (from !== begun || to < done) {
          accumulator = made.start();
          [begun, done] = [from, from];
        }
        for (; done < to; done += 1) {
          const row = partition.rows[done];
          if (row !== undefined) accumulator.add(row, evaluation);
          if (done % 64 === 0) await breath.take();
        }
        results.push(accumulator.result(evaluation));
      }
      return results;
    },
  };
}
