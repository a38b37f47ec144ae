import type { Delete, Expression, Insert, Query, TableName, Update } from './ast.js';
import type { DdlStatement } from './ddl-ast.js';

export interface VariableAssignment {
  readonly scope: 'global' | 'session' | 'user';
  readonly name: string;
  /** Absent for `= DEFAULT`. */
  readonly value?: Expression | undefined;
}

/** LIKE 'pattern' or WHERE condition of a SHOW statement. */
export interface ShowFilter {
  readonly like?: string | undefined;
  readonly where?: Expression | undefined;
}

export type ShowStatement = {
  readonly kind: 'show';
  readonly filter: ShowFilter;
  readonly db?: string | undefined;
  readonly table?: TableName | undefined;
  readonly full: boolean;
  /** SHOW COUNT(*) ERRORS. */
  readonly onlyErrors?: boolean;
  /** Whose grants are asked for. */
  readonly user?: string;
  readonly global: boolean;
  readonly what:
    | 'databases'
    | 'tables'
    | 'tableStatus'
    | 'columns'
    | 'index'
    | 'createTable'
    | 'createView'
    | 'createUser'
    | 'createDatabase'
    | 'variables'
    | 'status'
    | 'warnings'
    | 'errors'
    | 'warningCount'
    | 'processlist'
    | 'engines'
    | 'charset'
    | 'collation'
    | 'privileges'
    | 'plugins'
    | 'triggers'
    | 'events'
    | 'procedureStatus'
    | 'functionStatus'
    | 'grants'
    | 'pumpStatus'
    | 'drainerStatus'
    | 'masterStatus'
    | 'openTables'
    | 'profiles';
};

export type AdminStatement = { readonly kind: 'admin' } & (
  | { readonly what: 'showDdl' }
  | {
      readonly what: 'showDdlJobs';
      readonly count?: number | undefined;
      readonly where?: Expression | undefined;
    }
  | { readonly what: 'showDdlJobQueries'; readonly ids: readonly bigint[] }
  | { readonly what: 'cancelDdlJobs' | 'pauseDdlJobs' | 'resumeDdlJobs'; readonly ids: readonly bigint[] }
  | { readonly what: 'checkTable'; readonly tables: readonly TableName[] }
  | { readonly what: 'checkIndex'; readonly tables: readonly TableName[]; readonly index: string }
);

export type Statement =
  | Query
  | Insert
  | Update
  | Delete
  | DdlStatement
  | ShowStatement
  | AdminStatement
  | { readonly kind: 'explain'; readonly statement: Statement; readonly analyze: boolean }
  | { readonly kind: 'set'; readonly assignments: readonly VariableAssignment[] }
  | { readonly kind: 'setNames'; readonly charset: string; readonly collate?: string | undefined }
  | {
      readonly kind: 'setTransaction';
      readonly isolation?: string | undefined;
      readonly readOnly: boolean;
      readonly scope: 'global' | 'session';
    }
  | { readonly kind: 'use'; readonly db: string }
  | { readonly kind: 'begin'; readonly mode?: 'optimistic' | 'pessimistic' | undefined; readonly readOnly: boolean }
  | { readonly kind: 'commit'; readonly chain: boolean }
  | { readonly kind: 'rollback'; readonly chain?: boolean; readonly savepoint?: string | undefined }
  | { readonly kind: 'savepoint' | 'releaseSavepoint'; readonly name: string }
  | { readonly kind: 'kill'; readonly id: bigint; readonly query: boolean }
  | {
      readonly kind: 'prepare';
      readonly name: string;
      readonly text?: string | undefined;
      readonly variable?: string | undefined;
    }
  | { readonly kind: 'executePrepared'; readonly name: string; readonly variables: readonly string[] }
  | { readonly kind: 'deallocate'; readonly name: string }
  | { readonly kind: 'changePump'; readonly nodeId: string; readonly state: string; readonly drainer: boolean }
  | {
      readonly kind: 'lockTables' | 'unlockTables' | 'flush' | 'analyze' | 'do';
      readonly expressions: readonly Expression[];
    }
  | { readonly kind: 'createUser'; readonly users: readonly string[]; readonly ifNotExists: boolean }
  | { readonly kind: 'grant'; readonly users: readonly string[] }
  | { readonly kind: 'loadData'; readonly file: string; readonly local: boolean }
  | { readonly kind: 'unsupported'; readonly what: string };

/** One statement of a text, with its own part of the text. */
export interface ParsedStatement {
  readonly statement: Statement;
  readonly text: string;
  /** Number of `?`. */
  readonly parameters: number;
}
