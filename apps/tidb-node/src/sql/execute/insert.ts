import type { Handle } from '@tidb-js/binlog/codec';
import { ColumnFlag, type ColumnInfo, type DBInfo, type TableInfo } from '@tidb-js/ddl-jobs';
import { namesIn } from '../ddl/column-definition.js';
import { SqlError } from '../errors.js';
import type { Compiled } from '../functions/function.js';
import type { Expression, Insert } from '../parse/ast.js';
import { columnDefault } from '../plan/column-default.js';
import { compile } from '../plan/compile.js';
import { checkReadable, generatedColumns, tableColumns } from '../plan/from.js';
import type { Node, Runtime } from '../plan/node.js';
import { planQuery } from '../plan/query.js';
import { Scope } from '../plan/scope.js';
import { handleOfRow } from '../table/layout.js';
import { castForColumn, isNotNull, type WriteRules, zeroValue } from '../types/column-cast.js';
import { Flag, Tp } from '../types/field-type.js';
import { toInteger } from '../types/number.js';
import type { Row, SqlValue } from '../types/value.js';
import { type Assign, applyAssignments, compileAssignments, rowsEqual } from './assignment.js';
import { type Conflict, RowWriter } from './row-writer.js';
import { scopeWith, sourceColumns } from './source-columns.js';
import { ignoring, type WriteResult, type WriteStatement } from './statement.js';
import { writeChanged } from './write-changed.js';

/** A table as a statement names it. Errors 1046 and 1146. */
export function resolveTable(
  s: Pick<WriteStatement, 'infoSchema' | 'database'>,
  name: { readonly db?: string | undefined; readonly name: string },
): { readonly table: TableInfo; readonly schema: DBInfo } {
  const db = name.db ?? s.database;
  if (db === undefined) throw new SqlError(1046, 'No database selected');
  const schema = s.infoSchema.schema(db);
  const table = s.infoSchema.table(db, name.name);
  if (schema === undefined || table === undefined) throw new SqlError(1146, `Table '${db}.${name.name}' doesn't exist`);
  return { table, schema: schema.info };
}

/** INSERT and REPLACE. */
export async function executeInsert(insert: Insert, s: WriteStatement): Promise<WriteResult> {
  const { table, schema } = resolveTable(s, insert.table);
  if (table.view !== null) {
    throw new SqlError(1105, `${insert.replace ? 'replace' : 'insert'} into view ${table.name.O} is not supported now`);
  }
  checkReadable(table);
  s.planner.tableIds.add(table.id);
  return new Insertion(insert, s, table, schema).run();
}

class Insertion {
  private readonly rules: WriteRules;
  private readonly writer: RowWriter;
  private readonly scope: Scope;
  private readonly targets: readonly ColumnInfo[];
  private readonly defaults: readonly (() => SqlValue | undefined)[];
  private readonly stored: ReturnType<typeof generatedColumns>;
  private readonly virtual: ReturnType<typeof generatedColumns>;
  private readonly onDuplicate: readonly Assign[];
  /** What gives the rows of INSERT … SELECT. */
  private readonly source: Node | undefined;
  /** What ON DUPLICATE KEY UPDATE takes of the source beside each row. */
  private readonly beside = new WeakMap<Row, Row>();
  private affected = 0n;
  private records = 0n;
  private duplicates = 0n;
  private inserted = 0;
  private firstId = 0n;
  private explicitId = 0n;
  /** Whether a value names a column. */
  private namesColumns = false;
  /** Columns without a default that a warning has named. */
  private readonly warnedOf = new Set<number>();
  private pendingIds: { next: bigint; end: bigint } | undefined;

  constructor(
    private readonly insert: Insert,
    private readonly s: WriteStatement,
    private readonly table: TableInfo,
    private readonly schema: DBInfo,
  ) {
    const rules = ignoring(s.rules, insert.ignore);
    this.rules = insert.query === undefined ? rules : { ...rules, wording: 'query' };
    this.writer = new RowWriter(table, s.txn, s.mutations, s.evaluation, this.rules, s.uniqueKeys);
    const { layout } = this.writer;
    this.scope = new Scope(tableColumns(table, schema.db_name.O, undefined));
    this.targets = insert.columns === undefined ? layout.visible : insert.columns.map((name) => this.target(name));
    const seen = new Set<number>();
    for (const column of this.targets) {
      if (seen.has(column.id)) throw new SqlError(1110, `Column '${column.name.O}' specified twice`);
      seen.add(column.id);
    }
    this.defaults = table.cols.map((column) => columnDefault(column, s));
    this.stored = generatedColumns(table, this.scope, s.planner, 'stored');
    this.virtual = generatedColumns(table, this.scope, s.planner, 'virtual');
    const source = insert.query === undefined ? undefined : sourceColumns(insert.query, insert.onDuplicate, this.scope);
    this.source = source === undefined ? undefined : planQuery(source.query, s.planner);
    const taken = this.source?.columns.slice(this.source.columns.length - (source?.count ?? 0)) ?? [];
    if (this.source !== undefined && this.source.columns.length - taken.length !== this.targets.length)
      throw new SqlError(1136, "Column count doesn't match value count at row 1");
    const updateScope = scopeWith(this.scope, taken);
    this.onDuplicate = compileAssignments(source?.assignments ?? insert.onDuplicate, updateScope, s, {
      insertingColumn: (name) => {
        const column = this.target(name);
        return { index: column.offset, type: column.type };
      },
    });
  }

  private target(name: string): ColumnInfo {
    const column = this.writer.layout.visible.find((each) => each.name.L === name.toLowerCase());
    if (column === undefined) throw new SqlError(1054, `Unknown column '${name}' in 'field list'`);
    return column;
  }

  async run(): Promise<WriteResult> {
    const { insert, s } = this;
    if (insert.query !== undefined) await this.insertQuery();
    else {
      const rows = (insert.rows ?? []).map((values, index) => this.compileRow(values, index + 1));
      await s.runSubqueries();
      await this.writeRows(rows);
    }
    const info =
      this.records > 1n || insert.query !== undefined
        ? `Records: ${this.records}  Duplicates: ${this.duplicates}  Warnings: 0`
        : '';
    // Ids of rows that were all there already count for nothing.
    const generatedId = this.firstId !== 0n && this.inserted > 0 ? this.firstId : undefined;
    const explicitId = this.firstId === 0n ? this.explicitId : 0n;
    return { affected: this.affected, lastInsertId: generatedId ?? explicitId, generatedId, info };
  }

  private async insertQuery(): Promise<void> {
    const { s, source } = this;
    if (source === undefined) return;
    for (const column of this.targets)
      if (column.generated_expr_string !== '') throw generatedRefused(column, this.table);
    await s.runSubqueries();
    const runtime: Runtime = {
      evaluation: s.evaluation,
      reader: s.txn,
      signal: s.signal,
      hold: (rows) => s.hold(rows),
    };
    // The rows are read before the first is written: a table can be filled from itself.
    const rows: Row[] = [];
    for await (const batch of source.run(runtime)) {
      s.hold(batch);
      rows.push(...batch);
    }
    await this.writeRows(
      rows.map((values) => this.targets.map((column, at) => ({ column, value: () => values[at] ?? null }))),
      rows.map((values) => values.slice(this.targets.length)),
    );
  }

  private compileRow(values: readonly Expression[], row: number): readonly Given[] {
    const { s } = this;
    if (values.length === 0 && this.insert.columns === undefined) return [];
    if (values.length === 0 && this.targets.length === 0) return [];
    if (values.length !== this.targets.length)
      throw new SqlError(1136, `Column count doesn't match value count at row ${row}`);
    return this.targets.flatMap((column, index): Given[] => {
      const e = values[index];
      if (e === undefined) return [];
      if (column.generated_expr_string !== '') {
        if (e.kind === 'default') return [];
        throw generatedRefused(column, this.table);
      }
      if (e.kind === 'default' && e.column === undefined)
        return [{ column, value: () => this.defaultFor(column), isDefault: true }];
      // Values may name columns, those to their left or defaults: INSERT INTO t SET a = 1, b = a + 1, c = c + 1.
      if (namesIn(e).length > 0) this.namesColumns = true;
      const compiled = compile(
        e,
        s.planner.context(this.scope, 'field list', {
          columnDefault: (name) => this.compiledDefault(name ?? column.name.O),
        }),
      );
      return [{ column, value: (partial) => compiled.evaluate(partial, s.evaluation) }];
    });
  }

  private compiledDefault(name: string): Compiled {
    const column = this.target(name);
    return { type: column.type, constant: false, evaluate: () => this.defaultFor(column), text: `default(${name})` };
  }

  /** The column's default. Error 1364, or the type's zero outside strict mode, when it has none. */
  private defaultFor(column: ColumnInfo): SqlValue {
    const value = this.defaults[column.offset]?.();
    if (value !== undefined) return value;
    if ((column.type.Flag & ColumnFlag.AutoIncrement) !== 0) return null;
    if (column.type.Tp === Tp.Enum) return isNotNull(column.type) ? this.cast(column, 1n, 1) : null;
    const message = `Field '${column.name.O}' doesn't have a default value`;
    if (this.rules.strict) throw new SqlError(1364, message);
    // Of several rows the first alone is warned of.
    if (!this.warnedOf.has(column.id)) this.s.warn('Warning', 1364, message);
    this.warnedOf.add(column.id);
    // What strict mode refuses, IGNORE makes the zero; outside strict mode NULL is no error where the column takes it.
    return isNotNull(column.type) || this.s.rules.strict ? zeroValue(column.type) : null;
  }

  /** Asks for ids of all rows at once, so that those of one statement follow each other. */
  private async reserveIds(rows: number): Promise<void> {
    if (rows === 0) return;
    const first = await this.s.domain.autoIds.next({ table: this.table, schema: this.schema }, rows, {
      signal: this.s.signal,
    });
    this.pendingIds = { next: first, end: first + BigInt(rows) };
  }

  private autoColumn(): ColumnInfo | undefined {
    return this.table.cols.find((column) => (column.type.Flag & ColumnFlag.AutoIncrement) !== 0);
  }

  private async nextId(): Promise<bigint> {
    const pending = this.pendingIds;
    if (pending !== undefined && pending.next < pending.end) return pending.next++;
    return this.s.domain.autoIds.next({ table: this.table, schema: this.schema }, 1, { signal: this.s.signal });
  }

  /** All rows are made before the first is written, so that a value that is refused costs no row its id. */
  private async writeRows(given: readonly (readonly Given[])[], beside: readonly Row[] = []): Promise<void> {
    const { s, table, writer } = this;
    const auto = this.autoColumn();
    if (auto !== undefined && !this.targets.includes(auto)) await this.reserveIds(given.length);
    const rows: Row[] = [];
    for (const [index, values] of given.entries()) {
      s.checkAlive();
      const row = await this.makeRow(values, index + 1);
      rows.push(row);
      this.beside.set(row, beside[index] ?? []);
    }
    const hidden = !table.pk_is_handle && !table.is_common_handle;
    if (hidden && this.isPlain) await this.reserveIds(rows.length);
    for (const row of rows) {
      s.checkAlive();
      await this.place(row, handleOfRow(writer.layout, row, s.evaluation.session.timeZone));
    }
  }

  private async makeRow(given: readonly Given[], number: number): Promise<Row> {
    this.records++;
    const row: Row = [...this.writer.layout.origins];
    if (this.namesColumns) for (const { offset } of this.targets) row[offset] = this.defaults[offset]?.() ?? null;
    const filled = new Set<number>();
    for (const { column, value } of given) {
      row[column.offset] = this.cast(column, value(row), number);
      filled.add(column.offset);
      // An AUTO_INCREMENT column takes NULL for the next id.
      if ((column.type.Flag & ColumnFlag.AutoIncrement) === 0) this.checkNull(column, row);
    }
    for (const column of this.writer.layout.writable) {
      if (filled.has(column.offset) || column.generated_expr_string !== '') continue;
      if (column.state !== 5)
        row[column.offset] = this.writer.layout.origins[column.offset] ?? this.defaults[column.offset]?.() ?? null;
      else row[column.offset] = this.defaultFor(column);
    }
    await this.fillAutoId(row);
    this.generate(this.stored, row, number);
    for (const column of this.writer.layout.writable) {
      if (column.state === 5) this.checkNull(column, row);
    }
    this.generate(this.virtual, row, number);
    return row;
  }

  private generate(columns: ReturnType<typeof generatedColumns>, row: Row, number: number): void {
    for (const { offset, compiled } of columns) {
      const column = this.table.cols[offset];
      if (column !== undefined) row[offset] = this.cast(column, compiled.evaluate(row, this.s.evaluation), number);
    }
  }

  private cast(column: ColumnInfo, value: SqlValue, row: number): SqlValue {
    try {
      return castForColumn(value, column.name.O, column.type, this.rules, row);
    } catch (error) {
      // With IGNORE what is no JSON becomes NULL; nothing else than IGNORE makes that so.
      if (!this.insert.ignore || !SqlError.is(error) || error.errno !== 3140) throw error;
      this.s.warn('Warning', error.errno, error.message);
      return null;
    }
  }

  /** NULL or 0 in the AUTO_INCREMENT column asks for the next id; another value moves the counter past it. */
  private async fillAutoId(row: Row): Promise<void> {
    const column = this.autoColumn();
    if (column === undefined) return;
    const value = row[column.offset] ?? null;
    const integer = value === null ? 0n : toInteger(value, () => undefined);
    if (value === null || (integer === 0n && !this.s.keepsZero)) {
      const id = await this.nextId();
      row[column.offset] = castForColumn(id, column.name.O, column.type, { ...this.rules, strict: true }, 1);
      if (this.firstId === 0n) this.firstId = id;
    } else {
      this.explicitId = integer;
      if (integer > 0n)
        await this.s.domain.autoIds.rebase({ table: this.table, schema: this.schema }, integer, {
          signal: this.s.signal,
        });
    }
  }

  private checkNull(column: ColumnInfo, row: Row): void {
    const forbids = isNotNull(column.type) || (column.type.Flag & Flag.PreventNullInsert) !== 0;
    if ((row[column.offset] ?? null) !== null || !forbids) return;
    const message = `Column '${column.name.O}' cannot be null`;
    if (this.rules.strict) throw new SqlError(1048, message);
    this.s.warn('Warning', 1048, message);
    row[column.offset] = zeroValue(column.type);
  }

  /** Neither REPLACE, nor IGNORE, nor ON DUPLICATE KEY UPDATE. */
  private get isPlain(): boolean {
    return !this.insert.replace && !this.insert.ignore && this.onDuplicate.length === 0;
  }

  /** Writes a row, or does what the statement says with one that is there. A hidden handle is taken when the row is written. */
  private async place(row: Row, handle: Handle | undefined): Promise<void> {
    const { insert, s, table, writer } = this;
    if (insert.replace) return this.replace(row, handle);
    if (this.isPlain && s.autocommit) {
      writer.insertUnchecked(row, handle ?? (await this.nextId()));
      this.inserted++;
      this.affected++;
      return;
    }
    const conflict = await writer.conflict(row, handle);
    if (conflict === undefined) {
      writer.insert(row, handle ?? (await this.nextId()));
      this.inserted++;
      this.affected++;
      return;
    }
    this.duplicates++;
    if (this.onDuplicate.length > 0) return this.updateExisting(row, conflict);
    if (!insert.ignore) throw writer.duplicate(conflict);
    s.warn('Warning', 1062, `Duplicate entry '${conflict.values}' for key '${table.name.O}.${conflict.keyName}'`);
  }

  private async replace(row: Row, handle: Handle | undefined): Promise<void> {
    for (;;) {
      const conflict = await this.writer.conflict(row, handle);
      if (conflict === undefined) break;
      this.duplicates++;
      this.virtualOf(conflict.row);
      if (rowsEqual(conflict.row, row, this.table)) {
        this.affected++;
        return;
      }
      this.writer.delete(conflict.row, conflict.handle);
      this.affected++;
    }
    this.writer.insert(row, handle ?? (await this.nextId()));
    this.inserted++;
    this.affected++;
  }

  private virtualOf(row: Row): void {
    for (const { offset, compiled } of this.virtual) row[offset] = compiled.evaluate(row, this.s.evaluation);
  }

  private async updateExisting(row: Row, conflict: Conflict): Promise<void> {
    this.virtualOf(conflict.row);
    const evaluation = { ...this.s.evaluation, inserting: row };
    const after = applyAssignments(
      this.onDuplicate,
      [...conflict.row, ...(this.beside.get(row) ?? [])],
      this.table,
      { ...this.s, evaluation, rules: { ...this.rules, wording: 'query' } },
      this.stored,
      this.virtual,
      1,
    );
    if (after === undefined) {
      if (this.s.foundRows) this.affected++;
      return;
    }
    if (await writeChanged(this.writer, conflict.row, after, conflict.handle, this.insert.ignore, this.s))
      this.affected += 2n;
  }
}

/** A value for a column, computed from the row as far as it is filled. */
interface Given {
  readonly column: ColumnInfo;
  readonly value: (partial: Row) => SqlValue;
  readonly isDefault?: boolean;
}

function generatedRefused(column: ColumnInfo, table: TableInfo): SqlError {
  return new SqlError(
    3105,
    `The value specified for generated column '${column.name.O}' in table '${table.name.O}' is not allowed.`,
  );
}
