import type { Expression } from './ast.js';
import type { Cursor } from './cursor.js';
import type { ColumnDefinition, ColumnOption, Constraint, IndexOptions, IndexPart, Reference } from './ddl-ast.js';
import { parseExpression } from './expression.js';
import { parseTableName } from './query.js';
import { parseTypeName } from './type-name.js';

export function parseColumnDefinition(c: Cursor): ColumnDefinition {
  const name = c.name();
  if (c.accept('SERIAL')) {
    const type = { name: 'bigint', unsigned: true, zerofill: false, binary: false };
    return { name, type, options: [{ kind: 'notNull' }, { kind: 'autoIncrement' }, { kind: 'unique' }, ...options(c)] };
  }
  const type = parseTypeName(c);
  const given = options(c);
  const isGenerated = given.some(({ kind }) => kind === 'generated');
  if (isGenerated && given.some(({ kind }) => kind === 'default' || kind === 'autoIncrement' || kind === 'onUpdate'))
    throw c.error();
  return { name, type, options: given };
}

function options(c: Cursor): ColumnOption[] {
  const found: ColumnOption[] = [];
  for (;;) {
    const option = parseOption(c);
    if (option === undefined) return found;
    if (option !== 'ignored') found.push(option);
  }
}

function parseOption(c: Cursor): ColumnOption | 'ignored' | undefined {
  const before = c.position;
  if (c.accept('NOT', 'NULL')) return { kind: 'notNull' };
  if (c.accept('NULL')) return { kind: 'null' };
  if (c.accept('DEFAULT')) return { kind: 'default', value: parseDefault(c) };
  if (c.accept('ON', 'UPDATE')) return { kind: 'onUpdate', value: parseDefault(c) };
  if (c.acceptAny('AUTO_INCREMENT') !== undefined) return { kind: 'autoIncrement' };
  if (c.accept('AUTO_RANDOM')) {
    let bits = 5;
    if (c.accept('(')) {
      bits = c.smallInteger();
      if (c.accept(',')) c.smallInteger();
      c.expect(')');
    }
    return { kind: 'autoRandom', bits };
  }
  if (c.accept('PRIMARY', 'KEY') || c.accept('PRIMARY') || c.accept('KEY')) {
    return { kind: 'primaryKey', clustered: parseClustered(c) };
  }
  if (c.accept('UNIQUE')) {
    c.acceptAny('KEY', 'INDEX');
    return { kind: 'unique' };
  }
  if (c.accept('COMMENT')) return { kind: 'comment', text: c.string() };
  if (c.accept('COLLATE')) return { kind: 'collate', name: c.collationName() };
  if (c.sees('GENERATED') || c.sees('AS')) return parseGenerated(c);
  if (c.sees('REFERENCES')) return { kind: 'references', reference: parseReference(c) };
  if (c.accept('COLUMN_FORMAT') || c.accept('STORAGE')) {
    c.anyName();
    return 'ignored';
  }
  if (c.accept('CONSTRAINT')) {
    if (c.seesName()) c.name();
    if (!c.sees('CHECK')) c.rewind(before);
  }
  if (c.accept('CHECK')) {
    const expression = parenthesised(c);
    if (!c.accept('NOT', 'ENFORCED')) c.accept('ENFORCED');
    return { kind: 'check', expression };
  }
  return undefined;
}

function parenthesised(c: Cursor): Expression {
  c.expect('(');
  const expression = parseExpression(c);
  c.expect(')');
  return expression;
}

/** A default: a literal with an optional sign, a function of time, or an expression in parentheses. */
function parseDefault(c: Cursor): Expression {
  if (c.sees('(')) return parenthesised(c);
  const { kind, word } = c.token;
  if (
    kind === 'word' &&
    !/^(NULL|TRUE|FALSE|CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP|NOW|DATE|TIME|TIMESTAMP|_\w+|NEXT|UUID|RAND)$/.test(
      word,
    )
  ) {
    throw c.error();
  }
  // Only the literal: `DEFAULT 1 NOT NULL` must leave NOT NULL, so nothing of an operator may be taken.
  return parseLiteralOnly(c);
}

function parseLiteralOnly(c: Cursor): Expression {
  const before = c.position;
  const expression = parseExpression(c);
  if (expression.kind === 'literal' || expression.kind === 'call' || expression.kind === 'unary') return expression;
  c.rewind(before);
  throw c.error();
}

function parseGenerated(c: Cursor): ColumnOption {
  if (c.accept('GENERATED')) c.expect('ALWAYS');
  c.expect('AS');
  const expression = parenthesised(c);
  const stored = c.acceptAny('STORED', 'VIRTUAL', 'PERSISTENT');
  return { kind: 'generated', expression, stored: stored === 'STORED' || stored === 'PERSISTENT' };
}

export function parseReference(c: Cursor): Reference {
  c.expect('REFERENCES');
  const table = parseTableName(c);
  const columns = c.sees('(') ? c.list(() => c.name()) : [];
  if (c.accept('MATCH')) c.anyName();
  let onDelete = '';
  let onUpdate = '';
  while (c.accept('ON')) {
    const event = c.acceptAny('DELETE', 'UPDATE');
    if (event === undefined) throw c.error();
    const action = c.accept('SET', 'NULL')
      ? 'SET NULL'
      : c.accept('NO', 'ACTION')
        ? 'NO ACTION'
        : c.accept('SET', 'DEFAULT')
          ? 'SET DEFAULT'
          : c.acceptAny('CASCADE', 'RESTRICT');
    if (action === undefined) throw c.error();
    if (event === 'DELETE') onDelete = action;
    else onUpdate = action;
  }
  return { table, columns, onDelete, onUpdate };
}

function parseClustered(c: Cursor): boolean | undefined {
  if (c.accept('CLUSTERED')) return true;
  return c.accept('NONCLUSTERED') ? false : undefined;
}

export function parseIndexPart(c: Cursor): IndexPart {
  if (c.sees('(')) {
    const expression = parenthesised(c);
    c.acceptAny('ASC', 'DESC');
    return { expression };
  }
  const column = c.name();
  let length: number | undefined;
  if (c.accept('(')) {
    length = c.smallInteger();
    c.expect(')');
  }
  c.acceptAny('ASC', 'DESC');
  return { column, length };
}

export function parseIndexOptions(c: Cursor): IndexOptions {
  let comment: string | undefined;
  let invisible: boolean | undefined;
  let type: IndexOptions['type'];
  let clustered: boolean | undefined;
  for (;;) {
    if (c.accept('COMMENT')) comment = c.string();
    else if (c.accept('INVISIBLE')) invisible = true;
    else if (c.accept('VISIBLE')) invisible = false;
    else if (c.sees('USING') || (c.token.word === 'TYPE' && /^(BTREE|HASH|RTREE)$/.test(c.peek(1).word))) {
      c.advance();
      const word = c.acceptAny('BTREE', 'HASH', 'RTREE');
      if (word === undefined) throw c.error();
      type = word as IndexOptions['type'];
    } else if (c.accept('KEY_BLOCK_SIZE')) {
      c.accept('=');
      c.integer();
    } else if (c.accept('WITH', 'PARSER')) c.name();
    else {
      const found = parseClustered(c);
      if (found === undefined) break;
      clustered = found;
    }
  }
  return { comment, invisible, type, clustered };
}

/** A constraint of a table. Undefined when the next word begins none, so that a column follows. */
export function parseConstraint(c: Cursor): Constraint | undefined {
  const before = c.position;
  let name: string | undefined;
  const named = c.accept('CONSTRAINT');
  if (named && c.seesName()) name = c.name();
  if (c.accept('PRIMARY', 'KEY')) return keyConstraint(c, 'primary', name);
  if (c.accept('UNIQUE')) {
    c.acceptAny('KEY', 'INDEX');
    return keyConstraint(c, 'unique', name);
  }
  if (c.sees('FOREIGN')) {
    c.expect('FOREIGN', 'KEY');
    if (c.seesName()) {
      const own = c.name();
      name ??= own;
    }
    const columns = c.list(() => c.name());
    return { kind: 'foreign', name, columns, reference: parseReference(c) };
  }
  if (c.accept('CHECK')) {
    const expression = parenthesised(c);
    if (!c.accept('NOT', 'ENFORCED')) c.accept('ENFORCED');
    return { kind: 'check', name, expression };
  }
  if (named) throw c.error();
  if (c.acceptAny('FULLTEXT', 'SPATIAL') !== undefined) {
    c.acceptAny('KEY', 'INDEX');
    return keyConstraint(c, 'fulltext', undefined);
  }
  if (c.acceptAny('KEY', 'INDEX') !== undefined) return keyConstraint(c, 'index', undefined);
  c.rewind(before);
  return undefined;
}

function keyConstraint(
  c: Cursor,
  kind: 'primary' | 'unique' | 'index' | 'fulltext',
  outer: string | undefined,
): Constraint {
  const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
  let name = outer;
  if (c.seesName() && c.token.word !== 'USING') {
    const own = c.name();
    if (kind !== 'primary') name = own;
  }
  const before = parseIndexOptions(c);
  const parts = c.list(() => parseIndexPart(c));
  const after = parseIndexOptions(c);
  const options: IndexOptions = {
    comment: after.comment,
    invisible: after.invisible,
    type: after.type ?? before.type,
    clustered: after.clustered,
  };
  return { kind, name, ifNotExists, parts, options };
}
