import type { Cursor } from './cursor.js';
import { located, parseExpression } from './expression.js';
import type { Statement, VariableAssignment } from './statement.js';

/** SET … */
export function parseSet(c: Cursor): Statement {
  c.expect('SET');
  if (c.accept('NAMES')) {
    const charset = c.accept('DEFAULT') ? 'utf8mb4' : c.collationName();
    return { kind: 'setNames', charset, collate: c.accept('COLLATE') ? c.collationName() : undefined };
  }
  if (c.accept('CHARACTER', 'SET') || c.accept('CHARSET')) {
    return { kind: 'setNames', charset: c.accept('DEFAULT') ? 'utf8mb4' : c.collationName() };
  }
  const transaction = parseTransaction(c);
  if (transaction !== undefined) return transaction;
  if (c.sees('PASSWORD') || c.sees('DEFAULT', 'ROLE') || c.sees('ROLE')) {
    const what = `SET ${c.token.word}`;
    while (c.token.kind !== 'end' && !c.sees(';')) c.advance();
    return { kind: 'unsupported', what };
  }
  return { kind: 'set', assignments: c.commaList(() => parseAssignment(c)) };
}

function parseTransaction(c: Cursor): Statement | undefined {
  const before = c.position;
  const scope = c.acceptAny('GLOBAL', 'SESSION', 'LOCAL') === 'GLOBAL' ? 'global' : 'session';
  if (!c.accept('TRANSACTION')) {
    c.rewind(before);
    return undefined;
  }
  let isolation: string | undefined;
  let readOnly = false;
  do {
    if (c.accept('ISOLATION', 'LEVEL')) {
      if (c.accept('READ', 'COMMITTED')) isolation = 'READ-COMMITTED';
      else if (c.accept('READ', 'UNCOMMITTED')) isolation = 'READ-UNCOMMITTED';
      else if (c.accept('REPEATABLE', 'READ')) isolation = 'REPEATABLE-READ';
      else {
        c.expect('SERIALIZABLE');
        isolation = 'SERIALIZABLE';
      }
    } else {
      c.expect('READ');
      if (c.accept('ONLY')) readOnly = true;
      else c.expect('WRITE');
    }
  } while (c.accept(','));
  return { kind: 'setTransaction', isolation, readOnly, scope };
}

function parseAssignment(c: Cursor): VariableAssignment {
  const { kind, text } = c.token;
  let scope: VariableAssignment['scope'] = 'session';
  let name: string;
  if (kind === 'userVariable') {
    c.advance();
    scope = 'user';
    name = text.toLowerCase();
  } else if (kind === 'systemVariable') {
    c.advance();
    const match = /^(?:(global|session|local|persist)\.)?(.*)$/i.exec(text);
    if (/^(global|persist)$/i.test(match?.[1] ?? '')) scope = 'global';
    name = (match?.[2] ?? text).toLowerCase();
  } else {
    const word = c.acceptAny('GLOBAL', 'SESSION', 'LOCAL', 'PERSIST');
    if (word === 'GLOBAL' || word === 'PERSIST') scope = 'global';
    name = c.name();
    if (c.accept('.')) name = c.anyName();
    name = name.toLowerCase();
  }
  if (!c.accept(':=')) c.expect('=');
  if (scope !== 'user') {
    if (c.accept('DEFAULT')) return { scope, name };
    // A bare word is a value here: SET autocommit = ON, SET sql_mode = ANSI, SET x = BINARY.
    const token = c.token;
    if (token.kind === 'word' && /^(ON|BINARY|ALL)$/.test(token.word)) {
      c.advance();
      return { scope, name, value: located(c, token.start, { kind: 'literal', literal: 'string', value: token.text }) };
    }
    const value = parseExpression(c);
    if (value.kind === 'column' && value.table === undefined) {
      return { scope, name, value: { kind: 'literal', literal: 'string', value: value.name, text: value.text } };
    }
    return { scope, name, value };
  }
  return { scope, name, value: parseExpression(c) };
}
