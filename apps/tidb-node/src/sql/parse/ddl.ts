import { parseAlterTable } from './alter-table.js';
import { parseIndexOptions, parseIndexPart } from './column-definition.js';
import { parseCreateTable, parseTableOptions } from './create-table.js';
import type { Cursor } from './cursor.js';
import type { DdlStatement } from './ddl-ast.js';
import { parseQuery, parseTableName } from './query.js';
import type { Statement } from './statement.js';

/** CREATE … */
export function parseCreate(c: Cursor): Statement {
  c.expect('CREATE');
  const orReplace = c.accept('OR', 'REPLACE');
  if (c.acceptAny('DATABASE', 'SCHEMA') !== undefined) {
    const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
    return { kind: 'createDatabase', name: c.name(), ifNotExists, options: parseTableOptions(c) };
  }
  const temporary = c.accept('TEMPORARY') || c.accept('GLOBAL', 'TEMPORARY');
  if (c.accept('TABLE')) return parseCreateTable(c, temporary);
  if (c.sees('UNIQUE') || c.sees('INDEX') || c.sees('FULLTEXT') || c.sees('SPATIAL')) return parseCreateIndex(c);
  if (c.accept('USER')) {
    const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
    const users = c.commaList(() => parseUser(c));
    while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
    return { kind: 'createUser', users, ifNotExists };
  }
  const view = parseViewOptions(c);
  if (view) return parseCreateView(c, orReplace);
  for (const what of [
    'PROCEDURE',
    'FUNCTION',
    'TRIGGER',
    'EVENT',
    'SEQUENCE',
    'ROLE',
    'SERVER',
    'TABLESPACE',
    'PLACEMENT',
    'RESOURCE',
    'BINDING',
  ]) {
    if (c.sees(what) || c.sees('GLOBAL', what) || c.sees('SESSION', what)) return unsupportedToEnd(c, `CREATE ${what}`);
  }
  throw c.error();
}

export function unsupportedToEnd(c: Cursor, what: string): Statement {
  while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
  return { kind: 'unsupported', what };
}

/** `'user'@'host'`, as one text. */
export function parseUser(c: Cursor): string {
  if (c.accept('CURRENT_USER')) {
    if (c.accept('(')) c.expect(')');
    return "'root'@'%'";
  }
  const name = c.nameOrString();
  let host = '%';
  if (c.token.kind === 'userVariable') host = c.advance().text || '%';
  return `'${name}'@'${host}'`;
}

function parseViewOptions(c: Cursor): boolean {
  if (c.accept('ALGORITHM')) {
    c.expect('=');
    c.anyName();
  }
  if (c.accept('DEFINER')) {
    c.expect('=');
    parseUser(c);
  }
  if (c.accept('SQL', 'SECURITY')) c.anyName();
  return c.accept('VIEW');
}

function parseCreateView(c: Cursor, orReplace: boolean): DdlStatement {
  const name = parseTableName(c);
  const columns = c.sees('(') ? c.list(() => c.name()) : undefined;
  c.expect('AS');
  const { start } = c.token;
  const query = parseQuery(c);
  const text = c.textFrom(start);
  if (c.accept('WITH')) {
    c.acceptAny('CASCADED', 'LOCAL');
    c.expect('CHECK', 'OPTION');
  }
  return { kind: 'createView', orReplace, name, columns, query, text };
}

function parseCreateIndex(c: Cursor): DdlStatement {
  const word = c.acceptAny('UNIQUE', 'FULLTEXT', 'SPATIAL');
  c.expect('INDEX');
  const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
  const name = c.name();
  const before = parseIndexOptions(c);
  c.expect('ON');
  const table = parseTableName(c);
  const parts = c.list(() => parseIndexPart(c));
  const after = parseIndexOptions(c);
  while (c.acceptAny('ALGORITHM', 'LOCK') !== undefined) {
    c.accept('=');
    if (!c.accept('DEFAULT')) c.anyName();
  }
  const kind = word === 'UNIQUE' ? 'unique' : word === undefined ? 'index' : 'fulltext';
  const options = { ...after, type: after.type ?? before.type };
  return { kind: 'createIndex', table, constraint: { kind, name, ifNotExists, parts, options } };
}

/** DROP … */
export function parseDrop(c: Cursor): Statement {
  c.expect('DROP');
  if (c.acceptAny('DATABASE', 'SCHEMA') !== undefined) {
    const ifExists = c.accept('IF', 'EXISTS');
    return { kind: 'dropDatabase', name: c.name(), ifExists };
  }
  if (c.sees('TEMPORARY')) c.advance();
  if (c.acceptAny('TABLE', 'TABLES') !== undefined) {
    const ifExists = c.accept('IF', 'EXISTS');
    const names = c.commaList(() => parseTableName(c));
    c.acceptAny('RESTRICT', 'CASCADE');
    return { kind: 'dropTable', names, ifExists };
  }
  if (c.accept('VIEW')) {
    const ifExists = c.accept('IF', 'EXISTS');
    const names = c.commaList(() => parseTableName(c));
    c.acceptAny('RESTRICT', 'CASCADE');
    return { kind: 'dropView', names, ifExists };
  }
  if (c.accept('INDEX')) {
    const ifExists = c.accept('IF', 'EXISTS');
    const name = c.accept('PRIMARY') ? 'PRIMARY' : c.name();
    c.expect('ON');
    const table = parseTableName(c);
    while (c.acceptAny('ALGORITHM', 'LOCK') !== undefined) {
      c.accept('=');
      if (!c.accept('DEFAULT')) c.anyName();
    }
    return { kind: 'dropIndex', table, name, ifExists };
  }
  if (c.accept('PREPARE')) return { kind: 'deallocate', name: c.name() };
  for (const what of [
    'PROCEDURE',
    'FUNCTION',
    'TRIGGER',
    'EVENT',
    'SEQUENCE',
    'USER',
    'ROLE',
    'STATS',
    'PLACEMENT',
    'RESOURCE',
    'BINDING',
  ]) {
    if (c.sees(what)) return unsupportedToEnd(c, `DROP ${what}`);
  }
  throw c.error();
}

/** ALTER … */
export function parseAlter(c: Cursor): Statement {
  c.expect('ALTER');
  c.accept('IGNORE');
  if (c.accept('TABLE')) return parseAlterTable(c);
  if (c.acceptAny('DATABASE', 'SCHEMA') !== undefined) {
    const named = c.seesName() && !c.sees('CHARSET') && !c.sees('COLLATE') && c.peek(0).word !== 'DEFAULT';
    const name = named ? c.name() : undefined;
    const options = parseTableOptions(c);
    if (options.length === 0) throw c.error();
    return { kind: 'alterDatabase', name, options };
  }
  for (const what of [
    'USER',
    'INSTANCE',
    'SEQUENCE',
    'VIEW',
    'PLACEMENT',
    'RESOURCE',
    'FUNCTION',
    'PROCEDURE',
    'EVENT',
  ]) {
    if (c.sees(what)) return unsupportedToEnd(c, `ALTER ${what}`);
  }
  throw c.error();
}

/** RENAME TABLE a TO b, … */
export function parseRenameTables(c: Cursor): Statement {
  c.expect('RENAME');
  if (c.sees('USER')) return unsupportedToEnd(c, 'RENAME USER');
  if (c.acceptAny('TABLE', 'TABLES') === undefined) throw c.error();
  const renames = c.commaList(() => {
    const from = parseTableName(c);
    c.expect('TO');
    return { from, to: parseTableName(c) };
  });
  return { kind: 'renameTables', renames };
}
