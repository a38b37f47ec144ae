import { SqlError } from '../errors.js';
import { Decimal } from '../types/decimal.js';
import { BinaryLiteral, type SqlValue } from '../types/value.js';
import type { BinaryOperator, Expression, LiteralType } from './ast.js';
import { parseCall, parseSpecialCall } from './call.js';
import type { Cursor } from './cursor.js';
import { parseQuery } from './query.js';
import { decodeStatement, literalValue } from './raw-bytes.js';

type Body = Expression extends infer E ? (E extends { text: string } ? Omit<E, 'text'> : never) : never;

/** An expression with the text it stands for. */
export function located(c: Cursor, start: number, body: Body): Expression {
  return { ...body, text: c.textFrom(start) } as Expression;
}

/** Any expression: OR and below. */
export function parseExpression(c: Cursor): Expression {
  const { start } = c.token;
  let left = parseXor(c);
  while (c.accept('OR') || (c.modes.pipesAsConcat !== true && c.accept('||')))
    left = binary(c, start, 'or', left, parseXor(c));
  return left;
}

/** `left operator right` with the text up to the end of `right`. */
function binary(c: Cursor, start: number, operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return located(c, start, { kind: 'binary', operator, left, right });
}

function parseXor(c: Cursor): Expression {
  const { start } = c.token;
  let left = parseAnd(c);
  while (c.accept('XOR')) left = binary(c, start, 'xor', left, parseAnd(c));
  return left;
}

function parseAnd(c: Cursor): Expression {
  const { start } = c.token;
  let left = parseNot(c);
  while (c.acceptAny('AND', '&&') !== undefined) left = binary(c, start, 'and', left, parseNot(c));
  return left;
}

function parseNot(c: Cursor): Expression {
  const { start } = c.token;
  if (c.accept('NOT')) {
    const operand = parseNot(c);
    return located(c, start, { kind: 'unary', operator: 'not', operand });
  }
  return parseComparison(c);
}

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '<=>': '<=>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '!=': '!=',
  '<>': '!=',
};

function parseComparison(c: Cursor): Expression {
  const { start } = c.token;
  let left = parsePredicate(c);
  for (;;) {
    const operator = COMPARISONS[c.token.word];
    if (operator !== undefined) {
      c.advance();
      const quantifier = c.peek(1).word === '(' ? c.acceptAny('ALL', 'ANY', 'SOME') : undefined;
      if (quantifier !== undefined) {
        c.expect('(');
        const query = parseQuery(c);
        c.expect(')');
        const operand = left;
        const all = quantifier === 'ALL' ? 'all' : 'any';
        left = located(c, start, { kind: 'quantified', operator, quantifier: all, operand, query });
      } else left = binary(c, start, operator, left, parsePredicate(c));
    } else if (c.accept('IS')) {
      const not = c.accept('NOT');
      const word = c.acceptAny('NULL', 'TRUE', 'FALSE', 'UNKNOWN');
      if (word === undefined) throw c.error();
      const what = word.toLowerCase() as 'null' | 'true' | 'false' | 'unknown';
      left = located(c, start, { kind: 'is', operand: left, not, what });
    } else return left;
  }
}

function parsePredicate(c: Cursor): Expression {
  const { start } = c.token;
  const operand = parseBitOr(c);
  const before = c.position;
  const not = c.accept('NOT');
  if (c.accept('BETWEEN')) {
    const low = parseBitOr(c);
    c.expect('AND');
    const high = parsePredicate(c);
    return located(c, start, { kind: 'between', operand, not, low, high });
  }
  if (c.accept('IN')) {
    c.expect('(');
    if (c.sees('SELECT') || c.sees('WITH')) {
      const query = parseQuery(c);
      c.expect(')');
      return located(c, start, { kind: 'inQuery', operand, not, query });
    }
    const items = c.commaList(() => parseExpression(c));
    c.expect(')');
    return located(c, start, { kind: 'in', operand, not, items });
  }
  if (c.accept('LIKE')) {
    const pattern = parseUnary(c);
    const escapeChar = c.accept('ESCAPE') ? c.string() : '\\';
    if ([...escapeChar].length > 1) throw new SqlError(1210, 'Incorrect arguments to ESCAPE');
    return located(c, start, { kind: 'like', operand, not, pattern, escape: escapeChar });
  }
  if (c.acceptAny('REGEXP', 'RLIKE') !== undefined) {
    const pattern = parseBitOr(c);
    return located(c, start, { kind: 'regexp', operand, not, pattern });
  }
  if (!not && c.accept('MEMBER', 'OF')) {
    c.expect('(');
    const list = parseExpression(c);
    c.expect(')');
    return located(c, start, { kind: 'call', name: 'json_memberof', args: [operand, list] });
  }
  if (not) c.rewind(before);
  return operand;
}

/** Binary operators from loose to tight, below the comparisons. */
const LEVELS: readonly Readonly<Record<string, BinaryOperator>>[] = [
  { '|': '|' },
  { '&': '&' },
  { '<<': '<<', '>>': '>>' },
  { '+': '+', '-': '-' },
  { '*': '*', '/': '/', DIV: 'div', '%': '%', MOD: '%' },
  { '^': '^' },
];

/** What stands on a side of a comparison. */
export function parseBitOr(c: Cursor): Expression {
  return parseLevel(c, 0);
}

function parseLevel(c: Cursor, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return parseConcat(c);
  const { start } = c.token;
  let left = parseLevel(c, level + 1);
  for (;;) {
    const operator = operators[c.token.word];
    if (operator === undefined) return left;
    c.advance();
    if ((operator === '+' || operator === '-') && c.accept('INTERVAL')) {
      const interval = parseInterval(c, start);
      const name = operator === '+' ? 'date_add' : 'date_sub';
      left = located(c, start, { kind: 'call', name, args: [left, interval] });
    } else left = binary(c, start, operator, left, parseLevel(c, level + 1));
  }
}

const UNITS: ReadonlySet<string> = new Set(
  `MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR SECOND_MICROSECOND MINUTE_MICROSECOND MINUTE_SECOND HOUR_MICROSECOND
  HOUR_SECOND HOUR_MINUTE DAY_MICROSECOND DAY_SECOND DAY_MINUTE DAY_HOUR YEAR_MONTH`.split(/\s+/),
);

/** The unit of an interval; `prefix` as in SQL_TSI_DAY is allowed for the plain ones. */
export function parseUnit(c: Cursor): string {
  const unit = c.token.word.replace(/^SQL_TSI_/, '');
  if (!UNITS.has(unit)) throw c.error();
  c.advance();
  return unit;
}

/** What follows the word INTERVAL: an amount and its unit. */
export function parseInterval(c: Cursor, start: number): Expression {
  const amount = parseExpression(c);
  return located(c, start, { kind: 'interval', amount, unit: parseUnit(c) });
}

/** `a || b` under PIPES_AS_CONCAT, which binds closer than any arithmetic. */
function parseConcat(c: Cursor): Expression {
  const { start } = c.token;
  let left = parseUnary(c);
  while (c.modes.pipesAsConcat === true && c.accept('||'))
    left = located(c, start, { kind: 'call', name: 'concat', args: [left, parseUnary(c)] });
  return left;
}

function parseUnary(c: Cursor): Expression {
  const { start, kind } = c.token;
  const symbol = kind === 'symbol' ? c.acceptAny('-', '+', '~', '!') : undefined;
  if (symbol !== undefined) {
    const operand = parseUnary(c);
    const operator = symbol === '!' ? 'not' : (symbol as '-' | '+' | '~');
    return located(c, start, { kind: 'unary', operator, operand });
  }
  if (c.accept('BINARY')) {
    const type = { name: 'binary', unsigned: false, zerofill: false, binary: true };
    const operand = parseUnary(c);
    return located(c, start, { kind: 'cast', operand, type });
  }
  let operand = parsePrimary(c);
  for (;;) {
    if (c.accept('COLLATE')) {
      const collation = c.collationName();
      operand = located(c, start, { kind: 'collate', operand, collation });
    } else if (c.token.word === '->' || c.token.word === '->>') {
      const unquote = c.advance().word === '->>';
      const pathToken = c.token;
      const value = c.string();
      const path = literal(c, pathToken.start, 'string', value);
      const extract = located(c, start, { kind: 'call', name: 'json_extract', args: [operand, path] });
      operand = unquote ? located(c, start, { kind: 'call', name: 'json_unquote', args: [extract] }) : extract;
    } else return operand;
  }
}

function literal(c: Cursor, start: number, type: LiteralType, value: SqlValue, charset?: string): Expression {
  return located(c, start, { kind: 'literal', literal: type, value, charset });
}

function parsePrimary(c: Cursor): Expression {
  const { start, kind, text, word } = c.token;
  switch (kind) {
    case 'integer': {
      c.advance();
      const value = BigInt(text);
      if (value >= 1n << 64n) return literal(c, start, 'decimal', new Decimal(value, 0));
      return literal(c, start, 'integer', value);
    }
    case 'decimal':
      c.advance();
      return literal(c, start, 'decimal', Decimal.parse(text) ?? null);
    case 'float':
      if (!Number.isFinite(Number(text)))
        throw new SqlError(1367, `Illegal double '${text}' value found during parsing`);
      c.advance();
      return literal(c, start, 'float', Number(text));
    case 'hex':
    case 'bits':
      c.advance();
      return literal(c, start, kind === 'hex' ? 'binary' : 'bits', bitsOf(kind, text));
    case 'string': {
      const first = c.advance().text;
      let value = first;
      while (c.token.kind === 'string') value += c.advance().text;
      const made = literal(c, start, 'string', literalValue(value));
      return value === first || made.kind !== 'literal' ? made : { ...made, nameLength: first.length };
    }
    case 'parameter':
      c.advance();
      return located(c, start, { kind: 'parameter', index: c.parameters++ });
    case 'userVariable':
      c.advance();
      if (c.accept(':=')) {
        const value = parseExpression(c);
        return located(c, start, { kind: 'assignVariable', name: text.toLowerCase(), value });
      }
      return located(c, start, { kind: 'userVariable', name: text.toLowerCase() });
    case 'systemVariable':
      return systemVariable(c);
    case 'quoted':
      return parseColumn(c);
    case 'symbol':
      return parseParenthesis(c);
    case 'word':
      return parseWord(c, word);
    case 'end':
      throw c.error();
  }
}

function bitsOf(kind: 'hex' | 'bits', digits: string): BinaryLiteral {
  if (kind === 'hex') return new BinaryLiteral(Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex'));
  if (digits === '') return new BinaryLiteral(Buffer.alloc(0));
  return BinaryLiteral.fromBigInt(BigInt(`0b${digits}`), Math.ceil(digits.length / 8));
}

function systemVariable(c: Cursor): Expression {
  const { start, text } = c.advance();
  const match = /^(?:(global|session|local)\.)?(.*)$/i.exec(text);
  const prefix = match?.[1]?.toLowerCase();
  const scope = prefix === 'global' ? 'global' : prefix === undefined ? 'default' : 'session';
  return located(c, start, { kind: 'systemVariable', scope, name: (match?.[2] ?? text).toLowerCase() });
}

function parseParenthesis(c: Cursor): Expression {
  const { start } = c.token;
  if (c.accept('*')) return located(c, start, { kind: 'star' });
  if (c.token.word === '{') return parseOdbcLiteral(c);
  c.expect('(');
  if (c.sees('SELECT') || c.sees('WITH') || c.sees('(', 'SELECT')) {
    const query = parseQuery(c);
    c.expect(')');
    return located(c, start, { kind: 'query', query });
  }
  const items = c.commaList(() => parseExpression(c));
  c.expect(')');
  const [only] = items;
  if (items.length === 1 && only !== undefined) return { ...only, parentheses: (only.parentheses ?? 0) + 1 };
  return located(c, start, { kind: 'row', items });
}

/** `{d '2020-01-01'}`, `{t …}`, `{ts …}`. */
function parseOdbcLiteral(c: Cursor): Expression {
  const { start } = c.advance();
  const type = c.anyName().toLowerCase();
  const { start: valueStart } = c.token;
  const value = literal(c, valueStart, 'string', c.string());
  c.expect('}');
  const name = type === 'd' ? 'date' : type === 't' ? 'time' : 'timestamp';
  return located(c, start, { kind: 'call', name, args: [value] });
}

function parseWord(c: Cursor, word: string): Expression {
  const { start } = c.token;
  switch (word) {
    case 'NULL':
      c.advance();
      return literal(c, start, 'null', null);
    case 'TRUE':
    case 'FALSE':
      c.advance();
      return literal(c, start, 'boolean', word === 'TRUE' ? 1n : 0n);
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      if (c.peek(1).kind === 'string') {
        c.advance();
        const value = literal(c, c.token.start, 'string', c.string());
        return located(c, start, { kind: 'call', name: `${word.toLowerCase()}_literal`, args: [value] });
      }
      break;
    case 'EXISTS': {
      c.advance();
      c.expect('(');
      const query = parseQuery(c);
      c.expect(')');
      return located(c, start, { kind: 'exists', query });
    }
    case 'ROW':
      if (c.peek(1).word === '(') {
        c.advance();
        const items = c.list(() => parseExpression(c));
        return located(c, start, { kind: 'row', items });
      }
      break;
  }
  if (/^_(utf8mb4|utf8|latin1|ascii|binary|gbk)$/i.test(c.token.text)) {
    const { kind, text } = c.peek(1);
    const charset = c.token.text.slice(1).toLowerCase();
    if (kind === 'string') {
      c.advance();
      return literal(c, start, 'string', literalValue(c.string()), charset);
    }
    if (kind === 'hex' || kind === 'bits') {
      c.advance();
      c.advance();
      return literal(c, start, 'string', literalValue(decodeStatement(bitsOf(kind, text).bytes)), charset);
    }
  }
  const special = parseSpecialCall(c);
  if (special !== undefined) return special;
  if (c.peek(1).word === '(' && c.peek(1).start === c.token.end) return parseCall(c);
  if (c.peek(1).word === '(' && !c.seesName()) return parseCall(c);
  return parseColumn(c);
}

/** `column`, `table.column` or `db.table.column`. */
export function parseColumn(c: Cursor): Expression {
  const { start } = c.token;
  if (!c.seesName()) throw c.error();
  const first = c.advance().text;
  if (!c.sees('.') || c.peek(1).word === '*') return located(c, start, { kind: 'column', name: first });
  c.advance();
  const second = c.anyName();
  if (!c.sees('.') || c.peek(1).word === '*') {
    return located(c, start, { kind: 'column', table: first, name: second });
  }
  c.advance();
  const name = c.anyName();
  return located(c, start, { kind: 'column', db: first, table: second, name });
}
