import type { DBInfo, TableInfo } from '@tidb-js/ddl-jobs';
import type { Storage, Timestamp } from '../storage/types.js';

/** A database with its tables, at one schema version. */
export interface Schema {
  readonly info: DBInfo;
  /** Tables and views by lower-case name. */
  readonly tables: ReadonlyMap<string, TableInfo>;
}

/** Where a table stands. */
export interface TableEntry {
  readonly table: TableInfo;
  readonly schema: DBInfo;
}

/** All databases and tables at one schema version. Never changes: a new version is a new object. */
export interface InfoSchema {
  readonly version: bigint;
  /** Databases by lower-case name, in no order. Virtual ones (information_schema) are not among them. */
  readonly schemas: ReadonlyMap<string, Schema>;
  /** A database by name, whatever its case. */
  schema(name: string): Schema | undefined;
  /** A table or view by names, whatever their case. */
  table(schema: string, table: string): TableInfo | undefined;
  /** By table id, or by the id of a partition. */
  tableById(id: number): TableEntry | undefined;
  schemaById(id: number): Schema | undefined;
}

/**
 * A statement's or transaction's hold on the schema it was planned with. While it lasts, metadata lock keeps DDL on the
 * tables it used from moving past that version.
 */
export interface SchemaHold extends Disposable {
  readonly infoSchema: InfoSchema;
  /** Name the tables in use; only these are protected. Ids of tables, not of partitions. */
  use(tableIds: Iterable<number>): void;
  /** Let go. Idempotent. */
  release(): void;
}

/** Ranges of row ids and AUTO_INCREMENT values, handed out so that no two nodes give the same. */
export interface AutoIds {
  /**
   * The next `count` values of a table: the answer is the first of them. Kinds: `row` for hidden row ids, `increment` for AUTO_INCREMENT,
   * `random` for AUTO_RANDOM (TiDB keeps the first two in one counter unless the table has AUTO_ID_CACHE 1; so do we).
   *
   * @throws StorageError
   */
  next(table: TableEntry, count: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<bigint>;
  /** Values up to and including this one are taken: a statement gave it explicitly, or ALTER TABLE … AUTO_INCREMENT did. */
  rebase(table: TableEntry, value: bigint, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** The next value that this node would give, as far as it knows without asking: what TABLE STATUS shows. */
  nextHere(table: TableInfo): bigint;
  /** What SHOW CREATE TABLE prints: the first value not handed out to any node. */
  peek(table: TableEntry): Promise<bigint>;
}

/** What a node knows of itself and the cluster's schema. */
export interface Domain {
  readonly storage: Storage;
  /** This node's id: the DDL id of owner key, version keys and server info. */
  readonly nodeId: string;
  /** The newest schema this node has loaded. */
  infoSchema(): InfoSchema;
  /** The schema as it was at a timestamp, read from the store. */
  infoSchemaAt(ts: Timestamp): Promise<InfoSchema>;
  /** Take the newest schema for a statement or transaction; release it when that ends. */
  hold(): SchemaHold;
  /** Load the newest version now instead of waiting for the watch. */
  reload(options?: { readonly signal?: AbortSignal | undefined }): Promise<InfoSchema>;
  readonly autoIds: AutoIds;
}
