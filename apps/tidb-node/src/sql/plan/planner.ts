import type { InfoSchema } from '../../domain/types.js';
import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import type { CommonTable, Query } from '../parse/ast.js';
import type { LexerModes } from '../parse/lexer.js';
import type { ParsedStatement } from '../parse/statement.js';
import type { FieldType } from '../types/field-type.js';
import type { SqlValue } from '../types/value.js';
import type { CompileContext } from './compile.js';
import type { Node } from './node.js';
import { planQuery } from './query.js';
import type { Scope } from './scope.js';
import type { VirtualTables } from './virtual-table.js';

/** A name of WITH, and the names that are known in its query. */
interface CommonEntry {
  readonly definition: CommonTable;
  readonly outer: ReadonlyMap<string, CommonEntry>;
}

/** What planning one statement needs, and what it collects. */
export class Planner {
  /** Subqueries in the order in which they are to be run, before the statement. */
  readonly subqueries: { readonly query: Query; readonly node: Node }[];
  /** Ids of the tables the statement reads or writes. */
  readonly tableIds: Set<number>;
  private readonly common = new Map<string, CommonEntry>();
  private readonly depth: number;

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
      parameters: this.parameters,
      systemVariable: (which, name) => session.systemVariable(which, name),
      userVariable: (name) => session.userVariable(name),
      subquery: (query) => this.subquery(query, scope),
      ...more,
    };
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
  withCommon<T>(tables: readonly CommonTable[], plan: () => T): T {
    const before = new Map(this.common);
    for (const definition of tables)
      this.common.set(definition.name.toLowerCase(), { definition, outer: new Map(this.common) });
    try {
      return plan();
    } finally {
      this.common.clear();
      for (const [name, entry] of before) this.common.set(name, entry);
    }
  }

  commonTable(name: string): CommonTable | undefined {
    return this.common.get(name.toLowerCase())?.definition;
  }

  /** Plans a common table where only those before it are known. */
  planCommon(table: CommonTable): Node {
    const entry = this.common.get(table.name.toLowerCase());
    const before = new Map(this.common);
    this.common.clear();
    for (const [name, each] of entry?.outer ?? []) this.common.set(name, each);
    try {
      return planQuery(table.query, this);
    } finally {
      this.common.clear();
      for (const [name, each] of before) this.common.set(name, each);
    }
  }

  /** Plans a subquery to be run before the statement; the types of its columns. */
  private subquery(query: Query, outer: Scope): readonly FieldType[] {
    const known = this.subqueries.find((each) => each.query === query);
    if (known !== undefined) return known.node.columns.map((column) => column.type);
    const node = planQuery(query, this, outer);
    this.subqueries.push({ query, node });
    return node.columns.map((column) => column.type);
  }
}
