import type { BehindNode } from './barrier.js';

/** The closed set of what can go wrong with a syncer. */
export type SyncerErrorCode =
  /** An option or argument that can never work. */
  | 'INVALID_ARGUMENT'
  /** A version or job id outside 0 … 2^63 − 1, or not a bigint. */
  | 'INVALID_VERSION'
  /** init() has not been called, or has failed. */
  | 'NOT_INITIALIZED'
  /** Another live node has this id. */
  | 'ID_IN_USE'
  /** The session has ended: restart(). */
  | 'SESSION_LOST'
  /** The clocks of this machine disagree on whether the session still stands; etcd is being asked. */
  | 'SESSION_UNCONFIRMED'
  /** The fence does not hold: somebody else is owner. */
  | 'FENCED'
  /** `timeoutMs`, or the time of an `AbortSignal.timeout()`, is over. */
  | 'DEADLINE'
  /** The signal was aborted. */
  | 'ABORTED'
  /** The syncer, or its client, has been closed. */
  | 'CLOSED'
  /** etcd did not answer within the tries allowed. */
  | 'UNAVAILABLE'
  /** etcd refused, and would refuse again; `cause` says why. */
  | 'REFUSED';

const brand = Symbol.for('@tidb-js/syncer/SyncerError');

/** What a {@link SyncerError} carries beside its code and message. */
export interface SyncerErrorDetails {
  readonly cause?: unknown;
  readonly outcomeUnknown?: boolean;
  readonly behind?: readonly BehindNode[];
}

const retryableCodes: ReadonlySet<SyncerErrorCode> = new Set([
  'SESSION_LOST',
  'SESSION_UNCONFIRMED',
  'DEADLINE',
  'UNAVAILABLE',
]);

/** Everything that a syncer throws. The message begins with the code. */
export class SyncerError extends Error {
  override readonly name = 'SyncerError';
  readonly code: SyncerErrorCode;
  /** The message without the code. */
  readonly rawMessage: string;
  /** Whether the same call can succeed later (`SESSION_LOST`: after restart()). */
  readonly retryable: boolean;
  /** Whether a write may have happened all the same. */
  readonly outcomeUnknown: boolean;
  /** Of a barrier that was not reached: who was missing. */
  readonly behind: readonly BehindNode[];

  constructor(code: SyncerErrorCode, message: string, details: SyncerErrorDetails = {}) {
    super(`[${code}] ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.rawMessage = message;
    this.retryable = retryableCodes.has(code);
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.behind = details.behind ?? [];
    Object.defineProperty(this, brand, { value: true });
  }

  /** Knows the errors of every copy of the package, ESM beside CJS. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /**
   * Turns whatever was caught into a SyncerError: one of these as it is, an etcd error by its code, the reason of a signal by its
   * name (TimeoutError: `DEADLINE`, AbortError: `ABORTED`), and the rest as `REFUSED`.
   */
  static from(value: unknown, doing = 'The call failed'): SyncerError {
    if (value instanceof SyncerError) return value;
    const { code, name, outcomeUnknown, message } = describe(value);
    return new SyncerError(etcdCodes[code] ?? abortNames[name] ?? 'REFUSED', `${doing}: ${message}`, {
      cause: value,
      outcomeUnknown,
    });
  }
}

const etcdCodes: Readonly<Record<string, SyncerErrorCode>> = {
  ABORTED: 'ABORTED',
  DEADLINE: 'DEADLINE',
  UNAVAILABLE: 'UNAVAILABLE',
  CLOSED: 'CLOSED',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  LEASE_NOT_FOUND: 'SESSION_LOST',
  SESSION_LOST: 'SESSION_LOST',
  SESSION_UNCONFIRMED: 'SESSION_UNCONFIRMED',
};

const abortNames: Readonly<Record<string, SyncerErrorCode>> = { TimeoutError: 'DEADLINE', AbortError: 'ABORTED' };

function describe(value: unknown): { code: string; name: string; outcomeUnknown: boolean; message: string } {
  if (typeof value !== 'object' || value === null) {
    return { code: '', name: '', outcomeUnknown: false, message: String(value) };
  }
  const text = (field: string): string => {
    const found: unknown = Reflect.get(value, field);
    return typeof found === 'string' ? found : '';
  };
  return {
    code: text('code'),
    name: text('name'),
    outcomeUnknown: Reflect.get(value, 'outcomeUnknown') === true,
    message: text('message') || String(value),
  };
}
