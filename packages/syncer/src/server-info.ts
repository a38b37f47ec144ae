/**
 * A server as TiDB announces it under `/tidb/server/info/<id>`: the fields of that JSON, with its names.
 * Fields that this package does not know are kept as they are.
 */
export interface ServerInfo {
  readonly version: string;
  readonly git_hash: string;
  /** The server's id: the last part of its key. */
  readonly ddl_id: string;
  readonly ip: string;
  /** The port of the MySQL protocol. */
  readonly listening_port: number;
  readonly status_port: number;
  /** The schema lease as Go writes a duration: `45s`. */
  readonly lease: string;
  /** `On`, `Off`, `Skipping` or `Unknown`; absent since TiDB dropped its binlog. */
  readonly binlog_status?: string;
  /** Seconds since 1970. Of two ids at one `ip:port` the one with the later start counts. */
  readonly start_timestamp: number;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly server_id?: number;
  readonly keyspace?: string;
  /** The keyspace whose schema this server takes as its own. */
  readonly assumed_keyspace?: string;
  readonly [field: string]: unknown;
}
