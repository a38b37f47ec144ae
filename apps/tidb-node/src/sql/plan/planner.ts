import type { InfoSchema } from '../../domain/types.js';
import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import type { Compiled } from '../functions/function.js';
import type { CommonTable, Query } from '../parse/ast.js';
import type { LexerModes } from '../parse/lexer.js';
import type { ParsedStatement } from '../parse/statement.js';
import { Flag } from '../types/field-type.js';
import type { Row, SqlValue } from '../types/value.js';
import { columnDefault } from './column-default.js';
import type { CompileContext } from './compile.js';
import { CorrelatedSubquery, type OuterReference, type PlannedSubquery } from './correlation.js';
import { collect, firstRow, type Node, type Runtime } from './node.js';
import { planQuery } from './query.js';
import { planRecursive } from './recursive.js';
import type { Scope } from './scope.js';
import type { VirtualTables } from './virtual-table.js';

/** A name of WITH, and the names that are known in its query. */
interface CommonEntry {
  readonly definition: CommonTable;
  readonly outer: ReadonlyMap<string, CommonEntry>;
  /** The columns of the query around the one with the WITH. */
  readonly scope?: Scope | undefined;
  /** In its own query: the rows that the last round has made. */
  readonly working?: Node | undefined;
}

/** What planning one statement needs, and what it collects. */
export class Planner {
  /** Subqueries that read nothing of the query around them, in the order in which they are to be run, before the statement. */
  readonly subqueries: IndependentSubquery[];
  /** Ids of the tables the statement reads or writes. */
  readonly tableIds: Set<number>;
  private common: ReadonlyMap<string, CommonEntry> = new Map();
  private readonly depth: number;
  private readonly collation: string;
  private readonly planned = new WeakMap<Query, IndependentSubquery>();
  private correlated: { readonly scope: Scope; readonly subquery: CorrelatedSubquery }[] = [];
  private references: OuterReference[] = [];

  constructor(
    readonly infoSchema: InfoSchema,
    readonly database: string | undefined,
    readonly parameters: readonly SqlValue[],
    readonly evaluation: Evaluation,
    readonly virtual: VirtualTables,
    readonly onlyFullGroupBy: boolean,
    private readonly parseText: (sql: string, modes: LexerModes) => readonly ParsedStatement[],
    /** The planner whose view this one plans. */
    around?: Planner,
  ) {
    const collation = evaluation.session.systemVariable('session', 'collation_connection');
    this.collation = typeof collation === 'string' && collation !== 'binary' ? collation : 'utf8mb4_bin';
    this.subqueries = around?.subqueries ?? [];
    this.tableIds = around?.tableIds ?? new Set();
    this.depth = around === undefined ? 0 : around.depth + 1;
    if (this.depth > 32) throw new SqlError(1462, `views of '${database}' nest too deep`);
  }

  /** A context to compile expressions in. */
  context(scope: Scope, clause: string, more: Partial<CompileContext> = {}): CompileContext {
    const { session } = this.evaluation;
    return {
      scope,
      clause,
      database: this.database,
      collation: this.collation,
      parameters: this.parameters,
      systemVariable: (which, name) => session.systemVariable(which, name),
      userVariable: (name) => session.userVariable(name),
      subquery: (query, exists) => this.subquery(query, scope, exists),
      outerColumn: (expression, found) => this.references.push({ expression, ...found }),
      columnDefault: (name) => this.defaultOf(scope, name, clause),
      ...more,
    };
  }

  /** DEFAULT(column) of a query. Error 1364 for a column that has none. */
  private defaultOf(scope: Scope, name: string | undefined, clause: string): Compiled {
    const column = name === undefined ? undefined : scope.columns[scope.resolve(undefined, undefined, name, clause)];
    const source = column?.source?.column;
    if (source === undefined) throw new SqlError(1364, `Field '${name ?? ''}' doesn't have a default value`);
    const make = columnDefault(source, { evaluation: this.evaluation, planner: this });
    const isAuto = (source.type.Flag & Flag.AutoIncrement) !== 0;
    const evaluate = () => {
      const value = make();
      if (value === undefined && !isAuto)
        throw new SqlError(1364, `Field '${source.name.O}' doesn't have a default value`);
      return value ?? (isAuto ? 0n : null);
    };
    return { type: source.type, constant: false, evaluate, text: `default(${source.name.O})` };
  }

  /** The planner for a view's text, whose names are of the view's database. */
  within(database: string): Planner {
    return new Planner(
      this.infoSchema,
      database,
      [],
      this.evaluation,
      this.virtual,
      this.onlyFullGroupBy,
      this.parseText,
      this,
    );
  }

  parseView(text: string): Query {
    const [parsed] = this.parseText(text, { ansiQuotes: false, noBackslashEscapes: false });
    const statement = parsed?.statement;
    if (statement === undefined || (statement.kind !== 'select' && statement.kind !== 'union')) {
      throw new SqlError(1105, 'the text of a view is no SELECT');
    }
    return statement;
  }

  /** Plans with the names of WITH known. */
  withCommon<T>(tables: readonly CommonTable[], outer: Scope | undefined, plan: () => T): T {
    if (tables.length === 0) return plan();
    const known = new Map(this.common);
    for (const definition of tables)
      known.set(definition.name.toLowerCase(), { definition, outer: new Map(known), scope: outer });
    return this.withinCommon(known, plan);
  }

  commonTable(name: string): CommonTable | undefined {
    return this.common.get(name.toLowerCase())?.definition;
  }

  /** Plans a common table where only those before it are known. */
  planCommon(table: CommonTable): Node {
    const entry = this.common.get(table.name.toLowerCase());
    if (entry?.working !== undefined) return entry.working;
    return this.withinCommon(entry?.outer ?? new Map(), () =>
      table.recursive ? planRecursive(table, this, entry?.scope) : planQuery(table.query, this, entry?.scope),
    );
  }

  /** Plans with these names of WITH and no others. */
  private withinCommon<T>(common: ReadonlyMap<string, CommonEntry>, plan: () => T): T {
    const before = this.common;
    this.common = new Map(common);
    try {
      return plan();
    } finally {
      this.common = before;
    }
  }

  /** Plans the parts of a common table's query that read itself. */
  withWorking<T>(table: CommonTable, working: Node, plan: () => T): T {
    const itself: CommonEntry = { definition: table, outer: new Map(), working };
    return this.withinCommon(new Map([...this.common, [table.name.toLowerCase(), itself]]), plan);
  }

  /** Runs the correlated subqueries that were compiled for a scope since the last call before rows of the scope go on. */
  prepared(input: Node, scope: Scope): Node {
    const subqueries = this.takeCorrelated(scope);
    if (subqueries.length === 0) return input;
    return {
      columns: input.columns,
      explain: () => input.explain(),
      async *run(runtime) {
        for await (const batch of input.run(runtime)) {
          for (const each of subqueries) await each.prepare(batch, runtime);
          yield batch;
        }
      },
    };
  }

  /** The correlated subqueries that were compiled for a scope since the last call. */
  takeCorrelated(scope: Scope): readonly CorrelatedSubquery[] {
    const taken = this.correlated.filter((each) => each.scope === scope).map(({ subquery }) => subquery);
    this.correlated = this.correlated.filter((each) => each.scope !== scope);
    return taken;
  }

  private subquery(query: Query, outer: Scope, exists: boolean): PlannedSubquery {
    const known =
      this.planned.get(query) ??
      this.correlated.find(({ scope, subquery }) => scope === outer && subquery.query === query)?.subquery;
    if (known !== undefined) return known;
    const around = this.references;
    this.references = [];
    try {
      const run = exists ? firstRow : collect;
      const node = planQuery(query, this, outer);
      const types = node.columns.map((column) => column.type);
      const own = this.references.filter(({ scope }) => scope === outer);
      around.push(...this.references.filter(({ scope }) => scope !== outer));
      if (this.references.length > 0) {
        // It is planned again for each row, when the names of WITH that it knows are gone from here.
        const common = new Map(this.common);
        const subquery = new CorrelatedSubquery(query, types, own, (bound, runtime) =>
          this.runBound(bound, common, run, runtime),
        );
        this.correlated.push({ scope: outer, subquery });
        return subquery;
      }
      const subquery = new IndependentSubquery(types, (runtime) => run(node, runtime));
      this.planned.set(query, subquery);
      this.subqueries.push(subquery);
      return subquery;
    } finally {
      this.references = around;
    }
  }

  /** Plans and runs a subquery whose outer columns have values. */
  private async runBound(
    query: Query,
    common: ReadonlyMap<string, CommonEntry>,
    run: typeof collect,
    runtime: Runtime,
  ): Promise<readonly Row[]> {
    const first = this.subqueries.length;
    const node = this.withinCommon(common, () => planQuery(query, this));
    // What has become independent by the values is run for them, and forgotten.
    for (const each of this.subqueries.splice(first)) await each.run(runtime);
    return run(node, runtime);
  }
}

/** A subquery that is run once, before the statement. */
export class IndependentSubquery implements PlannedSubquery {
  private result: readonly Row[] = [];

  constructor(
    readonly types: PlannedSubquery['types'],
    private readonly collect: (runtime: Runtime) => Promise<readonly Row[]>,
  ) {}

  async run(runtime: Runtime): Promise<void> {
    this.result = await this.collect(runtime);
  }

  rows(): readonly Row[] {
    return this.result;
  }
}
