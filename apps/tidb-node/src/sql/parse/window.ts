import { SqlError } from '../errors.js';
import type { Expression, FrameBound, WindowFrame, WindowSpec } from './ast.js';
import type { Cursor } from './cursor.js';
import { located, parseExpression, parseInterval } from './expression.js';
import { parseOrderBy } from './query.js';

/** Functions that are nothing but window functions. */
export const WINDOW_FUNCTIONS: ReadonlySet<string> = new Set(
  'ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LEAD LAG FIRST_VALUE LAST_VALUE NTH_VALUE'.split(' '),
);

const NO_ARGUMENTS = new Set(['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist']);

/** `name(argument, …) OVER …` of a function that is always one of a window. */
export function parseWindowFunction(c: Cursor): Expression {
  const { start } = c.token;
  const name = c.advance().text.toLowerCase();
  c.expect('(');
  const args = NO_ARGUMENTS.has(name) ? [] : c.commaList(() => parseExpression(c));
  c.expect(')');
  if (c.sees('FROM', 'LAST')) throw SqlError.notYet('FROM LAST');
  c.accept('FROM', 'FIRST');
  if (c.sees('IGNORE')) throw SqlError.notYet('IGNORE NULLS');
  c.accept('RESPECT', 'NULLS');
  return overWindow(c, start, name, args);
}

/** The rest of a call that has been read up to its OVER. */
export function overWindow(c: Cursor, start: number, name: string, args: readonly Expression[]): Expression {
  c.expect('OVER');
  const over: WindowSpec = c.sees('(') ? parseSpec(c) : { base: c.name(), isName: true, partitionBy: [], orderBy: [] };
  return located(c, start, { kind: 'window', name, args, over });
}

/** `name AS (…)` of the WINDOW clause. */
export function parseNamedWindow(c: Cursor): { readonly name: string; readonly spec: WindowSpec } {
  const name = c.name();
  c.expect('AS');
  return { name, spec: parseSpec(c) };
}

function parseSpec(c: Cursor): WindowSpec {
  c.expect('(');
  const base = c.seesName() ? c.name() : undefined;
  const partitionBy = c.accept('PARTITION', 'BY') ? c.commaList(() => parseExpression(c)) : [];
  const orderBy = parseOrderBy(c);
  const unit = c.acceptAny('ROWS', 'RANGE', 'GROUPS');
  if (unit === 'GROUPS') throw SqlError.notYet('GROUPS');
  const frame = unit === undefined ? undefined : parseFrame(c, unit === 'ROWS' ? 'rows' : 'range');
  c.expect(')');
  return { base, partitionBy, orderBy, frame };
}

function parseFrame(c: Cursor, unit: WindowFrame['unit']): WindowFrame {
  if (!c.accept('BETWEEN')) return { unit, start: parseBound(c), end: { kind: 'current' } };
  const start = parseBound(c);
  c.expect('AND');
  return { unit, start, end: parseBound(c) };
}

function parseBound(c: Cursor): FrameBound {
  if (c.accept('CURRENT', 'ROW')) return { kind: 'current' };
  const { start } = c.token;
  const offset = c.accept('UNBOUNDED')
    ? undefined
    : c.accept('INTERVAL')
      ? parseInterval(c, start)
      : parseExpression(c);
  const kind = c.accept('PRECEDING') ? 'preceding' : 'following';
  if (kind === 'following') c.expect('FOLLOWING');
  return { kind, offset };
}
