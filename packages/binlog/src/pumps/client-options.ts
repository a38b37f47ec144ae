import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import type { PumpTls } from './connection.js';
import type { PumpStrategy } from './selector.js';

/** What every {@link PumpsClient} can be told. */
export interface PumpWriteOptions {
  readonly tls?: PumpTls;
  /** How long a Prewrite may take, over all tries, before every pump that is online gets its last chance. Default 15,000. */
  readonly writeTimeoutMs?: number;
  /** How long a Commit or Rollback is tried again. Default 600,000: after that pumps ask the storage by themselves. */
  readonly finishTimeoutMs?: number;
  /** Pause between two tries of a Prewrite. Default 100. */
  readonly retryIntervalMs?: number;
  /** Pause between two tries of a Commit or Rollback. Default 1,000. */
  readonly finishRetryIntervalMs?: number;
  /** Errors in a row after which a pump is left alone until it answers a probe. Default 10; one that cannot be reached, at once. */
  readonly maxErrors?: number;
  /** Longest pause between two probes. Default 30,000. */
  readonly checkIntervalMs?: number;
  /**
   * Commit without a binlog when no pump takes it, instead of failing. Once that happened, nothing is written until
   * {@link PumpsClient.recover}: a stream with holes is of no use. Default false.
   */
  readonly ignoreError?: boolean;
  /** Use the streaming door of pumps that have one. Default true. */
  readonly stream?: boolean;
  /** Writes that may be under way at once; one more fails with `QUEUE_FULL`. Default 100,000. */
  readonly maxPending?: number;
  /** Transactions whose pump is remembered between Prewrite and outcome. Default 262,144. */
  readonly maxOpenTransactions?: number;
  readonly logger?: Logger;
}

/** A client for the pumps of a registry. */
export interface PumpsClientOptions extends PumpWriteOptions {
  /** For the registry. It stays the caller's, and must outlive this client. */
  readonly etcd: EtcdClient;
  /** Default `/tidb-binlog/v1`. */
  readonly registryRoot?: string;
  /** Default: PD's, or the one that the pumps made in etcd. */
  readonly clusterId?: bigint;
  /** Default `range`. */
  readonly strategy?: PumpStrategy;
}

/** A client for one pump, without a registry. */
export interface LocalPumpOptions extends PumpWriteOptions {
  /** `unix:/path` or `host:port`. */
  readonly address: string;
  readonly clusterId: bigint;
}

/** The options with their defaults. */
export interface WriteSettings {
  readonly writeTimeoutMs: number;
  readonly finishTimeoutMs: number;
  readonly retryIntervalMs: number;
  readonly finishRetryIntervalMs: number;
  readonly maxErrors: number;
  readonly checkIntervalMs: number;
  readonly ignoreError: boolean;
  readonly stream: boolean;
  readonly maxPending: number;
  readonly maxOpenTransactions: number;
}

/** @throws BinlogError `INVALID_ARGUMENT` for a number that is not above zero. */
export function writeSettings(options: PumpWriteOptions): WriteSettings {
  const positive = (name: keyof PumpWriteOptions & keyof WriteSettings, fallback: number): number => {
    const value = options[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new BinlogError('INVALID_ARGUMENT', `${name} is ${String(value)}: a number above 0 is wanted`);
  };
  return {
    writeTimeoutMs: positive('writeTimeoutMs', 15_000),
    finishTimeoutMs: positive('finishTimeoutMs', 600_000),
    retryIntervalMs: positive('retryIntervalMs', 100),
    finishRetryIntervalMs: positive('finishRetryIntervalMs', 1_000),
    maxErrors: positive('maxErrors', 10),
    checkIntervalMs: positive('checkIntervalMs', 30_000),
    ignoreError: options.ignoreError ?? false,
    stream: options.stream ?? true,
    maxPending: positive('maxPending', 100_000),
    maxOpenTransactions: positive('maxOpenTransactions', 262_144),
  };
}
