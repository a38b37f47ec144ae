import type { Assignment, Delete, Expression, Insert, Query, TableName, TableReference, Update } from './ast.js';
import type { Cursor } from './cursor.js';
import { parseColumn, parseExpression } from './expression.js';
import { parseOrderBy, parseQuery, parseRowCount, parseTableName, parseTableReferences } from './query.js';

/** INSERT and REPLACE. */
export function parseInsert(c: Cursor): Insert {
  const replace = c.accept('REPLACE');
  if (!replace) c.expect('INSERT');
  c.acceptAny('LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY');
  const ignore = c.accept('IGNORE');
  c.accept('INTO');
  const table = parseTableName(c);
  let columns: string[] | undefined;
  let rows: (readonly Expression[])[] | undefined;
  let query: Query | undefined;
  if (c.accept('SET')) {
    const assignments = c.commaList(() => parseAssignment(c));
    columns = assignments.map((each) => each.column.name);
    rows = [assignments.map((each) => each.value)];
  } else {
    if (c.sees('(') && !c.sees('(', 'SELECT') && !c.sees('(', '(')) {
      c.expect('(');
      columns = c.sees(')') ? [] : c.commaList(() => columnName(c));
      c.expect(')');
    }
    if (c.acceptAny('VALUES', 'VALUE') !== undefined) {
      rows = c.commaList(() => {
        c.expect('(');
        const values = c.sees(')') ? [] : c.commaList(() => parseExpression(c));
        c.expect(')');
        return values;
      });
    } else query = parseQuery(c);
  }
  if (rows !== undefined && c.accept('AS')) throw c.error();
  const onDuplicate =
    !replace && c.accept('ON', 'DUPLICATE', 'KEY', 'UPDATE') ? c.commaList(() => parseAssignment(c)) : [];
  return { kind: 'insert', replace, ignore, table, columns, rows, query, onDuplicate };
}

/** A column's name, its table before it ignored as MySQL ignores it. */
function columnName(c: Cursor): string {
  let name = c.name();
  while (c.accept('.')) name = c.anyName();
  return name;
}

function parseAssignment(c: Cursor): Assignment {
  const column = parseColumn(c);
  if (column.kind !== 'column') throw c.error();
  if (!c.accept(':=')) c.expect('=');
  const value = parseExpression(c);
  return { column: { db: column.db, table: column.table, name: column.name }, value };
}

export function parseUpdate(c: Cursor): Update {
  c.expect('UPDATE');
  c.accept('LOW_PRIORITY');
  const ignore = c.accept('IGNORE');
  const from = parseTableReferences(c);
  c.expect('SET');
  const assignments = c.commaList(() => parseAssignment(c));
  const where = c.accept('WHERE') ? parseExpression(c) : undefined;
  const orderBy = parseOrderBy(c);
  const limit = parseRowCount(c);
  return { kind: 'update', ignore, from, assignments, where, orderBy, limit };
}

export function parseDelete(c: Cursor): Delete {
  c.expect('DELETE');
  for (;;) if (c.acceptAny('LOW_PRIORITY', 'QUICK') === undefined) break;
  const ignore = c.accept('IGNORE');
  let targets: TableName[] | undefined;
  let from: TableReference;
  if (c.accept('FROM')) {
    const before = c.position;
    const listed = c.commaList(() => deleteTarget(c));
    if (c.accept('USING')) {
      targets = listed;
      from = parseTableReferences(c);
    } else {
      c.rewind(before);
      from = parseTableReferences(c);
    }
  } else {
    targets = c.commaList(() => deleteTarget(c));
    c.expect('FROM');
    from = parseTableReferences(c);
  }
  const where = c.accept('WHERE') ? parseExpression(c) : undefined;
  const orderBy = parseOrderBy(c);
  const limit = parseRowCount(c);
  return { kind: 'delete', ignore, targets, from, where, orderBy, limit };
}

function deleteTarget(c: Cursor): TableName {
  const first = c.name();
  if (!c.accept('.')) return { name: first };
  if (c.accept('*')) return { name: first };
  const name = c.anyName();
  if (c.accept('.')) c.expect('*');
  return { db: first, name };
}
