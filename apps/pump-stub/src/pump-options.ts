import type { Logger } from '@tidb-js/etcd-session';
import type { DdlBinlogTime, JobSource } from './job-source.js';
import type { OutcomeSource } from './outcome-source.js';
import type { IndexOptions } from './store/pointer-index.js';
import type { TimestampSource } from './timestamp-source.js';

/** States of a Pump, as its registry entry spells them. */
export type PumpState = 'online' | 'pausing' | 'paused' | 'closing' | 'offline';

/** PEM files; the server then takes TLS only, and asks clients for a certificate when `caPath` is given. */
export interface PumpTlsOptions {
  readonly caPath?: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** Common names that a client's certificate may carry; empty: every certificate that the CA signed. */
  readonly allowedNames?: readonly string[];
}

/** How {@link PumpServer.start} is told what to be. Every default is the real Pump's, unless said. */
export interface PumpOptions {
  /** PD's addresses, or an etcd's when there is no PD. Default `http://127.0.0.1:2379`. */
  readonly pdUrls?: readonly string[];
  /** Where the log, the index, the node id and the lock live. */
  readonly dataDir: string;
  /** `host:port` to listen on; port 0 takes a free one. Default `<first non-loopback IPv4>:8250`. */
  readonly address?: string;
  /** `host:port` that is registered; default is what the server listens on. An empty host or 0.0.0.0 is refused. */
  readonly advertiseAddress?: string;
  /** Path of a unix socket that takes gRPC too. */
  readonly socket?: string;
  /** Used when the data directory has no `.node` file yet; default `hostname:port`. */
  readonly nodeId?: string;
  /** The cluster's id. Default: PD's; without a PD the etcd key `/pd/cluster_id`, which is made when missing. */
  readonly clusterId?: bigint;
  /** Default 2,000. */
  readonly heartbeatIntervalMs?: number;
  /** Pause without writes after which a fake binlog is written. Default 3,000. */
  readonly fakeBinlogIntervalMs?: number;
  /** Age after which binlogs are deleted, in milliseconds. Default 7 days. */
  readonly gcAgeMs?: number;
  /** The oldest binlogs are deleted when the value log passes this many bytes. Default: no such limit (not in the real Pump). */
  readonly gcMaxBytes?: number;
  /** Free bytes on the disk under which writes are refused. Default 10 GiB. */
  readonly stopWriteAtAvailableSpace?: number;
  /** Bytes of a value log file after which the next one begins. Default 500 MiB. */
  readonly segmentBytes?: number;
  /** Whether an acknowledged write was synced to the disk. Default true. Without it a power cut can lose writes. */
  readonly syncLog?: boolean;
  /** Sizes of the index, in bytes. */
  readonly index?: IndexOptions;
  /** Largest gRPC message taken, in bytes. Default 2 GiB − 1, the most gRPC can carry. */
  readonly maxMessageSize?: number;
  readonly tls?: PumpTlsOptions;
  /** `host:port` or URL of a Prometheus push gateway. Default: none, `GET /metrics` answers. */
  readonly metricsAddress?: string;
  /** Pause between two pushes of metrics. Default 15,000. */
  readonly metricsIntervalMs?: number;
  /** Settles transactions whose Commit or Rollback never comes. Default: none, they wait. */
  readonly outcomes?: OutcomeSource;
  /** Default: PD's oracle; without a PD this machine's clock, held back by `clockErrorMs`. */
  readonly timestamps?: TimestampSource;
  /** How far this clock may be ahead of the writers', when it has to serve as the oracle. Default 1,000. */
  readonly clockErrorMs?: number;
  /** Lets DDL binlogs be checked against their jobs. Default: no check. */
  readonly jobs?: JobSource;
  /** When the cluster writes a DDL binlog, for that check. Default `'synced'`. */
  readonly ddlBinlog?: DdlBinlogTime;
  /** How long a transaction may stay undecided before `outcomes` is asked, in milliseconds. Default 1,000. */
  readonly settleAfterMs?: number;
  readonly logger?: Logger;
  /** Ends the start; a Pump that runs is ended by `close`. */
  readonly signal?: AbortSignal;
}

/** What a Pump tells of itself. */
export interface PumpStatus {
  readonly nodeId: string;
  readonly clusterId: bigint;
  readonly address: string;
  readonly state: PumpState;
  /** The watermark: every binlog with a commit_ts up to here is in the stream. */
  readonly maxCommitTs: bigint;
  /** Pulls from before this timestamp are refused. */
  readonly gcTs: bigint;
  /** Transactions that have a Prewrite and no end yet, and so hold the watermark. */
  readonly undecided: number;
  /** The one that has held it longest. */
  readonly oldestUndecided: { readonly startTs: bigint; readonly waitingMs: number } | undefined;
  readonly logBytes: number;
  readonly availableBytes: number;
  readonly illegalDdlBinlogs: number;
}
