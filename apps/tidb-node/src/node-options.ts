import type { Logger, TlsOptions } from '@tidb-js/etcd-session';
import type { ServerTls } from './server/mysql-server.js';

/** What a node is started with. */
export interface NodeOptions {
  readonly endpoints: readonly string[];
  /** Address and port of the MySQL protocol; port 0 takes a free one. Default 127.0.0.1:4000. */
  readonly host?: string;
  readonly port?: number;
  /** Address that other nodes are told. Default `host`. */
  readonly advertiseAddress?: string;
  readonly statusHost?: string;
  readonly statusPort?: number;
  /** The schema lease in milliseconds. Default 45,000. */
  readonly leaseMs?: number;
  /** How long a node that is silent still counts, and keeps the ownership, in seconds. Default TiDB's: 90, and 60 for the ownership. */
  readonly sessionTtlSeconds?: number;
  /** Default true: schema changes wait for the transactions that use their tables. */
  readonly metadataLock?: boolean;
  /** Write commits and DDL to the registered Pumps, or to the one on this unix socket. Default off. */
  readonly binlog?: {
    readonly strategy?: 'range' | 'hash' | 'score';
    readonly writeTimeoutMs?: number;
    readonly ignoreError?: boolean;
    /** `unix:/path` or `host:port` of one Pump, instead of the registered ones. */
    readonly socket?: string;
  };
  readonly rootPassword?: string;
  readonly insecure?: boolean;
  readonly tls?: ServerTls;
  /** TLS towards etcd. */
  readonly clusterTls?: TlsOptions;
  readonly maxConnections?: number;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/** What the greeting and `@@version` say. */
export { SERVER_VERSION } from './sql/functions/information.js';
