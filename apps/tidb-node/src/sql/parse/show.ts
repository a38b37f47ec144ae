import { SqlError } from '../errors.js';
import type { TableName } from './ast.js';
import type { Cursor } from './cursor.js';
import { parseExpression } from './expression.js';
import { parseLimit, parseTableName } from './query.js';
import type { AdminStatement, ShowFilter, ShowStatement, Statement } from './statement.js';

type Show = Omit<ShowStatement, 'kind' | 'filter' | 'full' | 'global'>;

/** SHOW … */
export function parseShow(c: Cursor): Statement {
  c.expect('SHOW');
  if (c.sees('COUNT', '(')) {
    c.expect('COUNT', '(', '*', ')');
    const what = c.acceptAny('WARNINGS', 'ERRORS');
    if (what === undefined) throw c.error();
    return {
      kind: 'show',
      what: 'warningCount',
      onlyErrors: what === 'ERRORS',
      filter: {},
      full: false,
      global: false,
    };
  }
  const full = c.accept('FULL') || c.accept('EXTENDED');
  const scope = c.acceptAny('GLOBAL', 'SESSION', 'LOCAL');
  const show = parseWhat(c);
  const filter = parseFilter(c);
  if (show.what === 'warnings' || show.what === 'errors') parseLimit(c);
  return { kind: 'show', ...show, filter, full, global: scope === 'GLOBAL' };
}

const SIMPLE: readonly (readonly [readonly string[], ShowStatement['what']])[] = [
  [['DATABASES'], 'databases'],
  [['SCHEMAS'], 'databases'],
  [['VARIABLES'], 'variables'],
  [['STATUS'], 'status'],
  [['WARNINGS'], 'warnings'],
  [['ERRORS'], 'errors'],
  [['PROCESSLIST'], 'processlist'],
  [['STORAGE', 'ENGINES'], 'engines'],
  [['ENGINES'], 'engines'],
  [['CHARACTER', 'SET'], 'charset'],
  [['CHARSET'], 'charset'],
  [['COLLATION'], 'collation'],
  [['PRIVILEGES'], 'privileges'],
  [['PLUGINS'], 'plugins'],
  [['PROCEDURE', 'STATUS'], 'procedureStatus'],
  [['FUNCTION', 'STATUS'], 'functionStatus'],
  [['PUMP', 'STATUS'], 'pumpStatus'],
  [['DRAINER', 'STATUS'], 'drainerStatus'],
  [['MASTER', 'STATUS'], 'masterStatus'],
  [['BINARY', 'LOG', 'STATUS'], 'masterStatus'],
  [['PROFILES'], 'profiles'],
];

function parseWhat(c: Cursor): Show {
  for (const [words, what] of SIMPLE) if (c.accept(...words)) return { what };
  if (c.accept('TABLES')) return { what: 'tables', db: inDatabase(c) };
  if (c.accept('OPEN', 'TABLES')) return { what: 'openTables', db: inDatabase(c) };
  if (c.accept('TABLE', 'STATUS')) return { what: 'tableStatus', db: inDatabase(c) };
  if (c.accept('TRIGGERS')) return { what: 'triggers', db: inDatabase(c) };
  if (c.accept('EVENTS')) return { what: 'events', db: inDatabase(c) };
  if (c.acceptAny('COLUMNS', 'FIELDS') !== undefined) return { what: 'columns', table: ofTable(c) };
  if (c.acceptAny('INDEX', 'INDEXES', 'KEYS') !== undefined) return { what: 'index', table: ofTable(c) };
  if (c.accept('GRANTS')) {
    if (!c.accept('FOR')) return { what: 'grants' };
    const missing = (user: string, host: string) =>
      new SqlError(1141, `There is no such grant defined for user '${user}' on host '${host}'`);
    return { what: 'grants', user: parseRoot(c, missing) };
  }
  if (c.accept('CREATE', 'USER')) {
    const missing = (user: string, host: string) =>
      new SqlError(1396, `Operation SHOW CREATE USER failed for '${user}'@'${host}'`);
    return { what: 'createUser', user: parseRoot(c, missing) };
  }
  if (c.accept('CREATE', 'TABLE')) return { what: 'createTable', table: parseTableName(c) };
  if (c.accept('CREATE', 'VIEW')) return { what: 'createView', table: parseTableName(c) };
  if (c.accept('CREATE', 'DATABASE') || c.accept('CREATE', 'SCHEMA')) {
    c.accept('IF', 'NOT', 'EXISTS');
    return { what: 'createDatabase', db: c.name() };
  }
  throw c.error();
}

/** The one account that there is, by its name or as the current user. */
function parseRoot(c: Cursor, missing: (user: string, host: string) => SqlError): string {
  if (c.accept('CURRENT_USER')) {
    if (c.accept('(')) c.expect(')');
    return 'root@%';
  }
  const name = c.nameOrString();
  const host = c.token.kind === 'userVariable' ? c.advance().text : '%';
  if (name !== 'root' || host !== '%') throw missing(name, host);
  return `${name}@${host}`;
}

function inDatabase(c: Cursor): string | undefined {
  return c.acceptAny('FROM', 'IN') === undefined ? undefined : c.name();
}

function ofTable(c: Cursor): TableName {
  if (c.acceptAny('FROM', 'IN') === undefined) throw c.error();
  const table = parseTableName(c);
  const db = inDatabase(c);
  return db === undefined ? table : { db, name: table.name };
}

function parseFilter(c: Cursor): ShowFilter {
  if (c.accept('LIKE')) return { like: c.string() };
  return c.accept('WHERE') ? { where: parseExpression(c) } : {};
}

/** DESCRIBE t, and EXPLAIN when a statement follows. */
export function parseDescribe(c: Cursor, statement: () => Statement): Statement {
  c.advance();
  if (c.accept('FORMAT', '=')) c.nameOrString();
  const analyze = c.accept('ANALYZE');
  if (!analyze && c.seesName()) {
    const table = parseTableName(c);
    let filter: ShowFilter = {};
    if (c.token.kind === 'string') filter = { like: c.string() };
    else if (c.seesName()) filter = { like: c.name() };
    return { kind: 'show', what: 'columns', table, filter, full: false, global: false };
  }
  return { kind: 'explain', statement: statement(), analyze };
}

/** ADMIN … */
export function parseAdmin(c: Cursor): AdminStatement {
  c.expect('ADMIN');
  const ids = () => c.commaList(() => c.integer());
  if (c.accept('SHOW', 'DDL', 'JOBS')) {
    const count = c.token.kind === 'integer' ? c.smallInteger() : undefined;
    const where = c.accept('WHERE') ? parseExpression(c) : undefined;
    return { kind: 'admin', what: 'showDdlJobs', count, where };
  }
  if (c.accept('SHOW', 'DDL', 'JOB', 'QUERIES')) return { kind: 'admin', what: 'showDdlJobQueries', ids: ids() };
  if (c.accept('SHOW', 'DDL')) return { kind: 'admin', what: 'showDdl' };
  const verb = c.acceptAny('CANCEL', 'PAUSE', 'RESUME');
  if (verb !== undefined) {
    c.expect('DDL', 'JOBS');
    const what = verb === 'CANCEL' ? 'cancelDdlJobs' : verb === 'PAUSE' ? 'pauseDdlJobs' : 'resumeDdlJobs';
    return { kind: 'admin', what, ids: ids() };
  }
  if (c.accept('CHECK', 'TABLE')) {
    return { kind: 'admin', what: 'checkTable', tables: c.commaList(() => parseTableName(c)) };
  }
  if (c.accept('CHECK', 'INDEX')) {
    const table = parseTableName(c);
    const index = c.accept('PRIMARY') ? 'PRIMARY' : c.name();
    return { kind: 'admin', what: 'checkIndex', tables: [table], index };
  }
  throw c.error();
}
