import { ErrorClass, type ErrorObject } from './model/error-object.js';

interface Rule {
  /** TiDB's number, which a MySQL client sees. */
  readonly errno: number;
  readonly sqlState: string;
  readonly class: keyof typeof ErrorClass;
}

/** Every error this package has, with TiDB's number, SQLSTATE and class. */
const rules = {
  // About objects: a job that meets one of these ends Cancelled, or goes back if it had begun.
  DATABASE_EXISTS: { errno: 1007, sqlState: 'HY000', class: 'Schema' },
  DATABASE_DROP_EXISTS: { errno: 1008, sqlState: 'HY000', class: 'Schema' },
  BAD_DATABASE: { errno: 1049, sqlState: '42000', class: 'Schema' },
  TABLE_EXISTS: { errno: 1050, sqlState: '42S01', class: 'Schema' },
  BAD_TABLE: { errno: 1051, sqlState: '42S02', class: 'Schema' },
  NO_SUCH_TABLE: { errno: 1146, sqlState: '42S02', class: 'Schema' },
  BAD_COLUMN: { errno: 1054, sqlState: '42S22', class: 'Schema' },
  COLUMN_EXISTS: { errno: 1060, sqlState: '42S21', class: 'Schema' },
  INDEX_EXISTS: { errno: 1061, sqlState: '42000', class: 'Schema' },
  DUPLICATE_ENTRY: { errno: 1062, sqlState: '23000', class: 'Kv' },
  MULTIPLE_PRIMARY_KEY: { errno: 1068, sqlState: '42000', class: 'Schema' },
  KEY_COLUMN_MISSING: { errno: 1072, sqlState: '42000', class: 'Ddl' },
  CANNOT_REMOVE_ALL_FIELDS: { errno: 1090, sqlState: '42000', class: 'Ddl' },
  CANNOT_DROP: { errno: 1091, sqlState: '42000', class: 'Schema' },
  INVALID_USE_OF_NULL: { errno: 1138, sqlState: '22004', class: 'Ddl' },
  KEY_MISSING: { errno: 1176, sqlState: '42000', class: 'Schema' },
  DATA_TRUNCATED: { errno: 1265, sqlState: '01000', class: 'Types' },
  FOREIGN_KEY_EXISTS: { errno: 1826, sqlState: 'HY000', class: 'Schema' },
  WRONG_OBJECT: { errno: 1347, sqlState: 'HY000', class: 'Ddl' },
  UNSUPPORTED: { errno: 8200, sqlState: 'HY000', class: 'Ddl' },
  // About jobs.
  INVALID_JOB: { errno: 8204, sqlState: 'HY000', class: 'Ddl' },
  INVALID_STATE: { errno: 8210, sqlState: 'HY000', class: 'Ddl' },
  INVALID_JOB_VERSION: { errno: 8213, sqlState: 'HY000', class: 'Ddl' },
  CANCELLED: { errno: 8214, sqlState: 'HY000', class: 'Ddl' },
  JOB_NOT_FOUND: { errno: 8224, sqlState: 'HY000', class: 'Ddl' },
  CANNOT_CANCEL_FINISHED: { errno: 8225, sqlState: 'HY000', class: 'Ddl' },
  CANNOT_CANCEL: { errno: 8226, sqlState: 'HY000', class: 'Ddl' },
  CANNOT_PAUSE: { errno: 8260, sqlState: 'HY000', class: 'Ddl' },
  CANNOT_RESUME: { errno: 8261, sqlState: 'HY000', class: 'Ddl' },
  ALREADY_PAUSED: { errno: 8262, sqlState: 'HY000', class: 'Ddl' },
  // About this process and its storage.
  NOT_OWNER: { errno: 8201, sqlState: 'HY000', class: 'Ddl' },
  CONFLICT: { errno: 9007, sqlState: 'HY000', class: 'Kv' },
  TOO_LARGE: { errno: 8025, sqlState: 'HY000', class: 'Kv' },
  STORAGE: { errno: 1105, sqlState: 'HY000', class: 'Kv' },
  MALFORMED: { errno: 8204, sqlState: 'HY000', class: 'Meta' },
  FAILED: { errno: 1105, sqlState: 'HY000', class: 'Ddl' },
  ABORTED: { errno: 1317, sqlState: '70100', class: 'Ddl' },
  CLOSED: { errno: 1105, sqlState: 'HY000', class: 'Ddl' },
} as const satisfies Record<string, Rule>;

/** The closed set of what can go wrong. */
export type DdlErrorCode = keyof typeof rules;

const brand = Symbol.for('@tidb-js/ddl-jobs/DdlError');
const classWords: Readonly<Record<number, string>> = {
  2: 'ddl',
  7: 'admin',
  8: 'kv',
  9: 'meta',
  14: 'schema',
  19: 'table',
  20: 'types',
};
/** Codes that say something about this moment, not about the job: the same step may succeed later. */
const transient: ReadonlySet<DdlErrorCode> = new Set(['CONFLICT', 'STORAGE', 'NOT_OWNER']);
/** Codes that end the job, or turn it back: TiDB's answers to a statement that cannot be done. */
const processCodes: ReadonlySet<DdlErrorCode> = new Set([
  'NOT_OWNER',
  'CONFLICT',
  'STORAGE',
  'FAILED',
  'ABORTED',
  'CLOSED',
  'MALFORMED',
]);

/**
 * What every function of this package throws. `code` is one of a closed set, `errno` and `sqlState` are what TiDB tells a MySQL
 * client for it, `message` is TiDB's own text without the class.
 */
export class DdlError extends Error {
  override readonly name = 'DdlError';
  readonly code: DdlErrorCode;
  readonly errno: number;
  readonly sqlState: string;
  /** TiDB's class and number: `ddl:8214`. */
  readonly rfcCode: string;
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
  /** Whether a transaction may have been committed all the same. */
  readonly outcomeUnknown: boolean;

  constructor(
    code: DdlErrorCode,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly outcomeUnknown?: boolean;
      /** TiDB's number where the code alone does not say it: an error that another peer or an app's backend made. */
      readonly errno?: number;
      readonly sqlState?: string;
      readonly rfcCode?: string;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const rule: Rule = rules[code];
    this.code = code;
    this.errno = options.errno ?? rule.errno;
    this.sqlState = options.sqlState ?? rule.sqlState;
    this.rfcCode = options.rfcCode ?? `${classWords[ErrorClass[rule.class]]}:${this.errno}`;
    this.retryable = transient.has(code);
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }

  /** Recognises an error of this package, also one of another copy of it (ESM beside CJS). */
  static is(value: unknown): value is DdlError {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** Turns anything that was caught into a DdlError; what is none becomes one with code FAILED and the original as cause. */
  static from(value: unknown): DdlError {
    if (DdlError.is(value)) {
      return value;
    }
    if (value instanceof Error && value.name === 'AbortError') {
      return new DdlError('ABORTED', 'the wait was aborted', { cause: value });
    }
    return new DdlError('FAILED', value instanceof Error ? value.message : String(value), { cause: value });
  }

  /** The error that a job ended with, as the one who waits for it gets it. */
  static ofJob(error: ErrorObject): DdlError {
    const known = (Object.keys(rules) as DdlErrorCode[]).find(
      (code) => rules[code].errno === error.code && error.code !== 1105,
    );
    const rfcCode = error.rfccode ?? `${classWords[error.class] ?? error.class}:${error.code}`;
    return new DdlError(known ?? 'FAILED', error.message, { errno: error.code, rfcCode });
  }

  /** Whether a step that ends with this error would end so every time: the job then goes back instead of trying again. */
  get endsJob(): boolean {
    return !processCodes.has(this.code);
  }

  /** The error as a job carries it. */
  toErrorObject(): ErrorObject {
    const rule: Rule = rules[this.code];
    return { class: ErrorClass[rule.class], code: this.errno, message: this.message, rfccode: this.rfcCode };
  }
}
Object.defineProperty(DdlError.prototype, brand, { value: true });
