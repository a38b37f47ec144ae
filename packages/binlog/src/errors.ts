/**
 * What can go wrong, as a closed list.
 *
 * | code | meaning |
 * |---|---|
 * | `MALFORMED` | bytes that are not what they should be: a truncated message, an unknown codec flag, a bad length |
 * | `INVALID_VALUE` | a value that the column, the field or the format cannot hold |
 * | `INVALID_ARGUMENT` | an option or argument that breaks a rule; the message names it and the remedy |
 * | `NO_PUMP` | no pump is registered, or none is left that can be written to |
 * | `TOO_LARGE` | the binlog is larger than the pump (or gRPC) accepts; smaller transactions are the remedy |
 * | `WRITE_FAILED` | every pump that could be asked refused the write, or did not answer in time |
 * | `PULL_FAILED` | a pump's stream ended for a reason that a new connection cannot mend |
 * | `POSITION_GONE` | the position asked for was garbage-collected: binlogs between it and the pump's oldest are lost |
 * | `OUT_OF_ORDER` | a pump sent a commit_ts that is not above the one before |
 * | `WRONG_CLUSTER` | the pump belongs to another cluster |
 * | `SCHEMA_UNKNOWN` | no table of that id is known at that commit_ts |
 * | `QUEUE_FULL` | more work is waiting than the bound allows |
 * | `COMMIT_FAILED` | the storage refused to prewrite or commit; the cause is the storage's error |
 * | `UNAVAILABLE` | the registry or a peer cannot be reached |
 * | `ABORTED` | the caller's AbortSignal ended the wait |
 * | `CLOSED` | the object was closed |
 */
export type BinlogErrorCode =
  | 'MALFORMED'
  | 'INVALID_VALUE'
  | 'INVALID_ARGUMENT'
  | 'NO_PUMP'
  | 'TOO_LARGE'
  | 'WRITE_FAILED'
  | 'PULL_FAILED'
  | 'POSITION_GONE'
  | 'OUT_OF_ORDER'
  | 'WRONG_CLUSTER'
  | 'SCHEMA_UNKNOWN'
  | 'QUEUE_FULL'
  | 'COMMIT_FAILED'
  | 'UNAVAILABLE'
  | 'ABORTED'
  | 'CLOSED';

const brand = Symbol.for('@tidb-js/binlog/BinlogError');
const retryableCodes: ReadonlySet<BinlogErrorCode> = new Set([
  'NO_PUMP',
  'WRITE_FAILED',
  'PULL_FAILED',
  'UNAVAILABLE',
  'QUEUE_FULL',
]);

/** What a {@link BinlogError} is made of besides its code and message. */
export interface BinlogErrorOptions {
  readonly cause?: unknown;
  /** Whether the same call may succeed later; told by the code unless given. */
  readonly retryable?: boolean;
  /** Whether the write may have happened all the same. Default false. */
  readonly outcomeUnknown?: boolean;
}

/** Every error of this package. Recognised by a brand, so copies of the package (ESM beside CJS) know each other's. */
export class BinlogError extends Error {
  readonly code: BinlogErrorCode;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;
  /** The message without the code in front. */
  readonly rawMessage: string;
  readonly [brand] = true;

  constructor(code: BinlogErrorCode, message: string, options: BinlogErrorOptions = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BinlogError';
    this.code = code;
    this.rawMessage = message;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }

  /** Whether `value` is a BinlogError of this or another copy of the package. */
  static is(value: unknown): value is BinlogError {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
  }

  /** Turns anything caught into a BinlogError: itself if it is one, `ABORTED` for an abort, else `code` with it as the cause. */
  static from(value: unknown, code: BinlogErrorCode = 'UNAVAILABLE'): BinlogError {
    if (BinlogError.is(value)) return value;
    if (value instanceof Error) {
      return new BinlogError(value.name === 'AbortError' ? 'ABORTED' : code, value.message, { cause: value });
    }
    return new BinlogError(code, String(value), { cause: value });
  }
}
