/** The modes of `sql_mode` in the order of their bits, as MySQL 5.7 numbers them. */
const modesByBit =
  `REAL_AS_FLOAT PIPES_AS_CONCAT ANSI_QUOTES IGNORE_SPACE NOT_USED ONLY_FULL_GROUP_BY NO_UNSIGNED_SUBTRACTION NO_DIR_IN_CREATE POSTGRESQL ORACLE
  MSSQL DB2 MAXDB NO_KEY_OPTIONS NO_TABLE_OPTIONS NO_FIELD_OPTIONS MYSQL323 MYSQL40 ANSI NO_AUTO_VALUE_ON_ZERO NO_BACKSLASH_ESCAPES STRICT_TRANS_TABLES STRICT_ALL_TABLES
  NO_ZERO_IN_DATE NO_ZERO_DATE ALLOW_INVALID_DATES ERROR_FOR_DIVISION_BY_ZERO TRADITIONAL NO_AUTO_CREATE_USER HIGH_NOT_PRECEDENCE NO_ENGINE_SUBSTITUTION PAD_CHAR_TO_FULL_LENGTH`.split(
    /\s+/,
  );

/** Every word that `sql_mode` may hold. */
export const sqlModes: ReadonlySet<string> = new Set([...modesByBit, 'INVALID_DATES', 'TIME_TRUNCATE_FRACTIONAL']);

/** Modes as the number a job of a schema change carries. */
export function sqlModeBits(modes: ReadonlySet<string>): number {
  return modesByBit.reduce((bits, mode, bit) => (modes.has(mode) ? bits + 2 ** bit : bits), 0);
}

/** The modes of such a number. */
export function sqlModesOf(bits: number): ReadonlySet<string> {
  return new Set(modesByBit.filter((_, bit) => Math.floor(bits / 2 ** bit) % 2 === 1));
}

/** What modes say of values that do not fit. */
export function strictnessOf(modes: ReadonlySet<string>) {
  return {
    strict: modes.has('STRICT_TRANS_TABLES') || modes.has('STRICT_ALL_TABLES'),
    noZeroDate: modes.has('NO_ZERO_DATE'),
    noZeroInDate: modes.has('NO_ZERO_IN_DATE'),
  };
}
