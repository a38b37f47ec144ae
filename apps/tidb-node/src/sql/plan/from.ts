import { SchemaState, type TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, Select, TableReference } from '../parse/ast.js';
import { parseExpressionText } from '../parse/index.js';
import { layoutOf } from '../table/layout.js';
import { chooseAccess } from './access.js';
import { columnConditions } from './column-condition.js';
import { compile } from './compile.js';
import { joinNodes } from './join.js';
import { batches, type Node } from './node.js';
import type { Planner } from './planner.js';
import { planQuery } from './query.js';
import { Scope, type ScopeColumn } from './scope.js';
import { TableRead } from './table-read.js';
import type { VirtualTable } from './virtual-table.js';
import { conjuncts, isSubquery, some } from './walk.js';

/** SELECT without FROM: one row of no columns. */
export const SINGLE_ROW: Node = {
  columns: [],
  async *run() {
    yield [[]];
  },
  explain: () => [{ id: 'TableDual', rows: '1.00', task: 'root', object: '', info: 'rows:1' }],
};

/** Plans what FROM names. `where` are the conditions that may narrow the tables that no outer join fills with NULLs. */
export function planFrom(
  from: TableReference,
  planner: Planner,
  where: readonly Expression[],
  select?: Pick<Select, 'lock'>,
  /** The columns around the query, which derived tables may read too. */
  outer?: Scope,
): Node {
  const node = planReference(from, planner, where, { locks: select?.lock === 'update', outer });
  const seen = new Set<string>();
  for (const alias of aliases(from)) {
    const key = `${alias.db ?? planner.database ?? ''}.${alias.name}`.toLowerCase();
    if (seen.has(key)) throw new SqlError(1066, `Not unique table/alias: '${alias.name}'`);
    seen.add(key);
  }
  return node;
}

function aliases(from: TableReference): { readonly db: string | undefined; readonly name: string }[] {
  switch (from.kind) {
    case 'table':
      return [from.alias === undefined ? { db: from.name.db, name: from.name.name } : { db: '', name: from.alias }];
    case 'derived':
      return [{ db: '', name: from.alias }];
    case 'join':
      return [...aliases(from.left), ...aliases(from.right)];
  }
}

function planReference(
  from: TableReference,
  planner: Planner,
  where: readonly Expression[],
  around: { readonly locks: boolean; readonly outer: Scope | undefined },
): Node {
  switch (from.kind) {
    case 'derived':
      return renamed(planQuery(from.query, planner, around.outer), from.alias, from.columns);
    case 'join': {
      const on = conjuncts(from.on);
      const inner = from.type === 'inner';
      const left = planReference(
        from.left,
        planner,
        from.type === 'right' ? on : inner ? [...where, ...on] : where,
        around,
      );
      const right = planReference(
        from.right,
        planner,
        from.type === 'left' ? on : inner ? [...where, ...on] : where,
        around,
      );
      return joinNodes(from, left, right, planner);
    }
    case 'table':
      return planTable(from, planner, where, around.locks);
  }
}

function planTable(
  from: Extract<TableReference, { kind: 'table' }>,
  planner: Planner,
  where: readonly Expression[],
  locks: boolean,
): Node {
  const { name, alias } = from;
  const common = name.db === undefined ? planner.commonTable(name.name) : undefined;
  if (common !== undefined) return renamed(planner.planCommon(common), alias ?? name.name, common.columns);
  const db = name.db ?? planner.database;
  if (db === undefined) throw new SqlError(1046, 'No database selected');
  const virtual = planner.virtual.database(db);
  if (virtual !== undefined) {
    const table = planner.virtual.table(virtual, name.name);
    if (table === undefined) throw new SqlError(1146, `Table '${db}.${name.name}' doesn't exist`);
    return virtualNode(table, virtual, alias ?? name.name);
  }
  const table = planner.infoSchema.table(db, name.name);
  const schema = planner.infoSchema.schema(db)?.info;
  if (table === undefined || schema === undefined) {
    const known = planner.virtual.table(db, name.name);
    if (known !== undefined) return virtualNode(known, db, alias ?? name.name);
    throw new SqlError(1146, `Table '${db}.${name.name}' doesn't exist`);
  }
  if (table.view !== null) {
    const inner = planner.within(schema.db_name.O);
    const node = planQuery(inner.parseView(table.view.view_select), inner);
    return renamed(
      node,
      alias ?? table.name.O,
      table.view.view_cols?.map((each) => each.O) ?? table.cols.map((each) => each.name.O),
    );
  }
  return readTable(table, planner, schema, alias, where, from.hints, locks);
}

/** Refuses what the store's layout of a table is not understood for. */
export function checkReadable(table: TableInfo): void {
  if (table.partition?.enable === true) {
    throw new SqlError(
      8200,
      `Unsupported: table '${table.name.O}' is partitioned; reading and writing partitions is not implemented`,
    );
  }
}

/** Plans the read of a stored table. */
export function readTable(
  table: TableInfo,
  planner: Planner,
  schema: NonNullable<ReturnType<Planner['infoSchema']['schema']>>['info'],
  alias: string | undefined,
  where: readonly Expression[],
  hints: Extract<TableReference, { kind: 'table' }>['hints'] = [],
  locks = false,
): TableRead {
  checkReadable(table);
  planner.tableIds.add(table.id);
  const layout = layoutOf(table);
  const columns = tableColumns(table, schema.db_name.O, alias);
  const scope = new Scope(columns);
  for (const hint of hints) {
    for (const index of hint.indexes) {
      const known =
        layout.table.index_info.some((each) => each.idx_name.L === index.toLowerCase()) ||
        (index.toUpperCase() === 'PRIMARY' && table.pk_is_handle);
      if (!known) throw new SqlError(1176, `Key '${index}' doesn't exist in table '${alias ?? table.name.O}'`);
    }
  }
  const own = where.filter((e) => isOnly(e, scope));
  const access = chooseAccess(layout, columnConditions(own, scope, planner), hints, planner.evaluation);
  const filters = own.map((e) => compile(e, planner.context(scope, 'where clause')));
  return new TableRead(
    layout,
    schema,
    columns,
    access,
    filters,
    generatedColumns(table, scope, planner, 'virtual'),
    locks,
  );
}

/** Whether an expression reads columns of this scope and nothing that must be run before. */
function isOnly(e: Expression, scope: Scope): boolean {
  let reads = false;
  const foreign = some(e, (part) => {
    if (part.kind === 'column') {
      // A name without its table may be another table's too: only a table before it makes it sure, or a single table.
      const found = scope.columns.some(
        (column) =>
          column.hidden !== true &&
          column.name.toLowerCase() === part.name.toLowerCase() &&
          (part.table === undefined || part.table.toLowerCase() === column.table.toLowerCase()),
      );
      reads = true;
      return !found;
    }
    return (
      isSubquery(part) ||
      part.kind === 'aggregate' ||
      part.kind === 'assignVariable' ||
      part.kind === 'userVariable' ||
      (part.kind === 'call' && /^(rand|uuid|sleep|last_insert_id|row_count)$/.test(part.name))
    );
  });
  return reads && !foreign;
}

/** The generated columns of a table that are computed when it is read, or when it is written. */
export function generatedColumns(
  table: TableInfo,
  scope: Scope,
  planner: Pick<Planner, 'context'>,
  which: 'virtual' | 'stored',
): { readonly offset: number; readonly compiled: Compiled }[] {
  return table.cols
    .filter((column) => column.generated_expr_string !== '' && column.generated_stored === (which === 'stored'))
    .map((column) => ({
      offset: column.offset,
      compiled: compile(
        parseExpressionText(column.generated_expr_string),
        planner.context(scope, 'generated column function'),
      ),
    }));
}

/** A table's columns for expressions: those that statements do not see keep their place without a name. */
export function tableColumns(table: TableInfo, db: string, alias: string | undefined): ScopeColumn[] {
  return table.cols.map((column) => {
    const seen = column.state === SchemaState.Public && !column.hidden;
    return {
      db,
      table: alias ?? table.name.O,
      orgTable: table.name.O,
      name: seen ? column.name.O : '',
      orgName: column.name.O,
      type: column.type,
      hidden: !seen,
      source: { table, column },
    };
  });
}

function virtualNode(table: VirtualTable, db: string, alias: string): Node {
  const columns = table.columns.map(
    ({ name, type }): ScopeColumn => ({ db, table: alias, orgTable: table.name, name, orgName: name, type }),
  );
  return {
    columns,
    async *run(runtime) {
      yield* batches(await table.rows(runtime));
    },
    explain: () => [{ id: 'MemTableScan', rows: '10000.00', task: 'root', object: `table:${table.name}`, info: '' }],
  };
}

/** A query's columns under the name of a derived table. Error 1060 for a name given twice. */
function renamed(node: Node, alias: string, names: readonly string[] | undefined): Node {
  if (names !== undefined && names.length !== node.columns.length) {
    throw new SqlError(
      1353,
      'In definition of view, derived table or common table expression, SELECT list and column names list have different column counts',
    );
  }
  const seen = new Set<string>();
  const columns = node.columns.map((column, index): ScopeColumn => {
    const name = names?.[index] ?? column.name;
    if (seen.has(name.toLowerCase())) throw new SqlError(1060, `Duplicate column name '${name}'`);
    seen.add(name.toLowerCase());
    const { orgTable, orgName } = column;
    return { db: '', table: alias, orgTable, name, orgName, type: column.type };
  });
  return { columns, run: (runtime) => node.run(runtime), explain: () => node.explain() };
}
