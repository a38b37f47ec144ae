import { SqlError } from '../errors.js';
import { parseColumnDefinition, parseConstraint } from './column-definition.js';
import { parsePartitionDefinitions, parseTableOptions } from './create-table.js';
import type { Cursor } from './cursor.js';
import type { AlterAction, AlterTable, ColumnPosition } from './ddl-ast.js';
import { parseExpression } from './expression.js';
import { parseTableName } from './query.js';

/** What follows ALTER TABLE. */
export function parseAlterTable(c: Cursor): AlterTable {
  const name = parseTableName(c);
  const actions: AlterAction[] = [];
  if (c.token.kind !== 'end' && !c.sees(';')) {
    do {
      actions.push(parseAction(c));
    } while (c.accept(','));
  }
  return { kind: 'alterTable', name, actions };
}

function parsePosition(c: Cursor): ColumnPosition | undefined {
  if (c.accept('FIRST')) return { first: true };
  return c.accept('AFTER') ? { first: false, after: c.name() } : undefined;
}

function ifExists(c: Cursor): boolean {
  return c.accept('IF', 'EXISTS');
}

function parseAction(c: Cursor): AlterAction {
  if (c.accept('ADD')) return parseAdd(c);
  if (c.accept('DROP')) return parseDrop(c);
  if (c.accept('MODIFY')) {
    c.accept('COLUMN');
    ifExists(c);
    const column = parseColumnDefinition(c);
    return { kind: 'modifyColumn', from: column.name, column, position: parsePosition(c), change: false };
  }
  if (c.accept('CHANGE')) {
    c.accept('COLUMN');
    ifExists(c);
    const from = c.name();
    const column = parseColumnDefinition(c);
    return { kind: 'modifyColumn', from, column, position: parsePosition(c), change: true };
  }
  if (c.accept('ALTER')) return parseAlter(c);
  if (c.accept('RENAME')) return parseRename(c);
  if (c.accept('CONVERT', 'TO')) {
    if (!c.accept('CHARACTER', 'SET') && !c.accept('CHARSET')) throw c.error();
    const charset = c.accept('DEFAULT') ? '' : c.collationName();
    const collate = c.accept('COLLATE') ? c.collationName() : undefined;
    return { kind: 'convertCharset', charset, collate };
  }
  if (c.accept('TRUNCATE', 'PARTITION')) {
    return { kind: 'truncatePartition', names: c.commaList(() => c.name()) };
  }
  if (c.acceptAny('ALGORITHM', 'LOCK') !== undefined) {
    c.accept('=');
    return { kind: 'accepted', what: c.accept('DEFAULT') ? 'DEFAULT' : c.anyName() };
  }
  if (c.sees('PARTITION', 'BY')) throw new SqlError(1105, 'alter table partition is unsupported');
  for (const words of [
    ['DISABLE', 'KEYS'],
    ['ENABLE', 'KEYS'],
    ['WITH', 'VALIDATION'],
    ['WITHOUT', 'VALIDATION'],
    ['ORDER', 'BY'],
  ]) {
    if (!c.accept(...words)) continue;
    if (words[0] === 'ORDER') c.commaList(() => parseExpression(c));
    return { kind: 'accepted', what: words.join(' ') };
  }
  for (const what of [
    'EXCHANGE',
    'COALESCE',
    'REORGANIZE',
    'REMOVE',
    'REBUILD',
    'OPTIMIZE',
    'ANALYZE',
    'CHECK',
    'DISCARD',
    'IMPORT',
    'CACHE',
    'NOCACHE',
  ]) {
    if (c.sees(what)) {
      while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
      return { kind: 'unsupported', what: what === 'REMOVE' ? 'remove partitioning' : `ALTER TABLE ${what}` };
    }
  }
  const options = parseTableOptions(c);
  if (options.length === 0) throw c.error();
  return { kind: 'options', options };
}

function parseAdd(c: Cursor): AlterAction {
  if (c.accept('PARTITION')) {
    c.accept('IF', 'NOT', 'EXISTS');
    if (c.accept('PARTITIONS')) {
      c.smallInteger();
      return { kind: 'unsupported', what: 'ADD PARTITION PARTITIONS' };
    }
    return { kind: 'addPartition', definitions: parsePartitionDefinitions(c) };
  }
  const explicit = c.accept('COLUMN');
  const constraint = explicit ? undefined : parseConstraint(c);
  if (constraint !== undefined) return { kind: 'addConstraint', constraint };
  const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
  if (c.sees('(')) return { kind: 'addColumn', columns: c.list(() => parseColumnDefinition(c)), ifNotExists };
  const columns = [parseColumnDefinition(c)];
  return { kind: 'addColumn', columns, position: parsePosition(c), ifNotExists };
}

function parseDrop(c: Cursor): AlterAction {
  if (c.accept('PRIMARY', 'KEY')) return { kind: 'dropPrimaryKey' };
  if (c.acceptAny('INDEX', 'KEY') !== undefined) {
    const quiet = ifExists(c);
    return { kind: 'dropIndex', name: c.name(), ifExists: quiet };
  }
  if (c.accept('FOREIGN', 'KEY')) {
    ifExists(c);
    return { kind: 'dropForeignKey', name: c.name() };
  }
  if (c.accept('PARTITION')) {
    ifExists(c);
    return { kind: 'dropPartition', names: c.commaList(() => c.name()) };
  }
  if (c.acceptAny('CHECK', 'CONSTRAINT') !== undefined) {
    c.name();
    return { kind: 'accepted', what: 'DROP CHECK' };
  }
  c.accept('COLUMN');
  const quiet = ifExists(c);
  const name = c.name();
  c.acceptAny('RESTRICT', 'CASCADE');
  return { kind: 'dropColumn', name, ifExists: quiet };
}

function parseAlter(c: Cursor): AlterAction {
  if (c.accept('INDEX')) {
    const name = c.name();
    const word = c.acceptAny('VISIBLE', 'INVISIBLE');
    if (word === undefined) throw c.error();
    return { kind: 'indexVisibility', name, invisible: word === 'INVISIBLE' };
  }
  if (c.acceptAny('CHECK', 'CONSTRAINT') !== undefined) {
    c.name();
    c.accept('NOT');
    c.expect('ENFORCED');
    return { kind: 'accepted', what: 'ALTER CHECK' };
  }
  c.accept('COLUMN');
  const column = c.name();
  if (c.accept('DROP', 'DEFAULT')) return { kind: 'setDefault', column };
  c.expect('SET', 'DEFAULT');
  return { kind: 'setDefault', column, value: parseExpression(c) };
}

function parseRename(c: Cursor): AlterAction {
  if (c.accept('COLUMN')) {
    const from = c.name();
    c.expect('TO');
    return { kind: 'renameColumn', from, to: c.name() };
  }
  if (c.acceptAny('INDEX', 'KEY') !== undefined) {
    const from = c.name();
    c.expect('TO');
    return { kind: 'renameIndex', from, to: c.name() };
  }
  if (c.acceptAny('TO', 'AS', '=') === undefined && !c.seesName()) throw c.error();
  return { kind: 'renameTable', to: parseTableName(c) };
}
