import { Cursor } from './cursor.js';
import { parseAlter, parseCreate, parseDrop, parseRenameTables, parseUser, unsupportedToEnd } from './ddl.js';
import { parseDelete, parseInsert, parseUpdate } from './dml.js';
import { parseExpression } from './expression.js';
import type { LexerModes } from './lexer.js';
import { parseQuery, parseTableName } from './query.js';
import { parseSet } from './set.js';
import { parseAdmin, parseDescribe, parseShow } from './show.js';
import type { ParsedStatement, Statement } from './statement.js';

/** Reads a text into its statements. Error 1064 names the place; error 1065 for a text with none. */
export function parse(sql: string, modes: LexerModes): readonly ParsedStatement[] {
  const c = new Cursor(sql, modes);
  const statements: ParsedStatement[] = [];
  for (;;) {
    while (c.accept(';'));
    const { kind, start } = c.token;
    if (kind === 'end') break;
    c.parameters = 0;
    const statement = parseStatement(c);
    const text = c.textFrom(start);
    if (c.token.kind !== 'end' && !c.sees(';')) throw c.error();
    statements.push({ statement, text, parameters: c.parameters });
  }
  return statements;
}

/** An expression alone, as a generated column's is kept. */
export function parseExpressionText(sql: string): ReturnType<typeof parseExpression> {
  const c = new Cursor(sql, { ansiQuotes: false, noBackslashEscapes: false });
  const expression = parseExpression(c);
  if (c.token.kind !== 'end') throw c.error();
  return expression;
}

/**
 * The statements of the texts seen last, so that a repeated text costs a look-up. Bounded by the number of texts; a long text
 * (a bulk load) is not kept.
 */
export class StatementCache {
  private readonly entries = new Map<string, readonly ParsedStatement[]>();

  constructor(
    private readonly capacity = 1000,
    private readonly longest = 4096,
  ) {}

  parse(sql: string, modes: LexerModes): readonly ParsedStatement[] {
    if (sql.length > this.longest) return parse(sql, modes);
    const key = `${modes.pipesAsConcat ? 'p' : ''}${modes.ansiQuotes ? 'a' : ''}${modes.noBackslashEscapes ? 'b' : ''}:${sql}`;
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    const statements = parse(sql, modes);
    this.entries.set(key, statements);
    if (this.entries.size > this.capacity) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    return statements;
  }
}

function parseStatement(c: Cursor): Statement {
  switch (c.token.word) {
    case 'SELECT':
    case 'WITH':
    case 'TABLE':
    case '(':
      return parseQuery(c);
    case 'INSERT':
    case 'REPLACE':
      return parseInsert(c);
    case 'UPDATE':
      return parseUpdate(c);
    case 'DELETE':
      return parseDelete(c);
    case 'CREATE':
      return parseCreate(c);
    case 'ALTER':
      return parseAlter(c);
    case 'DROP':
      return parseDrop(c);
    case 'RENAME':
      return parseRenameTables(c);
    case 'TRUNCATE':
      c.advance();
      c.accept('TABLE');
      return { kind: 'truncateTable', name: parseTableName(c) };
    case 'SHOW':
      return parseShow(c);
    case 'DESC':
    case 'DESCRIBE':
    case 'EXPLAIN':
      return parseDescribe(c, () => parseStatement(c));
    case 'ADMIN':
      return parseAdmin(c);
    case 'SET':
      return parseSet(c);
    case 'USE':
      c.advance();
      return { kind: 'use', db: c.name() };
    default:
      return parseControl(c);
  }
}

/** Transactions, prepared statements, and what is accepted without effect. */
function parseControl(c: Cursor): Statement {
  if (c.accept('BEGIN')) {
    c.accept('WORK');
    const mode = c.acceptAny('OPTIMISTIC', 'PESSIMISTIC')?.toLowerCase() as 'optimistic' | 'pessimistic' | undefined;
    return { kind: 'begin', mode, readOnly: false };
  }
  if (c.accept('START', 'TRANSACTION')) return { kind: 'begin', readOnly: transactionCharacteristics(c) };
  if (c.accept('COMMIT')) {
    return { kind: 'commit', chain: endOfTransaction(c) };
  }
  if (c.accept('ROLLBACK')) {
    c.accept('WORK');
    if (c.accept('TO')) {
      c.accept('SAVEPOINT');
      return { kind: 'rollback', savepoint: c.name() };
    }
    return { kind: 'rollback', chain: endOfTransaction(c) };
  }
  if (c.accept('SAVEPOINT')) return { kind: 'savepoint', name: c.name() };
  if (c.accept('RELEASE', 'SAVEPOINT')) return { kind: 'releaseSavepoint', name: c.name() };
  if (c.accept('KILL')) {
    c.accept('TIDB');
    const query = c.acceptAny('QUERY', 'CONNECTION') === 'QUERY';
    return { kind: 'kill', id: c.integer(), query };
  }
  if (c.accept('PREPARE')) {
    const name = c.name();
    c.expect('FROM');
    if (c.token.kind === 'userVariable') return { kind: 'prepare', name, variable: c.advance().text.toLowerCase() };
    return { kind: 'prepare', name, text: c.string() };
  }
  if (c.accept('EXECUTE')) {
    const name = c.name();
    const variables = c.accept('USING')
      ? c.commaList(() => {
          if (c.token.kind !== 'userVariable') throw c.error();
          return c.advance().text.toLowerCase();
        })
      : [];
    return { kind: 'executePrepared', name, variables };
  }
  if (c.accept('DEALLOCATE', 'PREPARE')) return { kind: 'deallocate', name: c.name() };
  if (c.sees('CHANGE', 'PUMP') || c.sees('CHANGE', 'DRAINER')) return parseChange(c);
  return parseOther(c);
}

function transactionCharacteristics(c: Cursor): boolean {
  let readOnly = false;
  if (c.token.kind === 'end' || c.sees(';')) return readOnly;
  do {
    if (c.accept('READ', 'ONLY')) readOnly = true;
    else if (!c.accept('READ', 'WRITE')) c.expect('WITH', 'CONSISTENT', 'SNAPSHOT');
  } while (c.accept(','));
  return readOnly;
}

/** Whether another transaction begins at once. */
function endOfTransaction(c: Cursor): boolean {
  c.accept('WORK');
  let chain = false;
  if (c.accept('AND')) {
    chain = !c.accept('NO');
    c.expect('CHAIN');
  }
  const no = c.accept('NO');
  if (!c.accept('RELEASE') && no) throw c.error();
  return chain;
}

function parseChange(c: Cursor): Statement {
  c.advance();
  const drainer = c.advance().word === 'DRAINER';
  c.expect('TO', 'NODE_STATE');
  c.expect('=');
  const state = c.string();
  c.expect('FOR', 'NODE_ID');
  const nodeId = c.string();
  return { kind: 'changePump', nodeId, state, drainer };
}

function parseOther(c: Cursor): Statement {
  if (c.accept('LOCK', 'TABLES') || c.accept('LOCK', 'TABLE')) return skipped(c, 'lockTables');
  if (c.accept('UNLOCK', 'TABLES') || c.accept('UNLOCK', 'TABLE')) return { kind: 'unlockTables', expressions: [] };
  if (c.accept('FLUSH')) return skipped(c, 'flush');
  if (c.accept('ANALYZE', 'TABLE') || c.accept('OPTIMIZE', 'TABLE')) return skipped(c, 'analyze');
  if (c.accept('DO')) return { kind: 'do', expressions: c.commaList(() => parseExpression(c)) };
  if (c.accept('RECOVER', 'TABLE') || c.accept('FLASHBACK', 'TABLE')) {
    if (c.sees('BY')) return unsupportedToEnd(c, 'RECOVER TABLE BY JOB');
    return { kind: 'recoverTable', name: parseTableName(c) };
  }
  if (c.accept('GRANT')) {
    while (!c.sees('TO')) {
      if (c.token.kind === 'end') throw c.error();
      c.advance();
    }
    c.expect('TO');
    const users = c.commaList(() => parseUser(c));
    while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
    return { kind: 'grant', users };
  }
  if (c.accept('LOAD', 'DATA')) {
    c.acceptAny('LOW_PRIORITY', 'CONCURRENT');
    const local = c.accept('LOCAL');
    c.expect('INFILE');
    const file = c.string();
    while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
    return { kind: 'loadData', file, local };
  }
  for (const what of [
    'REVOKE',
    'CALL',
    'HANDLER',
    'BACKUP',
    'RESTORE',
    'BATCH',
    'SPLIT',
    'TRACE',
    'PLAN',
    'INSTALL',
    'UNINSTALL',
    'VALUES',
    'XA',
    'IMPORT',
    'SHUTDOWN',
    'RESTART',
    'CHECKSUM',
    'REPAIR',
    'CHANGE',
  ]) {
    if (c.sees(what)) return unsupportedToEnd(c, what);
  }
  throw c.error();
}

function skipped(c: Cursor, kind: 'lockTables' | 'flush' | 'analyze'): Statement {
  while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
  return { kind, expressions: [] };
}
