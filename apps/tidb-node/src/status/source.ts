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
  /** The barrier that the owner is waiting at, when this node is the owner and waits. */
  barrier(): BarrierView | undefined;
  /** Gives the ownership up; false when this node is not the owner. */
  resignOwner(options: { readonly signal: AbortSignal }): Promise<boolean>;
  /** What the node was started with, for `/settings`. */
  settings(): Readonly<Record<string, unknown>>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** `/binlog/recover`: turns Skipping off (`reset`), or also waits for what was begun meanwhile (`nowait` does not). */
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

export interface BarrierView {
  readonly version: string;
  readonly jobId: string | undefined;
  readonly sinceMs: number;
  readonly behind: readonly { readonly id: string; readonly version: string | undefined; readonly address?: string }[];
}
