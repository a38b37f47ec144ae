import type { Expression } from '../parse/ast.js';
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
