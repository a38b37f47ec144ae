import { SqlError } from '../errors.js';
import type { Expression } from './ast.js';
import type { Cursor } from './cursor.js';
import { located, parseBitOr, parseColumn, parseExpression, parseInterval, parseUnit } from './expression.js';
import { parseOrderBy } from './query.js';
import { parseTypeName } from './type-name.js';
import { overWindow, parseWindowFunction, WINDOW_FUNCTIONS } from './window.js';

const AGGREGATES = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'group_concat',
  'bit_and',
  'bit_or',
  'bit_xor',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'var_pop',
  'var_samp',
  'variance',
  'json_arrayagg',
  'json_objectagg',
  'any_value',
]);

/** Aggregates that no window has. */
const NO_WINDOW = new Set(['group_concat', 'any_value', 'json_arrayagg', 'json_objectagg']);

/** Functions that may be written without parentheses, with their plain names. */
const BARE: Readonly<Record<string, string>> = {
  CURRENT_TIMESTAMP: 'now',
  LOCALTIME: 'now',
  LOCALTIMESTAMP: 'now',
  CURRENT_DATE: 'curdate',
  CURRENT_TIME: 'curtime',
  CURRENT_USER: 'current_user',
  CURRENT_ROLE: 'current_role',
  UTC_DATE: 'utc_date',
  UTC_TIME: 'utc_time',
  UTC_TIMESTAMP: 'utc_timestamp',
};

/** Calls whose arguments are not a plain list. Undefined when the next word begins none. */
export function parseSpecialCall(c: Cursor): Expression | undefined {
  const { start, word } = c.token;
  const called = c.peek(1).word === '(';
  const bare = BARE[word];
  if (bare !== undefined) {
    c.advance();
    let args: Expression[] = [];
    if (c.accept('(')) {
      if (!c.sees(')')) args = [parseExpression(c)];
      c.expect(')');
    }
    return located(c, start, { kind: 'call', name: bare, args });
  }
  switch (word) {
    case 'CASE':
      return parseCase(c);
    case 'DEFAULT': {
      c.advance();
      if (!c.accept('(')) return located(c, start, { kind: 'default' });
      const column = parseColumn(c);
      c.expect(')');
      return located(c, start, { kind: 'default', column: column.kind === 'column' ? column.name : column.text });
    }
    case 'INTERVAL':
      c.advance();
      if (c.sees('(')) {
        const before = c.position;
        const items = c.list(() => parseExpression(c));
        if (items.length > 1) return located(c, start, { kind: 'call', name: 'interval', args: items });
        c.rewind(before);
      }
      return parseIntervalSum(c, start);
  }
  if (!called) return undefined;
  if (WINDOW_FUNCTIONS.has(word)) return parseWindowFunction(c);
  switch (word) {
    case 'CAST': {
      c.expect('CAST', '(');
      const operand = parseExpression(c);
      c.expect('AS');
      const type = parseTypeName(c, true);
      c.expect(')');
      return located(c, start, { kind: 'cast', operand, type });
    }
    case 'CONVERT':
      return parseConvert(c);
    case 'VALUES': {
      c.expect('VALUES', '(');
      const column = parseColumn(c);
      c.expect(')');
      return located(c, start, { kind: 'values', column: column.kind === 'column' ? column.name : '' });
    }
    case 'EXTRACT': {
      c.expect('EXTRACT', '(');
      const unitStart = c.token.start;
      const unit = parseUnit(c);
      const unitText = located(c, unitStart, { kind: 'literal', literal: 'string', value: unit });
      c.expect('FROM');
      const value = parseExpression(c);
      c.expect(')');
      return located(c, start, { kind: 'call', name: 'extract', args: [unitText, value] });
    }
    case 'POSITION': {
      c.expect('POSITION', '(');
      const needle = parseBitOr(c);
      c.expect('IN');
      const text = parseExpression(c);
      c.expect(')');
      return located(c, start, { kind: 'call', name: 'locate', args: [needle, text] });
    }
    case 'SUBSTRING':
    case 'SUBSTR':
    case 'MID':
      return parseSubstring(c);
    case 'TRIM':
      return parseTrim(c);
    case 'TIMESTAMPDIFF':
    case 'TIMESTAMPADD': {
      c.advance();
      c.expect('(');
      const unitStart = c.token.start;
      const unit = parseUnit(c);
      const args = [located(c, unitStart, { kind: 'literal', literal: 'string', value: unit })];
      while (c.accept(',')) args.push(parseExpression(c));
      c.expect(')');
      return located(c, start, { kind: 'call', name: word.toLowerCase(), args });
    }
    case 'CHAR': {
      c.expect('CHAR', '(');
      const args = c.commaList(() => parseExpression(c));
      const charset = c.accept('USING') ? c.collationName() : undefined;
      c.expect(')');
      const call = located(c, start, { kind: 'call', name: 'char', args });
      return charset === undefined ? call : located(c, start, { kind: 'convertUsing', operand: call, charset });
    }
    case 'GET_FORMAT': {
      c.expect('GET_FORMAT', '(');
      const kindStart = c.token.start;
      const kind = c.acceptAny('DATE', 'TIME', 'DATETIME', 'TIMESTAMP');
      if (kind === undefined) throw c.error();
      const kindText = located(c, kindStart, { kind: 'literal', literal: 'string', value: kind });
      c.expect(',');
      const region = parseExpression(c);
      c.expect(')');
      return located(c, start, { kind: 'call', name: 'get_format', args: [kindText, region] });
    }
    case 'MATCH':
      throw SqlError.notYet(`${word}`);
  }
  return undefined;
}

/** An interval; before a `+` it is what is added: `INTERVAL 1 DAY + a_date`. */
function parseIntervalSum(c: Cursor, start: number): Expression {
  const interval = parseInterval(c, start);
  if (!c.accept('+')) return interval;
  return located(c, start, { kind: 'call', name: 'date_add', args: [parseBitOr(c), interval] });
}

/** `name(argument, …)`, an aggregate or a function. */
export function parseCall(c: Cursor): Expression {
  const { start } = c.token;
  const name = c.advance().text.toLowerCase();
  c.expect('(');
  if (AGGREGATES.has(name)) return parseAggregate(c, start, name);
  const args: Expression[] = [];
  if (!c.sees(')')) {
    do {
      args.push(parseExpression(c));
    } while (c.accept(','));
  }
  c.expect(')');
  return located(c, start, { kind: 'call', name, args });
}

function parseAggregate(c: Cursor, start: number, name: string): Expression {
  const distinct = c.accept('DISTINCT');
  if (!distinct) c.accept('ALL');
  const several = distinct || name === 'group_concat' || name === 'json_objectagg';
  const args = several ? c.commaList(() => parseExpression(c)) : [parseExpression(c)];
  const orderBy = name === 'group_concat' ? parseOrderBy(c) : [];
  const separator = name === 'group_concat' && c.accept('SEPARATOR') ? c.string() : undefined;
  c.expect(')');
  if (args[0]?.kind === 'star' && name !== 'count') throw c.error();
  if (c.sees('OVER')) {
    if (distinct) throw SqlError.notYet('<window function>(DISTINCT ..)');
    if (NO_WINDOW.has(name)) throw SqlError.notYet(`${name} as window function`);
    return overWindow(c, start, name, args);
  }
  return located(c, start, { kind: 'aggregate', name, distinct, args, orderBy, separator });
}

function parseCase(c: Cursor): Expression {
  const { start } = c.token;
  c.expect('CASE');
  const operand = c.sees('WHEN') ? undefined : parseExpression(c);
  const branches: { when: Expression; result: Expression }[] = [];
  while (c.accept('WHEN')) {
    const when = parseExpression(c);
    c.expect('THEN');
    branches.push({ when, result: parseExpression(c) });
  }
  if (branches.length === 0) throw c.error();
  const otherwise = c.accept('ELSE') ? parseExpression(c) : undefined;
  c.expect('END');
  return located(c, start, { kind: 'case', operand, branches, otherwise });
}

function parseConvert(c: Cursor): Expression {
  const { start } = c.token;
  c.expect('CONVERT', '(');
  const operand = parseExpression(c);
  if (c.accept('USING')) {
    const charset = c.collationName();
    c.expect(')');
    return located(c, start, { kind: 'convertUsing', operand, charset });
  }
  c.expect(',');
  const type = parseTypeName(c, true);
  c.expect(')');
  return located(c, start, { kind: 'cast', operand, type });
}

function parseSubstring(c: Cursor): Expression {
  const { start } = c.advance();
  c.expect('(');
  const args = [parseExpression(c)];
  if (c.accept('FROM')) {
    args.push(parseExpression(c));
    if (c.accept('FOR')) args.push(parseExpression(c));
  } else {
    while (c.accept(',')) args.push(parseExpression(c));
    if (args.length === 1) throw c.error();
  }
  c.expect(')');
  return located(c, start, { kind: 'call', name: 'substring', args });
}

function parseTrim(c: Cursor): Expression {
  const { start } = c.advance();
  c.expect('(');
  const side = c.acceptAny('LEADING', 'TRAILING', 'BOTH');
  const name = side === 'LEADING' ? 'trim_leading' : side === 'TRAILING' ? 'trim_trailing' : 'trim';
  if (side !== undefined && c.accept('FROM')) {
    const text = parseExpression(c);
    c.expect(')');
    return located(c, start, { kind: 'call', name, args: [text] });
  }
  const first = parseExpression(c);
  const args = c.accept('FROM') ? [parseExpression(c), first] : [first];
  c.expect(')');
  return located(c, start, { kind: 'call', name, args });
}
