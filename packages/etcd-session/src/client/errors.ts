import { readStatus } from './status.js';

/** The closed set of what can go wrong. The package's README says of each what it means and what helps. */
export type EtcdErrorCode =
  | 'ABORTED'
  | 'DEADLINE'
  | 'UNAVAILABLE'
  | 'CLOSED'
  | 'INVALID_ARGUMENT'
  | 'LEASE_NOT_FOUND'
  | 'LEASE_EXISTS'
  | 'COMPACTED'
  | 'FUTURE_REVISION'
  | 'TOO_MANY_OPS'
  | 'TOO_LARGE'
  | 'DUPLICATE_KEY'
  | 'NO_SPACE'
  | 'AUTH'
  | 'SLOW_CONSUMER'
  | 'SESSION_LOST'
  | 'SESSION_UNCONFIRMED'
  | 'NOT_LEADER'
  | 'NO_LEADER'
  | 'LOCKED'
  | 'LOCK_RELEASED'
  | 'CONFLICT'
  | 'ETCD_NOT_FOUND'
  | 'UNKNOWN';

/** What an {@link EtcdError} carries besides its code and message. */
export interface EtcdErrorDetails {
  /** The same call may succeed when it is made again. Default false. */
  readonly retryable?: boolean;
  /** A change was asked for and may or may not have happened. Default false. */
  readonly outcomeUnknown?: boolean;
  /** With `COMPACTED`, where etcd told it: the oldest revision that can still be read. */
  readonly compactRevision?: bigint | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for('@tidb-js/etcd-session/EtcdError');

/**
 * The one error of this package.
 *
 * `code` is what a program decides by; the message starts with it and goes on in words. `retryable` says that the same
 * call may succeed when it is made again, `outcomeUnknown` that the change asked for may have happened: then read back
 * before asking again. It is recognised by a brand, so that copies of the package (ESM beside CJS) know each other's errors.
 */
export class EtcdError extends Error {
  readonly code: EtcdErrorCode;
  /** The message without the code in front. */
  readonly rawMessage: string;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;
  readonly compactRevision: bigint | undefined;

  constructor(code: EtcdErrorCode, message: string, details: EtcdErrorDetails = {}) {
    super(`[${code}] ${message}`, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = 'EtcdError';
    this.code = code;
    this.rawMessage = message;
    this.retryable = details.retryable ?? false;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.compactRevision = details.compactRevision;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /**
   * Turns whatever was caught into an EtcdError: one of ours stays as it is, a gRPC status is read by etcd's texts, an
   * abort becomes `ABORTED`, all else `UNKNOWN`.
   */
  static from(error: unknown): EtcdError {
    if (error instanceof EtcdError) return error;
    const status = readStatus(error);
    if (status !== undefined) {
      return new EtcdError(status.code, status.message, {
        retryable: status.retryable,
        outcomeUnknown: status.outcome === 'unknown',
        cause: error,
      });
    }
    if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
      return new EtcdError(error.name === 'AbortError' ? 'ABORTED' : 'DEADLINE', error.message, { cause: error });
    }
    return new EtcdError('UNKNOWN', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
