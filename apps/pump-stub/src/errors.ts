/**
 * What went wrong in a Pump. The text in brackets is whether another try can help.
 *
 * - `INVALID_OPTION`: a flag, a configuration key or an option has a value that is not allowed (no)
 * - `CLUSTER_MISMATCH`: the caller names another cluster (no)
 * - `MALFORMED_BINLOG`: the payload is no binlog (no)
 * - `NOT_ONLINE`: a Prewrite came while the Pump is pausing, paused, closing or offline (yes, at another Pump)
 * - `NO_SPACE`: the disk has less room than `stop-write-at-available-space` (yes, once there is room)
 * - `POSITION_COLLECTED`: a pull starts before what garbage collection left (no)
 * - `DATA_DIR_LOCKED`: another process works in the data directory (no)
 * - `DATA_DIR_INVALID`: something in the data directory cannot be read or does not belong there (no)
 * - `CORRUPTED`: a record that was asked for is damaged on disk (no)
 * - `LOG_FAILED`: writing or syncing the value log failed; after a failed sync the Pump takes no more writes (no)
 * - `REGISTRY_FAILED`: etcd or PD did not answer, or gave an answer that cannot be used (yes)
 * - `NOTIFY_FAILED`: an online drainer could not be told of this Pump (yes)
 * - `CLOSED`: the Pump was closed (no)
 */
export type PumpErrorCode =
  | 'INVALID_OPTION'
  | 'CLUSTER_MISMATCH'
  | 'MALFORMED_BINLOG'
  | 'NOT_ONLINE'
  | 'NO_SPACE'
  | 'POSITION_COLLECTED'
  | 'DATA_DIR_LOCKED'
  | 'DATA_DIR_INVALID'
  | 'CORRUPTED'
  | 'LOG_FAILED'
  | 'REGISTRY_FAILED'
  | 'NOTIFY_FAILED'
  | 'CLOSED';

const brand = Symbol.for('@tidb-js/pump-stub/PumpError');
const retryableCodes: ReadonlySet<PumpErrorCode> = new Set([
  'NOT_ONLINE',
  'NO_SPACE',
  'REGISTRY_FAILED',
  'NOTIFY_FAILED',
]);

/** The one error class of this package. */
export class PumpError extends Error {
  override readonly name = 'PumpError';
  readonly code: PumpErrorCode;
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
  /** Whether the write that failed may nevertheless be in the log. */
  readonly outcomeUnknown: boolean;

  constructor(code: PumpErrorCode, message: string, options: { cause?: unknown; outcomeUnknown?: boolean } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryable = retryableCodes.has(code);
    this.outcomeUnknown = options.outcomeUnknown ?? false;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognises a PumpError of any copy of this package. */
  static is(value: unknown): value is PumpError {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** Turns anything that was thrown into a PumpError; `code` names what was being done. */
  static from(value: unknown, code: PumpErrorCode = 'LOG_FAILED'): PumpError {
    if (PumpError.is(value)) return value;
    const message = value instanceof Error ? value.message : String(value);
    return new PumpError(code, message, { cause: value });
  }
}
