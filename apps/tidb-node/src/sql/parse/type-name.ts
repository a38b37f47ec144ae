import type { TypeName } from './ast.js';
import type { Cursor } from './cursor.js';

/** Other spellings of a type, and the name it is kept under. */
const SYNONYMS: Readonly<Record<string, string>> = {
  INTEGER: 'int',
  INT1: 'tinyint',
  INT2: 'smallint',
  INT3: 'mediumint',
  INT4: 'int',
  INT8: 'bigint',
  MIDDLEINT: 'mediumint',
  DEC: 'decimal',
  NUMERIC: 'decimal',
  FIXED: 'decimal',
  FLOAT4: 'float',
  FLOAT8: 'double',
  REAL: 'double',
  CHARACTER: 'char',
  NCHAR: 'char',
  NVARCHAR: 'varchar',
  VARCHARACTER: 'varchar',
};

const NAMES = new Set(
  `tinyint smallint mediumint int bigint bit bool boolean serial decimal float double date time datetime timestamp year char varchar binary varbinary
  tinyblob blob mediumblob longblob tinytext text mediumtext longtext enum set json`.split(/\s+/),
);

/** Types that have a character set. */
const TEXTS = /char|text|enum|set/;

/** A type as a column definition or, with `cast`, as CAST takes it (`SIGNED`, `UNSIGNED`). */
export function parseTypeName(c: Cursor, cast = false): TypeName {
  const token = c.token;
  if (cast && (token.word === 'SIGNED' || token.word === 'UNSIGNED')) {
    c.advance();
    c.acceptAny('INTEGER', 'INT');
    return { name: token.word.toLowerCase(), unsigned: token.word === 'UNSIGNED', zerofill: false, binary: false };
  }
  // NATIONAL and NCHAR are of the table's character set, as in TiDB.
  c.accept('NATIONAL');
  const word = c.token.word;
  let name = SYNONYMS[word] ?? word.toLowerCase();
  if (c.token.kind !== 'word' || (!NAMES.has(name) && word !== 'LONG')) throw c.error();
  c.advance();
  let charset: string | undefined;
  if (name === 'double') c.accept('PRECISION');
  if (name === 'char' && c.acceptAny('VARYING') !== undefined) name = 'varchar';
  if (word === 'LONG') {
    if (c.accept('VARBINARY')) name = 'mediumblob';
    else {
      c.acceptAny('VARCHAR', 'CHAR');
      name = 'mediumtext';
    }
  }
  let length: number | undefined;
  let decimals: number | undefined;
  let elements: string[] | undefined;
  if (name === 'enum' || name === 'set') elements = c.list(() => c.string());
  else if (c.accept('(')) {
    length = c.smallInteger();
    if (c.accept(',')) decimals = c.smallInteger();
    c.expect(')');
  } else if (!cast && (name === 'varchar' || name === 'varbinary')) throw c.error();
  let unsigned = false;
  let zerofill = false;
  let binary = false;
  let collate: string | undefined;
  for (;;) {
    if (c.accept('UNSIGNED')) unsigned = true;
    else if (c.accept('SIGNED')) unsigned = false;
    else if (c.accept('ZEROFILL')) {
      zerofill = true;
      unsigned = true;
    } else if (c.accept('BINARY')) binary = true;
    else if (TEXTS.test(name) && (c.accept('CHARACTER', 'SET') || c.accept('CHAR', 'SET') || c.accept('CHARSET')))
      charset = c.collationName();
    else if (c.accept('ASCII')) charset = 'latin1';
    else if (c.accept('UNICODE')) charset = 'ucs2';
    else if (!cast && c.accept('COLLATE')) collate = c.collationName();
    else break;
  }
  return { name, length, decimals, unsigned, zerofill, charset, collate, binary, elements };
}
