import type { Expression } from '../parse/ast.js';
import { toText } from '../types/text.js';
import { BinaryLiteral } from '../types/value.js';
import type { ScopeColumn } from './scope.js';

/** An expression as TiDB quotes it in errors: `(db.t.a + 1)`. */
export function restore(e: Expression, db: string | undefined, column?: ScopeColumn): string {
  switch (e.kind) {
    case 'column':
      return column === undefined
        ? [e.db ?? db, e.table, e.name]
            .filter((each) => each !== undefined)
            .join('.')
            .toLowerCase()
        : [column.db, column.table, column.name]
            .filter((each) => each !== '')
            .join('.')
            .toLowerCase();
    case 'binary':
      return `(${restore(e.left, db)} ${e.operator} ${restore(e.right, db)})`;
    case 'unary':
      return e.operator === 'not' ? `not(${restore(e.operand, db)})` : `${e.operator}${restore(e.operand, db)}`;
    case 'call':
      return `${e.name}(${e.args.map((each) => restore(each, db)).join(', ')})`;
    default:
      return e.text;
  }
}

/** An expression as a table's definition keeps it: names in backquotes, strings with their character set. */
export function restoreSql(e: Expression): string {
  switch (e.kind) {
    case 'literal':
      if (e.value === null) return 'NULL';
      if (e.literal === 'string') return `_utf8mb4'${toText(e.value).replace(/['\\]/g, '\\$&')}'`;
      if (e.value instanceof BinaryLiteral) return `x'${e.value.bytes.toString('hex')}'`;
      return e.literal === 'boolean' ? (e.value === 1n ? 'TRUE' : 'FALSE') : toText(e.value);
    case 'column':
      return [e.db, e.table, e.name]
        .filter((each) => each !== undefined)
        .map((each) => `\`${each.replaceAll('`', '``')}\``)
        .join('.');
    case 'binary':
      return `${operand(e.left)} ${WORDS[e.operator] ?? e.operator} ${operand(e.right)}`;
    case 'unary':
      return e.operator === 'not' ? `!${operand(e.operand)}` : `${e.operator}${operand(e.operand)}`;
    case 'is':
      return `${operand(e.operand)} IS ${e.not ? 'NOT ' : ''}${e.what.toUpperCase()}`;
    case 'between':
      return `${operand(e.operand)} ${e.not ? 'NOT ' : ''}BETWEEN ${operand(e.low)} AND ${operand(e.high)}`;
    case 'in':
      return `${operand(e.operand)} ${e.not ? 'NOT ' : ''}IN (${e.items.map(restoreSql).join(',')})`;
    case 'like':
      return `${operand(e.operand)} ${e.not ? 'NOT ' : ''}LIKE ${restoreSql(e.pattern)}`;
    case 'call':
      return `${e.name}(${e.args.map(restoreSql).join(', ')})`;
    case 'case': {
      const branches = e.branches.map(({ when, result }) => ` WHEN ${restoreSql(when)} THEN ${restoreSql(result)}`);
      const otherwise = e.otherwise === undefined ? '' : ` ELSE ${restoreSql(e.otherwise)}`;
      return `CASE${e.operand === undefined ? '' : ` ${restoreSql(e.operand)}`}${branches.join('')}${otherwise} END`;
    }
    case 'interval':
      return `INTERVAL ${restoreSql(e.amount)} ${e.unit}`;
    default:
      return e.text;
  }
}

const WORDS: Readonly<Record<string, string>> = { and: 'AND', or: 'OR', xor: 'XOR', div: 'DIV', '%': '%' };

function operand(e: Expression): string {
  return e.kind === 'binary' || e.kind === 'between' || e.kind === 'in' || e.kind === 'like' || e.kind === 'is'
    ? `(${restoreSql(e)})`
    : restoreSql(e);
}
