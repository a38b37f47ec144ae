import type { ServerInfo } from '@tidb-js/syncer';
import type { Ddl } from '../ddl/types.js';
import type { Domain } from '../domain/types.js';

/** What the status port tells of; the node hands it in. */
export interface StatusSource {
  readonly version: string;
  readonly gitHash: string;
  readonly domain: Domain;
  readonly ddl: Ddl;
  /** Open MySQL connections. */
  connections(): number;
  /** Statements finished since the start. */
  statements(): number;
  /** This node's own announcement. */
  serverInfo(): ServerInfo;
  /** The announcements of all nodes, by id. */
  servers(options: { readonly signal: AbortSignal }): Promise<ReadonlyMap<string, ServerInfo>>;
  /** The registry entries of the Pumps, as they stand there. */
  pumps(options: { readonly signal: AbortSignal }): Promise<readonly PumpEntry[]>;
  /** The barriers that this node waits at, as the owner. */
  barriers(options: { readonly signal: AbortSignal }): Promise<readonly BarrierView[]>;
  /** Gives the ownership up; false when this node is not the owner. */
  resignOwner(options: { readonly signal: AbortSignal }): Promise<boolean>;
  /** What the node was started with, for `/settings`. */
  settings(): Readonly<Record<string, unknown>>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** `/binlog/recover`: `wait` and `nowait` turn Skipping off, and `wait` waits for the transactions that were begun meanwhile. */
  recoverBinlog(operation: RecoverOperation, options: { readonly signal: AbortSignal }): Promise<BinlogRecovery>;
}

export type RecoverOperation = 'wait' | 'nowait' | 'reset' | 'status';

/** The answer of `/binlog/recover`, with Go's names. */
export interface BinlogRecovery {
  readonly Skipped: boolean;
  readonly SkippedCommitterCounter: number;
}

export interface PumpEntry {
  readonly nodeId: string;
  readonly host: string;
  readonly state: string;
  readonly maxCommitTS: bigint;
  readonly updateTS: bigint;
}

/** A version that is on its way to all nodes. */
export interface BarrierView {
  readonly version: string;
  readonly jobId: string;
  /** When the version was made: milliseconds since 1970. */
  readonly sinceMs: number;
  /** How many nodes must have it; undefined when that could not be read. */
  readonly total: number | undefined;
  readonly behind: readonly { readonly id: string; readonly version: string | undefined; readonly address?: string }[];
}
