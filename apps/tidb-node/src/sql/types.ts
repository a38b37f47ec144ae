import type { Row, SqlValue } from './types/value.js';

/** How a connection is encrypted. */
export interface Encryption {
  readonly cipher: string;
  /** As in TLSv1.3. */
  readonly version: string;
}

/** What the protocol's column definition says of one column of a result. */
export interface ResultColumn {
  /** The name shown: the alias, or the text of the expression. */
  readonly name: string;
  readonly orgName: string;
  /** Alias of the table, or empty. */
  readonly table: string;
  readonly orgTable: string;
  readonly db: string;
  /** Protocol type: 1 tiny … 246 decimal, 253 varchar, as in MySQL's enum_field_types. */
  readonly type: number;
  /** Collation id, 63 for binary and numbers. */
  readonly charset: number;
  /** Display width in bytes. */
  readonly length: number;
  readonly flags: number;
  readonly decimals: number;
}

/** A statement that gives rows. `rows` is read once; leaving it early stops the work behind it. */
export interface ResultSet {
  readonly kind: 'rows';
  readonly columns: readonly ResultColumn[];
  /** Batches of rows. Throws a SqlError when the statement fails after its first rows. */
  readonly rows: AsyncIterable<readonly Row[]>;
  /** Warnings so far; final once `rows` has ended. */
  readonly warnings: number;
  /** More results of the same text follow. */
  readonly more: boolean;
}

/** A statement that gives no rows. */
export interface OkResult {
  readonly kind: 'ok';
  readonly affectedRows: bigint;
  readonly lastInsertId: bigint;
  /** The line a client prints: "Rows matched: 1  Changed: 1  Warnings: 0", or empty. */
  readonly info: string;
  readonly warnings: number;
  readonly more: boolean;
}

export type StatementResult = ResultSet | OkResult;

export interface ExecuteOptions {
  /** Ends the statement with error 1317 when it fires. */
  readonly signal?: AbortSignal;
  /** The client asked for CLIENT_MULTI_STATEMENTS; without it a second statement is error 8130. */
  readonly multiStatements?: boolean;
  /** The client asked for CLIENT_FOUND_ROWS: UPDATE counts the rows it matched instead of those it changed. */
  readonly foundRows?: boolean;
}

/** A statement prepared once and run often. */
export interface PreparedStatement {
  readonly id: number;
  /** One for each `?`, in order. */
  readonly parameters: readonly ResultColumn[];
  /** The columns of the result, empty when it gives no rows. */
  readonly columns: readonly ResultColumn[];
  execute(values: readonly SqlValue[], options?: ExecuteOptions): Promise<StatementResult>;
  close(): void;
}

/** One line of SHOW WARNINGS. */
export interface Warning {
  readonly level: 'Note' | 'Warning' | 'Error';
  readonly code: number;
  readonly message: string;
}

/** What the session tells the protocol's status flags. */
export interface SessionStatus {
  readonly autocommit: boolean;
  readonly inTransaction: boolean;
}

/** One line of SHOW PROCESSLIST. */
export interface ProcessInfo {
  readonly id: bigint;
  readonly user: string;
  readonly host: string;
  readonly db: string | undefined;
  readonly command: 'Query' | 'Sleep' | 'Execute' | 'Connect';
  /** Milliseconds since the epoch when `command` began. */
  readonly since: number;
  readonly info: string | undefined;
}

/**
 * One connection's session: its variables, its database, its transaction, its warnings. Statements run one at a time: take
 * a result's rows to their end, or leave them, before the next `execute`.
 *
 * Every failure is a SqlError with MySQL's or TiDB's number, SQLSTATE and words.
 */
export interface SqlSession {
  readonly id: bigint;
  readonly database: string | undefined;
  readonly status: SessionStatus;
  /** Runs a text of one or more statements; yields a result a statement. */
  execute(sql: string, options?: ExecuteOptions): AsyncIterable<StatementResult>;
  prepare(sql: string, options?: ExecuteOptions): Promise<PreparedStatement>;
  /** USE: error 1049 when there is no such database. */
  useDatabase(name: string): void;
  /** The columns of a table, as COM_FIELD_LIST gives them. */
  fieldList(table: string): readonly ResultColumn[];
  /** COM_RESET_CONNECTION, COM_CHANGE_USER: rolls back, forgets variables, prepared statements and warnings. */
  reset(user?: { readonly name: string; readonly host: string }): Promise<void>;
  /** The client's collation by its number, as its greeting tells it; one that is not kept leaves the server's. */
  useCollation(id: number): void;
  /** A system variable's value as text, for the server's own limits (`wait_timeout`, `max_allowed_packet`). */
  variable(name: string): string | undefined;
  readonly processInfo: ProcessInfo;
  /** KILL QUERY: ends the running statement with 1317. */
  cancelStatement(): void;
  /** Rolls back and lets everything go. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
