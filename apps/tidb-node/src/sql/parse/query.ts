import { SqlError } from '../errors.js';
import type {
  CommonTable,
  Expression,
  IndexHint,
  Limit,
  OrderItem,
  Query,
  Select,
  SelectItem,
  TableName,
  TableReference,
  Union,
} from './ast.js';
import type { Cursor } from './cursor.js';
import { located, parseExpression } from './expression.js';
import { parseNamedWindow } from './window.js';

/** SELECT, unions of them, with WITH before it. */
export function parseQuery(c: Cursor): Query {
  const common = parseWith(c);
  let query = parseIntersection(c);
  while (c.sees('UNION') || c.sees('EXCEPT')) query = combined(c, query, () => parseIntersection(c));
  if (query.kind === 'union' && !parenthesised.has(query)) {
    // ORDER BY and LIMIT after an unparenthesised last SELECT belong to the whole union.
    const last = lastOf(query);
    const tail = parenthesised.has(last) ? { orderBy: [], limit: undefined } : last;
    const orderBy = c.sees('ORDER') ? parseOrderBy(c) : tail.orderBy;
    query = { ...withoutTail(query), orderBy, limit: c.sees('LIMIT') ? parseLimit(c) : tail.limit };
  } else if (c.sees('ORDER') || c.sees('LIMIT')) {
    const orderBy = c.sees('ORDER') ? parseOrderBy(c) : query.orderBy;
    query = { ...query, orderBy, limit: parseLimit(c) ?? query.limit };
  }
  return common.length === 0 ? query : { ...query, with: common };
}

/** INTERSECT comes before UNION and EXCEPT. */
function parseIntersection(c: Cursor): Query {
  let query = parseQueryTerm(c);
  while (c.sees('INTERSECT')) query = combined(c, query, () => parseQueryTerm(c));
  return query;
}

function combined(c: Cursor, left: Query, parseRight: () => Query): Union {
  const operator = c.advance().word.toLowerCase() as Union['operator'];
  const last = lastOf(left);
  if (!parenthesised.has(last)) {
    const misplaced = last.limit !== undefined ? 'LIMIT' : last.orderBy.length > 0 ? 'ORDER BY' : undefined;
    if (misplaced !== undefined) throw new SqlError(1221, `Incorrect usage of UNION and ${misplaced}`);
  }
  const all = c.accept('ALL');
  if (!all) c.accept('DISTINCT');
  return { kind: 'union', operator, with: [], left, right: parseRight(), all, orderBy: [] };
}

/** Queries that stood in parentheses, so that their ORDER BY is theirs. */
const parenthesised = new WeakSet<Query>();

/** The last query of a union, the one whose end is the union's. */
function lastOf(query: Query): Query {
  return query.kind === 'select' || parenthesised.has(query) ? query : lastOf(query.right);
}

function withoutTail<Q extends Query>(query: Q): Q {
  if (parenthesised.has(query)) return query;
  return query.kind === 'select'
    ? { ...query, orderBy: [], limit: undefined }
    : { ...query, right: withoutTail(query.right) };
}

function parseQueryTerm(c: Cursor): Query {
  if (c.accept('(')) {
    const query = parseQuery(c);
    c.expect(')');
    parenthesised.add(query);
    return query;
  }
  return c.accept('TABLE') ? parseTable(c) : parseSelect(c);
}

/** TABLE t is SELECT * FROM t. */
function parseTable(c: Cursor): Select {
  const from: TableReference = { kind: 'table', name: parseTableName(c), alias: undefined, hints: [] };
  return {
    kind: 'select',
    with: [],
    distinct: false,
    items: [{ kind: 'star' }],
    from,
    groupBy: [],
    orderBy: parseOrderBy(c),
    limit: parseLimit(c),
  };
}

function parseWith(c: Cursor): CommonTable[] {
  if (!c.accept('WITH')) return [];
  const recursive = c.accept('RECURSIVE');
  return c.commaList(() => {
    const name = c.name();
    const columns = c.sees('(') ? c.list(() => c.name()) : undefined;
    c.expect('AS', '(');
    const query = parseQuery(c);
    c.expect(')');
    return { name, recursive, columns, query };
  });
}

function parseSelect(c: Cursor): Select {
  c.expect('SELECT');
  let distinct = false;
  let noop: string | undefined;
  for (;;) {
    const word = c.acceptAny(
      'DISTINCT',
      'DISTINCTROW',
      'ALL',
      'SQL_NO_CACHE',
      'SQL_CACHE',
      'HIGH_PRIORITY',
      'STRAIGHT_JOIN',
      'SQL_CALC_FOUND_ROWS',
      'SQL_SMALL_RESULT',
      'SQL_BIG_RESULT',
      'SQL_BUFFER_RESULT',
    );
    if (word === undefined) break;
    if (word.startsWith('DISTINCT')) distinct = true;
    if (word === 'SQL_CALC_FOUND_ROWS') noop = word;
  }
  const items = c.commaList(() => parseItem(c));
  let from: TableReference | undefined;
  let where: Expression | undefined;
  let groupBy: Expression[] = [];
  let having: Expression | undefined;
  if (c.sees('INTO')) throw SqlError.notYet('SELECT INTO');
  if (c.accept('FROM') && !c.accept('DUAL')) from = parseTableReferences(c);
  if (c.accept('WHERE')) where = parseExpression(c);
  if (c.accept('GROUP', 'BY')) {
    groupBy = c.commaList(() => {
      const expression = parseExpression(c);
      c.acceptAny('ASC', 'DESC');
      return expression;
    });
    if (c.sees('WITH', 'ROLLUP')) throw SqlError.notYet('WITH ROLLUP');
  }
  if (c.accept('HAVING')) having = parseExpression(c);
  const windows = c.accept('WINDOW') ? c.commaList(() => parseNamedWindow(c)) : undefined;
  const orderBy = parseOrderBy(c);
  const limit = parseLimit(c);
  const lock = parseLock(c);
  if (lock === 'share') noop = 'LOCK IN SHARE MODE';
  return {
    kind: 'select',
    with: [],
    distinct,
    items,
    from,
    where,
    groupBy,
    having,
    windows,
    orderBy,
    limit,
    lock,
    noop,
  };
}

function parseLock(c: Cursor): 'update' | 'share' | undefined {
  let lock: 'update' | 'share' | undefined;
  if (c.accept('FOR', 'UPDATE')) lock = 'update';
  else if (c.accept('FOR', 'SHARE') || c.accept('LOCK', 'IN', 'SHARE', 'MODE')) lock = 'share';
  if (lock !== undefined) {
    // Rows of tables that OF leaves out are locked too: more than asked, never less.
    if (c.accept('OF')) c.commaList(() => parseTableName(c));
    if (c.accept('WAIT')) c.integer();
    else if (!c.accept('NOWAIT')) c.accept('SKIP', 'LOCKED');
  }
  return lock;
}

function parseItem(c: Cursor): SelectItem {
  if (c.accept('*')) return { kind: 'star' };
  if (c.seesName() && c.peek(1).word === '.' && c.peek(2).word === '*') {
    const table = c.name();
    c.expect('.', '*');
    return { kind: 'star', table };
  }
  if (c.seesName() && c.peek(1).word === '.' && c.peek(3).word === '.' && c.peek(4).word === '*') {
    const db = c.name();
    c.expect('.');
    const table = c.anyName();
    c.expect('.', '*');
    return { kind: 'star', db, table };
  }
  const expression = parseExpression(c);
  let alias: string | undefined;
  if (c.accept('AS')) alias = c.nameOrString();
  else if (c.seesName() || c.token.kind === 'string') alias = c.advance().text;
  return { kind: 'expression', expression, alias };
}

export function parseOrderBy(c: Cursor): OrderItem[] {
  if (!c.accept('ORDER', 'BY')) return [];
  return c.commaList(() => {
    const expression = parseExpression(c);
    const descending = c.acceptAny('ASC', 'DESC') === 'DESC';
    return { expression, descending };
  });
}

export function parseLimit(c: Cursor): Limit | undefined {
  if (!c.accept('LIMIT')) return undefined;
  const first = limitNumber(c);
  if (c.accept(',')) return { offset: first, count: limitNumber(c) };
  if (c.accept('OFFSET')) return { count: first, offset: limitNumber(c) };
  return { count: first };
}

/** LIMIT of a statement that writes, which knows no offset. */
export function parseRowCount(c: Cursor): Limit | undefined {
  return c.accept('LIMIT') ? { count: limitNumber(c) } : undefined;
}

function limitNumber(c: Cursor): Expression {
  const { kind, start, text } = c.token;
  if (kind === 'parameter') {
    c.advance();
    return located(c, start, { kind: 'parameter', index: c.parameters++ });
  }
  if (kind !== 'integer') throw c.error();
  c.advance();
  return located(c, start, { kind: 'literal', literal: 'integer', value: BigInt(text) });
}

export function parseTableName(c: Cursor): TableName {
  const first = c.name();
  return c.accept('.') ? { db: first, name: c.anyName() } : { name: first };
}

/** A list of tables with commas, which are inner joins. */
export function parseTableReferences(c: Cursor): TableReference {
  let left = parseJoins(c);
  while (c.accept(',')) left = { kind: 'join', type: 'inner', left, right: parseJoins(c), natural: false };
  return left;
}

function parseJoins(c: Cursor): TableReference {
  let left = parseTableFactor(c);
  for (;;) {
    const natural = c.accept('NATURAL');
    const side = c.acceptAny('LEFT', 'RIGHT');
    if (side !== undefined) c.accept('OUTER');
    const type = side === 'LEFT' ? 'left' : side === 'RIGHT' ? 'right' : 'inner';
    if (side === undefined && c.acceptAny('INNER', 'CROSS') !== undefined) c.expect('JOIN');
    else if (side === undefined && c.accept('STRAIGHT_JOIN')) {
      // The order of the tables is kept anyway.
    } else if (!c.accept('JOIN')) {
      if (natural || side !== undefined) throw c.error();
      return left;
    }
    const right = parseTableFactor(c);
    let on: Expression | undefined;
    let using: string[] | undefined;
    if (!natural) {
      if (c.accept('ON')) on = parseExpression(c);
      else if (c.accept('USING')) using = c.list(() => c.name());
      else if (type !== 'inner') throw c.error();
    }
    left = { kind: 'join', type, left, right, on, using, natural };
  }
}

function parseTableFactor(c: Cursor): TableReference {
  if (c.accept('(')) {
    if (c.sees('SELECT') || c.sees('WITH') || c.sees('(')) {
      const query = parseQuery(c);
      c.expect(')');
      c.accept('AS');
      if (!c.seesName()) throw new SqlError(1248, 'Every derived table must have its own alias');
      const alias = c.name();
      const columns = c.sees('(') ? c.list(() => c.name()) : undefined;
      return { kind: 'derived', query, alias, columns };
    }
    const inner = parseTableReferences(c);
    c.expect(')');
    return inner;
  }
  const name = parseTableName(c);
  if (c.sees('PARTITION', '(')) {
    throw SqlError.notYet('partition selection');
  }
  let alias: string | undefined;
  if (c.accept('AS')) alias = c.nameOrString();
  else if (c.seesName()) alias = c.name();
  return { kind: 'table', name, alias, hints: parseIndexHints(c) };
}

function parseIndexHints(c: Cursor): IndexHint[] {
  const hints: IndexHint[] = [];
  for (;;) {
    const word =
      c.sees('USE', 'INDEX') ||
      c.sees('USE', 'KEY') ||
      c.sees('FORCE') ||
      c.sees('IGNORE', 'INDEX') ||
      c.sees('IGNORE', 'KEY')
        ? c.advance().word
        : undefined;
    if (word === undefined) return hints;
    if (c.acceptAny('INDEX', 'KEY') === undefined) throw c.error();
    if (c.accept('FOR') && !c.accept('JOIN')) {
      c.acceptAny('ORDER', 'GROUP');
      c.expect('BY');
    }
    c.expect('(');
    const indexes: string[] = [];
    if (!c.sees(')')) {
      do {
        indexes.push(c.accept('PRIMARY') ? 'PRIMARY' : c.name());
      } while (c.accept(','));
    }
    c.expect(')');
    hints.push({ action: word.toLowerCase() as IndexHint['action'], indexes });
  }
}
