import type { Handle } from '@tidb-js/binlog/codec';
import { ColumnFlag, type DBInfo, type TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Delete, Expression, Limit, OrderItem, TableReference, Update } from '../parse/ast.js';
import { compile } from '../plan/compile.js';
import { generatedColumns, planFrom, readTable } from '../plan/from.js';
import type { Runtime } from '../plan/node.js';
import { type SortKey, sortRows } from '../plan/order.js';
import { holds, limitOf } from '../plan/query.js';
import { Scope } from '../plan/scope.js';
import type { StoredRow, TableRead } from '../plan/table-read.js';
import { conjuncts } from '../plan/walk.js';
import { handleOfRow, layoutOf } from '../table/layout.js';
import { toInteger } from '../types/number.js';
import type { Row } from '../types/value.js';
import { applyAssignments, assigned, compileAssignments, finishRow } from './assignment.js';
import { resolveTable } from './insert.js';
import { RowWriter } from './row-writer.js';
import { ignoring, type WriteResult, type WriteStatement } from './statement.js';
import { writeChanged } from './write-changed.js';

function runtimeOf(s: WriteStatement): Runtime {
  return { evaluation: s.evaluation, reader: s.txn, signal: s.signal, hold: (rows) => s.hold(rows) };
}

/** The rows of one table that a statement is about, all read before the first is written. */
async function matchingRows(
  read: TableRead,
  scope: Scope,
  s: WriteStatement,
  where: Expression | undefined,
  orderBy: readonly OrderItem[],
  limit: Limit | undefined,
): Promise<StoredRow[]> {
  const filters = conjuncts(where).map((e) => compile(e, s.planner.context(scope, 'where clause')));
  const keys: SortKey[] = orderBy.map(({ expression, descending }) => ({
    compiled: compile(expression, s.planner.context(scope, 'order clause')),
    descending,
  }));
  const correlated = s.planner.takeCorrelated(scope);
  const count = limitOf(limit, s.planner)?.count;
  await s.runSubqueries();
  const runtime = runtimeOf(s);
  const found: StoredRow[] = [];
  if (count === 0) return found;
  for await (const batch of read.stored(runtime)) {
    s.checkAlive();
    const rows = batch.map(({ row }) => row);
    for (const each of correlated) await each.prepare(rows, runtime);
    for (const stored of batch) if (filters.every((filter) => holds(filter, stored.row, runtime))) found.push(stored);
    s.hold(rows);
    if (keys.length === 0 && count !== undefined && found.length >= count) break;
  }
  if (keys.length > 0) {
    const places = new Map<Row, StoredRow>();
    const sortable = found.map((stored) => {
      const values: Row = [...keys.map((key) => key.compiled.evaluate(stored.row, s.evaluation))];
      places.set(values, stored);
      return values;
    });
    return sortRows(sortable, keys, 0)
      .flatMap((values) => places.get(values) ?? [])
      .slice(0, count ?? found.length);
  }
  return count === undefined ? found : found.slice(0, count);
}

function singleTable(
  from: TableReference,
  s: WriteStatement,
): { readonly table: TableInfo; readonly schema: DBInfo; readonly alias: string | undefined } | undefined {
  if (from.kind !== 'table') return undefined;
  const { table, schema } = resolveTable(s, from.name);
  return { table, schema, alias: from.alias };
}

/** UPDATE of one table, or of several that are joined. */
export async function executeUpdate(update: Update, s: WriteStatement): Promise<WriteResult> {
  const target = singleTable(update.from, s);
  if (target === undefined) return updateJoined(update, s);
  const { table, schema, alias } = target;
  if (table.view !== null)
    throw new SqlError(1288, `The target table ${alias ?? table.name.O} of the UPDATE is not updatable`);
  const where = conjuncts(update.where);
  const hints = update.from.kind === 'table' ? update.from.hints : [];
  const read = readTable(table, s.planner, schema, alias, where, hints);
  const scope = new Scope(read.columns);
  const rules = {
    ...ignoring(s.rules, update.ignore),
    wording: read.isPoint ? ('point' as const) : ('update' as const),
  };
  const assigns = compileAssignments(update.assignments, scope, s);
  const stored = generatedColumns(table, scope, s.planner, 'stored');
  const virtual = generatedColumns(table, scope, s.planner, 'virtual');
  const rows = await matchingRows(read, scope, s, update.where, update.orderBy, update.limit);
  const writer = new RowWriter(table, s.txn, s.mutations, s.evaluation, rules, s.uniqueKeys);
  let changed = 0n;
  for (const [index, { handle, row }] of rows.entries()) {
    s.checkAlive();
    const after = applyAssignments(assigns, row, table, { ...s, rules }, stored, virtual, index + 1);
    if (after === undefined) continue;
    await passAutoId(table, schema, row, after, s);
    if (await writeChanged(writer, row, after, handle, update.ignore, s)) changed++;
  }
  return {
    affected: s.foundRows ? BigInt(rows.length) : changed,
    lastInsertId: 0n,
    info: `Rows matched: ${rows.length}  Changed: ${changed}  Warnings: 0`,
  };
}

/** A new value in the AUTO_INCREMENT column moves the counter past it. */
async function passAutoId(table: TableInfo, schema: DBInfo, before: Row, after: Row, s: WriteStatement): Promise<void> {
  const auto = table.cols.find(({ type }) => (type.Flag & ColumnFlag.AutoIncrement) !== 0);
  const value = auto === undefined ? null : (after[auto.offset] ?? null);
  if (auto === undefined || value === null || value === before[auto.offset]) return;
  const id = toInteger(value, () => undefined);
  if (id > 0n) await s.domain.autoIds.rebase({ table, schema }, id, { signal: s.signal });
}

interface JoinTarget {
  readonly table: TableInfo;
  readonly start: number;
  readonly alias: string;
  readonly db: string;
}

/** The stored tables of a join, each with the place where its columns begin. */
function targetsOf(columns: Scope['columns']): JoinTarget[] {
  const targets: JoinTarget[] = [];
  for (const [index, column] of columns.entries()) {
    if (column.source === undefined || column.source.column.offset !== 0) continue;
    targets.push({ table: column.source.table, start: index, alias: column.table, db: column.db });
  }
  return targets;
}

/** The handle of a table's row within a joined row; undefined for the NULLs of an outer join. */
function joinedHandle(target: JoinTarget, row: Row, s: WriteStatement): Handle | undefined {
  const layout = layoutOf(target.table);
  const own = row.slice(target.start, target.start + target.table.cols.length);
  if (layout.handleColumn === undefined && layout.clustered.length === 0) {
    throw SqlError.notYet(`writing to ${target.table.name.O} in a join: it has no clustered primary key`);
  }
  const first = layout.handleColumn ?? layout.clustered[0]?.column;
  if (first === undefined || (own[first.offset] ?? null) === null) return undefined;
  return handleOfRow(layout, own, s.evaluation.session.timeZone);
}

async function joinedRows(
  from: TableReference,
  where: Expression | undefined,
  s: WriteStatement,
): Promise<{ readonly scope: Scope; readonly rows: () => Promise<Row[]> }> {
  const conditions = conjuncts(where);
  const node = planFrom(from, s.planner, conditions);
  const scope = new Scope(node.columns);
  const filters = conditions.map((e) => compile(e, s.planner.context(scope, 'where clause')));
  return {
    scope,
    rows: async () => {
      await s.runSubqueries();
      const runtime = runtimeOf(s);
      const correlated = s.planner.takeCorrelated(scope);
      const rows: Row[] = [];
      for await (const batch of node.run(runtime)) {
        s.checkAlive();
        for (const each of correlated) await each.prepare(batch, runtime);
        const kept = batch.filter((row) => filters.every((filter) => holds(filter, row, runtime)));
        s.hold(kept);
        rows.push(...kept);
      }
      return rows;
    },
  };
}

async function updateJoined(update: Update, s: WriteStatement): Promise<WriteResult> {
  const { scope, rows } = await joinedRows(update.from, update.where, s);
  const assigns = compileAssignments(update.assignments, scope, s);
  const rules = { ...ignoring(s.rules, update.ignore), wording: 'update' as const };
  const targets = targetsOf(scope.columns).filter(({ start, table }) =>
    assigns.some(({ index }) => index >= start && index < start + table.cols.length),
  );
  const done = new Set<string>();
  let matched = 0n;
  let changed = 0n;
  for (const row of await rows()) {
    for (const target of targets) {
      const handle = joinedHandle(target, row, s);
      if (handle === undefined) continue;
      // Each row is written once, by the first joined row that has it.
      const key = `${target.start}:${typeof handle === 'bigint' ? handle : JSON.stringify(handle, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}`;
      if (done.has(key)) continue;
      done.add(key);
      matched++;
      const end = target.start + target.table.cols.length;
      const before = row.slice(target.start, end);
      const after = [...before];
      const touched = new Set<number>();
      for (const { index, column, value } of assigns) {
        if (index < target.start || index >= end) continue;
        const made = value === 'default' ? undefined : value.evaluate(row, s.evaluation);
        after[column.offset] = assigned(column, made, { ...s, rules }, 1);
        touched.add(column.offset);
      }
      const own = new Scope(scope.columns.slice(target.start, end));
      const finished = finishRow(
        before,
        after,
        touched,
        target.table,
        { ...s, rules },
        generatedColumns(target.table, own, s.planner, 'stored'),
        generatedColumns(target.table, own, s.planner, 'virtual'),
        1,
      );
      if (finished === undefined) continue;
      const writer = new RowWriter(target.table, s.txn, s.mutations, s.evaluation, rules, s.uniqueKeys);
      if (await writeChanged(writer, before, finished, handle, update.ignore, s)) changed++;
    }
  }
  return {
    affected: s.foundRows ? matched : changed,
    lastInsertId: 0n,
    info: `Rows matched: ${matched}  Changed: ${changed}  Warnings: 0`,
  };
}

/** DELETE from one table, or from some of several that are joined. */
export async function executeDelete(statement: Delete, s: WriteStatement): Promise<WriteResult> {
  const target = statement.targets === undefined ? singleTable(statement.from, s) : undefined;
  if (target === undefined) return deleteJoined(statement, s);
  const { table, schema, alias } = target;
  if (table.view !== null) throw new SqlError(1105, `delete view ${table.name.O} is not supported now`);
  const read = readTable(table, s.planner, schema, alias, conjuncts(statement.where));
  const rows = await matchingRows(
    read,
    new Scope(read.columns),
    s,
    statement.where,
    statement.orderBy,
    statement.limit,
  );
  const writer = new RowWriter(table, s.txn, s.mutations, s.evaluation, s.rules, s.uniqueKeys);
  for (const { handle, row } of rows) {
    s.checkAlive();
    writer.delete(row, handle);
  }
  return { affected: BigInt(rows.length), lastInsertId: 0n, info: '' };
}

async function deleteJoined(statement: Delete, s: WriteStatement): Promise<WriteResult> {
  const { scope, rows } = await joinedRows(statement.from, statement.where, s);
  const all = targetsOf(scope.columns);
  const targets = (statement.targets ?? []).map((name) => {
    const found = all.find(
      (each) =>
        each.alias.toLowerCase() === name.name.toLowerCase() &&
        (name.db === undefined || each.db.toLowerCase() === name.db.toLowerCase()),
    );
    if (found === undefined) throw new SqlError(1109, `Unknown table '${name.name}' in MULTI DELETE`);
    return found;
  });
  const done = new Set<string>();
  for (const row of await rows()) {
    for (const target of targets) {
      const handle = joinedHandle(target, row, s);
      if (handle === undefined) continue;
      const key = `${target.start}:${typeof handle === 'bigint' ? handle : row.slice(target.start, target.start + target.table.cols.length).join('\u0001')}`;
      if (done.has(key)) continue;
      done.add(key);
      new RowWriter(target.table, s.txn, s.mutations, s.evaluation, s.rules, s.uniqueKeys).delete(
        row.slice(target.start, target.start + target.table.cols.length),
        handle,
      );
    }
  }
  return { affected: BigInt(done.size), lastInsertId: 0n, info: '' };
}
