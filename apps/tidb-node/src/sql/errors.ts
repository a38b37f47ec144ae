const BRAND = Symbol.for('@tidb-js/tidb-node/SqlError');

/** What a SqlError is made of. */
export interface SqlErrorOptions {
  readonly cause?: unknown;
  /** The same statement may succeed when it is sent again. */
  readonly retryable?: boolean;
  /** A commit was sent and its outcome is not known. */
  readonly outcomeUnknown?: boolean;
}

/**
 * An error as a MySQL client sees it: `errno` is MySQL's or TiDB's number, `sqlState` its five characters, `message` the
 * words TiDB uses for it.
 */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly errno: number;
  readonly sqlState: string;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;

  constructor(errno: number, message: string, options: SqlErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.errno = errno;
    this.sqlState = STATES.get(errno) ?? 'HY000';
    this.retryable = options.retryable ?? (errno === 9007 || errno === 8002 || errno === 8028 || errno === 1205);
    this.outcomeUnknown = options.outcomeUnknown ?? errno === 8501;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Error 1235 for what is not there. */
  static notYet(what: string): SqlError {
    return new SqlError(1235, `This version of TiDB doesn't yet support '${what}'`);
  }

  /** True for a SqlError of any copy of this package. */
  static is(error: unknown): error is SqlError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }

  /**
   * Any failure as a SqlError. An error that carries TiDB's number (`errno`) keeps it; what is not known is 1105 with its own words.
   */
  static from(error: unknown): SqlError {
    if (SqlError.is(error)) return error;
    if (typeof error === 'object' && error !== null) {
      const { errno, message, code, outcomeUnknown } = error as {
        errno?: unknown;
        message?: unknown;
        code?: unknown;
        outcomeUnknown?: unknown;
      };
      const number =
        typeof errno === 'number' && errno > 0 ? errno : typeof code === 'number' && code > 0 ? code : 1105;
      return new SqlError(number, typeof message === 'string' ? message : String(error), {
        cause: error,
        ...(outcomeUnknown === true ? { outcomeUnknown } : {}),
      });
    }
    return new SqlError(1105, String(error), { cause: error });
  }
}

/** SQLSTATE by number, where it is not HY000 (MySQL's table, as TiDB keeps it). */
const STATES = new Map<number, string>([
  [1037, 'HY001'],
  [1040, '08004'],
  [1044, '42000'],
  [1045, '28000'],
  [1046, '3D000'],
  [1047, '08S01'],
  [1048, '23000'],
  [1049, '42000'],
  [1050, '42S01'],
  [1051, '42S02'],
  [1052, '23000'],
  [1053, '08S01'],
  [1054, '42S22'],
  [1055, '42000'],
  [1056, '42000'],
  [1058, '21S01'],
  [1059, '42000'],
  [1060, '42S21'],
  [1061, '42000'],
  [1062, '23000'],
  [1063, '42000'],
  [1064, '42000'],
  [1065, '42000'],
  [1066, '42000'],
  [1067, '42000'],
  [1068, '42000'],
  [1069, '42000'],
  [1070, '42000'],
  [1071, '42000'],
  [1072, '42000'],
  [1073, '42000'],
  [1074, '42000'],
  [1075, '42000'],
  [1083, '42000'],
  [1090, '42000'],
  [1091, '42000'],
  [1101, '42000'],
  [1103, '42000'],
  [1109, '42S02'],
  [1110, '42000'],
  [1113, '42000'],
  [1115, '42000'],
  [1118, '42000'],
  [1120, '42000'],
  [1121, '42000'],
  [1136, '21S01'],
  [1138, '22004'],
  [1139, '42000'],
  [1140, '42000'],
  [1141, '42000'],
  [1142, '42000'],
  [1143, '42000'],
  [1146, '42S02'],
  [1147, '42000'],
  [1149, '42000'],
  [1153, '08S01'],
  [1161, '08S01'],
  [1162, '42000'],
  [1163, '42000'],
  [1164, '42000'],
  [1166, '42000'],
  [1167, '42000'],
  [1169, '23000'],
  [1170, '42000'],
  [1171, '42000'],
  [1172, '42000'],
  [1173, '42000'],
  [1176, '42000'],
  [1177, '42000'],
  [1179, '25000'],
  [1184, '08S01'],
  [1203, '42000'],
  [1211, '42000'],
  [1213, '40001'],
  [1216, '23000'],
  [1217, '23000'],
  [1218, '08S01'],
  [1222, '21000'],
  [1226, '42000'],
  [1227, '42000'],
  [1230, '42000'],
  [1231, '42000'],
  [1232, '42000'],
  [1234, '42000'],
  [1235, '42000'],
  [1239, '42000'],
  [1241, '21000'],
  [1242, '21000'],
  [1247, '42S22'],
  [1248, '42000'],
  [1249, '01000'],
  [1250, '42000'],
  [1251, '08004'],
  [1252, '42000'],
  [1253, '42000'],
  [1261, '01000'],
  [1262, '01000'],
  [1263, '22004'],
  [1264, '22003'],
  [1265, '01000'],
  [1280, '42000'],
  [1281, '42000'],
  [1286, '42000'],
  [1292, '22007'],
  [1305, '42000'],
  [1317, '70100'],
  [1364, 'HY000'],
  [1365, '22012'],
  [1366, 'HY000'],
  [1367, '22007'],
  [1370, '42000'],
  [1406, '22001'],
  [1407, '42000'],
  [1410, '42000'],
  [1411, 'HY000'],
  [1425, '42000'],
  [1426, '42000'],
  [1427, '42000'],
  [1437, '42000'],
  [1439, '42000'],
  [1440, 'XAE08'],
  [1441, '22008'],
  [1451, '23000'],
  [1452, '23000'],
  [1458, '42000'],
  [1459, '42000'],
  [1460, '42000'],
  [1582, '42000'],
  [1583, '42000'],
  [1586, '23000'],
  [1630, '42000'],
  [1687, '42000'],
  [1690, '22003'],
  [1701, '42000'],
  [3140, '22032'],
  [3141, '22032'],
  [3143, '42000'],
  [3146, '22032'],
  [3149, '42000'],
  [3152, '42000'],
  [3153, '42000'],
  [3154, '42000'],
  [3157, '22032'],
  [3158, '22032'],
  [3165, '42000'],
]);
