import type { Logger } from '@tidb-js/etcd-session';
import type { Ddl } from '../ddl/types.js';
import type { Domain } from '../domain/types.js';
import type { ProcessInfo } from './types.js';
import type { LockTaker } from './user-locks.js';
import type { SharedVariables } from './variables.js';

/** A Pump or a Drainer, as SHOW PUMP STATUS shows it. */
export interface PumpState {
  readonly nodeId: string;
  readonly address: string;
  readonly state: string;
  readonly maxCommitTs: bigint;
  /** Milliseconds since the epoch. */
  readonly updateTime: number;
}

/** A server of the cluster, as information_schema.tidb_servers_info shows it. */
export interface ServerState {
  readonly ddlId: string;
  readonly ip: string;
  readonly port: number;
  readonly statusPort: number;
  readonly lease: string;
  readonly version: string;
  readonly gitHash: string;
  readonly binlogStatus: string;
}

/** The connections of a server. */
export interface Processes {
  list(): readonly ProcessInfo[];
  /** Ends a connection, or what it runs. */
  kill(id: bigint, what: 'connection' | 'query'): void;
}

/** What SQL uses of the node it runs in. */
export interface SqlServices {
  readonly domain: Domain;
  readonly ddl: Ddl;
  /** Commits carry a Prewrite binlog. */
  readonly binlogEnabled: boolean;
  readonly pumps?: (() => Promise<readonly PumpState[]>) | undefined;
  readonly drainers?: (() => Promise<readonly PumpState[]>) | undefined;
  /** CHANGE PUMP TO NODE_STATE. */
  readonly changePump?: ((nodeId: string, state: string) => Promise<void>) | undefined;
  /** Where SET GLOBAL is kept for all nodes; without it it is this engine's alone. */
  readonly variables?: SharedVariables | undefined;
  readonly servers?: (() => Promise<readonly ServerState[]>) | undefined;
  /** GET_LOCK in the whole cluster; without it GET_LOCK is refused. */
  readonly userLock?: LockTaker | undefined;
  /** The server's connections, for SHOW PROCESSLIST and KILL; without it the engine's own sessions are listed. */
  readonly processes?: Processes | undefined;
  /** Told of each statement that ended: its kind, how long it took, and the error's number when it failed. */
  readonly onStatement?: ((kind: string, seconds: number, errno?: number) => void) | undefined;
  /** Counters of SHOW STATUS. */
  readonly status?: (() => Readonly<Record<string, string>>) | undefined;
  readonly logger?: Logger | undefined;
}
