/** Why the storage refused or failed. */
export type StorageErrorCode =
  /** Another transaction changed a key after this one began (9007). Run the transaction again. */
  | 'WRITE_CONFLICT'
  /** A key that was to be inserted exists. `key` says which. */
  | 'KEY_EXISTS'
  /** A lock of another transaction did not go away in time (9004). */
  | 'LOCK_TIMEOUT'
  /** Another process rolled this transaction back, since its locks were not kept alive (8002's cause). Run it again. */
  | 'ROLLED_BACK'
  /** One key and value are larger than the store takes (8025). */
  | 'ENTRY_TOO_LARGE'
  /** The transaction as a whole is too large (8004). */
  | 'TXN_TOO_LARGE'
  /** The timestamp lies before the GC safe point (9006). */
  | 'GC_TOO_EARLY'
  /** The node could not renew its schema within the lease (8027). */
  | 'SCHEMA_OUT_OF_DATE'
  /** A table of the transaction changed meanwhile (8028). */
  | 'SCHEMA_CHANGED'
  /** A fence given with the commit does not hold any more: the writer is not the owner. */
  | 'FENCED'
  /** The Prewrite binlog could not be stored in a Pump. */
  | 'BINLOG'
  /** The answer of the commit was lost: it may have happened (global:2). */
  | 'UNDETERMINED'
  /** The store did not answer (9005). */
  | 'UNAVAILABLE'
  /** What was read from the store cannot be understood. */
  | 'CORRUPT'
  /** The caller's signal ended the wait. */
  | 'ABORTED'
  /** A call on a finished transaction or a closed storage, or an argument out of range. */
  | 'INVALID';

/** MySQL error number that a client sees for a code; codes without one are for the caller to translate. */
const NUMBERS: Readonly<Partial<Record<StorageErrorCode, number>>> = {
  WRITE_CONFLICT: 9007,
  LOCK_TIMEOUT: 9004,
  ROLLED_BACK: 8002,
  ENTRY_TOO_LARGE: 8025,
  TXN_TOO_LARGE: 8004,
  GC_TOO_EARLY: 9006,
  SCHEMA_OUT_OF_DATE: 8027,
  SCHEMA_CHANGED: 8028,
  UNDETERMINED: 1105,
  BINLOG: 1105,
  UNAVAILABLE: 9005,
  KEY_EXISTS: 1062,
  ABORTED: 1317,
};

const BRAND = Symbol.for('@tidb-js/tidb-node/StorageError');

export interface StorageErrorOptions {
  readonly cause?: unknown;
  readonly key?: Uint8Array;
}

/** Every failure of the storage. */
export class StorageError extends Error {
  static {
    Object.defineProperty(StorageError.prototype, BRAND, { value: true });
    StorageError.prototype.name = 'StorageError';
  }

  readonly code: StorageErrorCode;
  /** The key at fault, where there is one. */
  readonly key: Buffer | undefined;

  constructor(code: StorageErrorCode, message: string, options: StorageErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.key = options.key === undefined ? undefined : Buffer.from(options.key);
  }

  /** TiDB's error number. */
  get errno(): number {
    return NUMBERS[this.code] ?? 1105;
  }

  /** Whether the same transaction, run again from its start, can succeed. */
  get retryable(): boolean {
    return this.code === 'WRITE_CONFLICT' || this.code === 'ROLLED_BACK' || this.code === 'SCHEMA_CHANGED';
  }

  /** Whether the transaction may have been committed all the same. */
  get outcomeUnknown(): boolean {
    return this.code === 'UNDETERMINED';
  }

  /** Whether a value is a StorageError, of this copy of the module or another one. */
  static is(value: unknown): value is StorageError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Turn anything caught into a StorageError; one that is one already comes back as it is. */
  static from(value: unknown): StorageError {
    if (StorageError.is(value)) return value;
    if (value instanceof Error && (value.name === 'AbortError' || ('code' in value && value.code === 'ABORTED'))) {
      return new StorageError('ABORTED', value.message, { cause: value });
    }
    const message = value instanceof Error ? value.message : String(value);
    return new StorageError('UNAVAILABLE', message, { cause: value });
  }
}
