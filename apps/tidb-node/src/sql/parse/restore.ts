import { toText } from '../types/text.js';
import { BinaryLiteral } from '../types/value.js';
import type {
  Expression,
  FrameBound,
  OrderItem,
  Query,
  Select,
  SelectItem,
  TableName,
  TableReference,
  WindowSpec,
} from './ast.js';

/** How words are written, and what a table's name means. */
interface Style {
  /** Definitions of columns have their words in lower case, views in upper case. */
  readonly keyword: (word: string) => string;
  readonly compact: boolean;
  readonly table: (name: TableName) => string;
}

const IN_COLUMNS: Style = {
  keyword: (word) => word.toLowerCase(),
  compact: false,
  table: ({ db, name }) => qualified(db, name),
};

/** An expression as a table's definition keeps it: names in backquotes, strings with their character set. */
export function restoreExpression(e: Expression): string {
  return expression(e, IN_COLUMNS);
}

/** A query as a view keeps it: every table with its database, every column with its name. */
export function restoreQuery(query: Query, database: string): string {
  const known = new Set<string>();
  return wholeQuery(
    query,
    {
      keyword: (word) => word.toUpperCase(),
      compact: true,
      table: ({ db, name }) =>
        db === undefined && known.has(name.toLowerCase()) ? quoted(name) : qualified(db ?? database, name),
    },
    known,
  );
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function qualified(...names: readonly (string | undefined)[]): string {
  return names
    .filter((each) => each !== undefined)
    .map(quoted)
    .join('.');
}

/** Operators that stand without blanks in a view. */
const TIGHT = new Set(['=', '<', '>', '<=', '>=', '!=', '<=>', '+', '-', '*', '/', '%', '|', '&', '^', '<<', '>>']);

function expression(e: Expression, style: Style): string {
  const around = e.parentheses ?? 0;
  const inner = body(e, style);
  return around === 0 ? inner : `${'('.repeat(around)}${inner}${')'.repeat(around)}`;
}

function body(e: Expression, style: Style): string {
  const word = style.keyword;
  const sub = (part: Expression) => expression(part, style);
  const not = 'not' in e && e.not ? `${word('NOT')} ` : '';
  switch (e.kind) {
    case 'literal':
      if (e.value === null) return 'NULL';
      if (e.literal === 'string') return `_utf8mb4'${toText(e.value).replace(/['\\]/g, '\\$&')}'`;
      if (e.value instanceof BinaryLiteral) return `x'${e.value.bytes.toString('hex')}'`;
      return e.literal === 'boolean' ? (e.value === 1n ? 'TRUE' : 'FALSE') : toText(e.value);
    case 'column':
      return qualified(e.db, e.table, e.name);
    case 'binary': {
      const operator = e.operator === '!=' ? '!=' : e.operator;
      const between = style.compact && TIGHT.has(operator) ? operator : ` ${word(operator)} `;
      return `${sub(e.left)}${between}${sub(e.right)}`;
    }
    case 'unary':
      if (e.operator === 'not')
        return e.text.startsWith('!') ? `!${sub(e.operand)}` : `${word('NOT')} ${sub(e.operand)}`;
      return `${e.operator}${sub(e.operand)}`;
    case 'is':
      return `${sub(e.operand)} ${word('IS')} ${not}${word(e.what)}`;
    case 'between':
      return `${sub(e.operand)} ${not}${word('BETWEEN')} ${sub(e.low)} ${word('AND')} ${sub(e.high)}`;
    case 'in':
      return `${sub(e.operand)} ${not}${word('IN')} (${e.items.map(sub).join(',')})`;
    case 'like': {
      const escaped = e.escape === '\\' ? '' : ` ${word('ESCAPE')} '${e.escape}'`;
      return `${sub(e.operand)} ${not}${word('LIKE')} ${sub(e.pattern)}${escaped}`;
    }
    case 'regexp':
      return `${sub(e.operand)} ${not}${word('REGEXP')} ${sub(e.pattern)}`;
    case 'call': {
      if (/^(date|time|timestamp)_literal$/.test(e.name))
        return `${word(e.name.replace('_literal', ''))} ${e.args.map((each) => `'${each.kind === 'literal' ? toText(each.value ?? '') : each.text}'`).join('')}`;
      const name = style.compact ? e.name.toUpperCase() : e.name;
      if (e.name === 'extract' || /^timestamp(diff|add)$/.test(e.name))
        return restoredUnit(e.name, name, e.args, style);
      return `${name}(${e.args.map(sub).join(', ')})`;
    }
    case 'aggregate': {
      const name = style.compact ? e.name.toUpperCase() : e.name;
      const order = e.orderBy === undefined || e.orderBy.length === 0 ? '' : ` ${orderBy(e.orderBy, style)}`;
      const separator = e.name === 'group_concat' ? ` ${word('SEPARATOR')} '${e.separator ?? ','}'` : '';
      const args = e.args[0]?.kind === 'star' ? '1' : e.args.map(sub).join(', ');
      return `${name}(${e.distinct ? `${word('DISTINCT')} ` : ''}${args}${order}${separator})`;
    }
    case 'window': {
      const args = e.args[0]?.kind === 'star' ? '1' : e.args.map(sub).join(', ');
      const name = style.compact ? e.name.toUpperCase() : e.name;
      const { base = '', isName } = e.over;
      return `${name}(${args}) ${word('OVER')} ${isName === true ? quoted(base) : `(${windowSpec(e.over, style)})`}`;
    }
    case 'case': {
      const branches = e.branches.map(
        ({ when, result }) => ` ${word('WHEN')} ${sub(when)} ${word('THEN')} ${sub(result)}`,
      );
      const otherwise = e.otherwise === undefined ? '' : ` ${word('ELSE')} ${sub(e.otherwise)}`;
      return `${word('CASE')}${e.operand === undefined ? '' : ` ${sub(e.operand)}`}${branches.join('')}${otherwise} ${word('END')}`;
    }
    case 'cast': {
      if (e.text.slice(0, 6).toUpperCase() === 'BINARY' && e.type.name === 'binary' && e.type.length === undefined)
        return `${word('BINARY')} ${sub(e.operand)}`;
      const size =
        e.type.length === undefined
          ? ''
          : `(${e.type.length}${e.type.decimals === undefined ? '' : `, ${e.type.decimals}`})`;
      const charset = e.type.charset === undefined ? '' : ` ${word('CHARACTER SET')} ${e.type.charset}`;
      return `${word('CAST')}(${sub(e.operand)} ${word('AS')} ${word(e.type.name)}${size}${charset})`;
    }
    case 'convertUsing':
      return `${word('CONVERT')}(${sub(e.operand)} ${word('USING')} '${e.charset}')`;
    case 'collate':
      return `${sub(e.operand)} ${word('COLLATE')} ${e.collation}`;
    case 'interval':
      return `${word('INTERVAL')} ${sub(e.amount)} ${word(e.unit)}`;
    case 'row':
      return `${word('ROW')}(${e.items.map(sub).join(',')})`;
    case 'query':
      return `(${wholeQuery(e.query, style)})`;
    case 'exists':
      return `${word('EXISTS')} (${wholeQuery(e.query, style)})`;
    case 'inQuery':
      return `${sub(e.operand)} ${not}${word('IN')} (${wholeQuery(e.query, style)})`;
    case 'quantified':
      return `${sub(e.operand)} ${e.operator} ${word(e.quantifier)} (${wholeQuery(e.query, style)})`;
    default:
      return e.text;
  }
}

/** Functions whose first argument is a unit. */
function restoredUnit(kind: string, name: string, args: readonly Expression[], style: Style): string {
  const [unit, ...rest] = args;
  const word = unit?.kind === 'literal' ? style.keyword(toText(unit.value ?? '')) : '';
  const restored = rest.map((each) => expression(each, style));
  return kind === 'extract'
    ? `${name}(${word} ${style.keyword('FROM')} ${restored.join('')})`
    : `${name}(${[word, ...restored].join(', ')})`;
}

function orderBy(items: readonly OrderItem[], style: Style): string {
  return `ORDER BY ${items.map((each) => `${expression(each.expression, style)}${each.descending ? ' DESC' : ''}`).join(',')}`;
}

function windowSpec({ base, partitionBy, orderBy: order, frame }: WindowSpec, style: Style): string {
  const word = (text: string) => style.keyword(text);
  const bound = (each: FrameBound) =>
    each.kind === 'current'
      ? word('CURRENT ROW')
      : `${each.offset === undefined ? word('UNBOUNDED') : expression(each.offset, style)} ${word(each.kind)}`;
  return [
    ...(base === undefined ? [] : [quoted(base)]),
    ...(partitionBy.length === 0
      ? []
      : [`${word('PARTITION BY')} ${partitionBy.map((each) => expression(each, style)).join(', ')}`]),
    ...(order.length === 0 ? [] : [orderBy(order, style)]),
    ...(frame === undefined
      ? []
      : [`${word(frame.unit)} ${word('BETWEEN')} ${bound(frame.start)} ${word('AND')} ${bound(frame.end)}`]),
  ].join(' ');
}

function wholeQuery(query: Query, style: Style, known = new Set<string>()): string {
  let common = '';
  if (query.with.length > 0) {
    const tables = query.with.map(({ name, recursive, columns, query: inner }) => {
      if (recursive) known.add(name.toLowerCase());
      const text = `${quoted(name)}${columns === undefined ? '' : ` (${columns.map(quoted).join(', ')})`} AS (${wholeQuery(inner, style, known)})`;
      known.add(name.toLowerCase());
      return text;
    });
    const recursive = query.with.some((table) => table.recursive) ? 'RECURSIVE ' : '';
    common = `WITH ${recursive}${tables.join(', ')} `;
  }
  const tail = [
    ...(query.orderBy.length === 0 ? [] : [orderBy(query.orderBy, style)]),
    ...(query.limit === undefined
      ? []
      : [`LIMIT ${query.limit.offset === undefined ? '' : `${query.limit.offset.text},`}${query.limit.count.text}`]),
  ];
  if (query.kind === 'select') return common + [select(query, style), ...tail].join(' ');
  const side = (each: Query) => {
    const text = wholeQuery(each, style, known);
    return each.orderBy.length > 0 || each.limit !== undefined || each.with.length > 0 ? `(${text})` : text;
  };
  // INTERSECT comes before the others, which go from left to right.
  const isApart = query.left.kind === 'union' && query.operator === 'intersect' && query.left.operator !== 'intersect';
  const left = isApart ? `(${wholeQuery(query.left, style, known)})` : side(query.left);
  const right = query.right.kind === 'union' ? `(${side(query.right)})` : side(query.right);
  const union = `${left} ${query.operator.toUpperCase()} ${query.all ? 'ALL ' : ''}${right}`;
  return common + [union, ...tail].join(' ');
}

function select(query: Select, style: Style): string {
  const parts = [
    `SELECT ${query.distinct ? 'DISTINCT ' : ''}${query.items.map((each) => item(each, style)).join(',')}`,
    ...(query.from === undefined ? [] : [`FROM ${reference(query.from, style)}`]),
    ...(query.where === undefined ? [] : [`WHERE ${expression(query.where, style)}`]),
    ...(query.groupBy.length === 0
      ? []
      : [`GROUP BY ${query.groupBy.map((each) => expression(each, style)).join(',')}`]),
    ...(query.having === undefined ? [] : [`HAVING ${expression(query.having, style)}`]),
    ...(query.windows === undefined
      ? []
      : [
          `WINDOW ${query.windows.map(({ name, spec }) => `${quoted(name)} AS (${windowSpec(spec, style)})`).join(', ')}`,
        ]),
  ];
  return parts.join(' ');
}

function item(each: SelectItem, style: Style): string {
  if (each.kind === 'star')
    return `${[each.db, each.table].flatMap((name) => (name === undefined ? [] : [`${quoted(name)}.`])).join('')}*`;
  return `${expression(each.expression, style)}${each.alias === undefined ? '' : ` AS ${quoted(each.alias)}`}`;
}

function reference(from: TableReference, style: Style): string {
  switch (from.kind) {
    case 'table': {
      const hints = from.hints.map(
        ({ action, indexes }) => ` ${action.toUpperCase()} INDEX (${indexes.map(quoted).join(', ')})`,
      );
      return `${style.table(from.name)}${from.alias === undefined ? '' : ` AS ${quoted(from.alias)}`}${hints.join('')}`;
    }
    case 'derived': {
      const columns = from.columns === undefined ? '' : ` (${from.columns.map(quoted).join(', ')})`;
      return `(${wholeQuery(from.query, style)}) AS ${quoted(from.alias)}${columns}`;
    }
    case 'join': {
      const type = `${from.natural ? 'NATURAL ' : ''}${from.type === 'inner' ? '' : `${from.type.toUpperCase()} `}JOIN`;
      const right = from.right.kind === 'join' ? `(${reference(from.right, style)})` : reference(from.right, style);
      const on = from.on === undefined ? '' : ` ON ${expression(from.on, style)}`;
      const using = from.using === undefined ? '' : ` USING (${from.using.map(quoted).join(',')})`;
      const left = reference(from.left, style);
      return `${from.left.kind === 'join' ? `(${left})` : left} ${type} ${right}${on}${using}`;
    }
  }
}
