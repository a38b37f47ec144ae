import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, FrameBound, WindowSpec } from '../parse/ast.js';
import { evaluationKind } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import type { Runtime } from './node.js';
import { compareNullable, type SortKey } from './order.js';

/** The window that a function looks at, with what it inherits. */
export interface Window {
  readonly partitionBy: readonly SortKey[];
  readonly orderBy: readonly SortKey[];
  /** The rows of a partition from `from` up to but not including `to` that count for each of its rows. */
  frames(partition: Partition, runtime: Runtime): (at: number) => readonly [from: number, to: number];
}

/** Rows of a partition in their order; those that no ORDER BY tells apart are peers. */
export interface Partition {
  readonly rows: readonly Row[];
  /** The values of ORDER BY, row by row. */
  readonly keys: readonly (readonly SqlValue[])[];
  /** Where the peers of each row begin and end. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

export type CompileExpression = (e: Expression, clause: string) => Compiled;

/** A window, ready to tell the frame of each row. Errors 3584 to 3589. */
export function compileWindow(spec: WindowSpec, compileIn: CompileExpression): Window {
  const orderBy = spec.orderBy.map(({ expression, descending }) => ({
    compiled: compileIn(expression, 'window order by'),
    descending,
  }));
  const { frame } = spec;
  const start: FrameBound = frame?.start ?? { kind: 'preceding' };
  const end: FrameBound = frame?.end ?? (orderBy.length > 0 ? { kind: 'current' } : { kind: 'following' });
  if (start.kind === 'following' && start.offset === undefined)
    throw frameError(3584, ': frame start cannot be UNBOUNDED FOLLOWING.');
  if (end.kind === 'preceding' && end.offset === undefined)
    throw frameError(3585, ': frame end cannot be UNBOUNDED PRECEDING.');
  if (BOUNDS.indexOf(start.kind) > BOUNDS.indexOf(end.kind)) throw wrongFrame();
  const boundOf = (bound: FrameBound, isStart: boolean): Bound =>
    frame?.unit === 'rows' ? rowBound(bound, isStart, compileIn) : rangeBound(bound, isStart, spec, orderBy, compileIn);
  const [from, to] = [boundOf(start, true), boundOf(end, false)];
  return {
    partitionBy: spec.partitionBy.map((e) => ({
      compiled: compileIn(e, 'window partition by'),
      descending: false,
    })),
    orderBy,
    frames: (partition, runtime) => {
      const [first, last] = [from(partition, runtime), to(partition, runtime)];
      const within = (place: number) => Math.min(Math.max(place, 0), partition.rows.length);
      return (at) => [within(first(at)), within(last(at))];
    },
  };
}

const BOUNDS: readonly FrameBound['kind'][] = ['preceding', 'current', 'following'];

function frameError(errno: number, rule: string): SqlError {
  return new SqlError(errno, `Window '<unnamed window>'${rule}`);
}

function wrongFrame(): SqlError {
  return frameError(3586, ': frame start or end is negative, NULL or of non-integral type');
}

/** For each row of a partition, where its frame begins, or the place after its end. */
type Bound = (partition: Partition, runtime: Runtime) => (at: number) => number;

function rowBound(bound: FrameBound, isStart: boolean, compileIn: CompileExpression): Bound {
  const after = isStart ? 0 : 1;
  if (bound.kind === 'current') return () => (at) => at + after;
  const sign = bound.kind === 'preceding' ? -1 : 1;
  if (bound.offset === undefined) return () => () => sign * Number.POSITIVE_INFINITY;
  const offset = compileIn(bound.offset, 'window frame');
  return (_, runtime) => {
    const rows = offset.evaluate([], runtime.evaluation);
    if (typeof rows !== 'bigint' || rows < 0n) throw wrongFrame();
    return (at) => at + sign * Number(rows) + after;
  };
}

function rangeBound(
  bound: FrameBound,
  isStart: boolean,
  spec: WindowSpec,
  orderBy: Window['orderBy'],
  compileIn: CompileExpression,
): Bound {
  const ofPeers: Bound =
    ({ first, last }) =>
    (at) =>
      (isStart ? first[at] : last[at]) ?? at;
  if (bound.kind === 'current') return ofPeers;
  const { offset } = bound;
  if (offset === undefined) return () => () => (bound.kind === 'preceding' ? -1 : 1) * Number.POSITIVE_INFINITY;
  const [by] = spec.orderBy;
  const [key] = orderBy;
  const isInterval = offset.kind === 'interval';
  const kind = key === undefined ? 'string' : evaluationKind(key.compiled.type);
  if (by === undefined || key === undefined || orderBy.length > 1 || kind === 'string' || kind === 'json') {
    throw frameError(
      3587,
      ' with RANGE N PRECEDING/FOLLOWING frame requires exactly one ORDER BY expression, of numeric or temporal type',
    );
  }
  if (isInterval !== (kind === 'datetime' || kind === 'duration')) {
    throw isInterval
      ? frameError(3589, ' with RANGE frame has ORDER BY expression of numeric type, INTERVAL bound value not allowed.')
      : frameError(
          3588,
          ' with RANGE frame has ORDER BY expression of datetime type. Only INTERVAL bound value allowed.',
        );
  }
  const subtracts = (bound.kind === 'preceding') !== by.descending;
  const { expression } = by;
  const limit = compileIn(
    isInterval
      ? { kind: 'call', name: subtracts ? 'date_sub' : 'date_add', args: [expression, offset], text: '' }
      : { kind: 'binary', operator: subtracts ? '-' : '+', left: expression, right: offset, text: '' },
    'window frame',
  );
  const direction = by.descending ? -1 : 1;
  return (partition, runtime) => {
    const { rows, keys } = partition;
    const peers = ofPeers(partition, runtime);
    return (at) => {
      const value = limit.evaluate(rows[at] ?? [], runtime.evaluation);
      if (value === null) return peers(at);
      // The first place whose key is not before the limit, or is behind it.
      let low = 0;
      let high = rows.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        const order = compareNullable(keys[middle]?.[0] ?? null, value, key.compiled.type.Collate) * direction;
        if (order < 0 || (!isStart && order === 0)) low = middle + 1;
        else high = middle;
      }
      return low;
    };
  };
}
