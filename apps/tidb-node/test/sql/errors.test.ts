import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/errors.js';
import { type Outcome, SqlNode } from './sql-node.js';

interface Case {
  readonly sql: string;
  readonly error?: { readonly code: number; readonly state: string; readonly message: string };
  readonly rows?: readonly Readonly<Record<string, string | null>>[];
  readonly warnings?: readonly { readonly Level: string; readonly Code: number; readonly Message: string }[];
}

const vectors = JSON.parse(readFileSync(new URL('../fixtures/errors.json', import.meta.url), 'utf8')) as {
  readonly setup: readonly string[];
  readonly cases: readonly Case[];
};

/** Statements whose answer needs rows to be converted in the store: the nodes' own tests have them. */
const NEEDS_BACKFILL = new Set(['alter table t modify column b int']);

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

function objects({ columns, rows }: Outcome): Record<string, string | null>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column.name, row[at] ?? null])));
}

async function failure(
  sql: string,
): Promise<{ readonly code: number; readonly state: string; readonly message: string }> {
  try {
    await node.run(sql);
  } catch (error) {
    if (SqlError.is(error)) return { code: error.errno, state: error.sqlState, message: error.message };
    throw error;
  }
  throw new Error(`no error: ${sql}`);
}

describe('what fails in TiDB fails here with the same number, SQLSTATE and words', () => {
  const cases = vectors.cases.filter(({ sql }) => !NEEDS_BACKFILL.has(sql));
  test.each(cases.map((each) => [each.sql, each] as const))('%s', async (sql, { error, rows, warnings }) => {
    await node.run('drop database if exists ve');
    await node.run('create database ve');
    await node.run('use ve');
    for (const statement of vectors.setup) await node.run(statement);
    if (error !== undefined) {
      expect(await failure(sql)).toEqual(error);
      return;
    }
    const outcome = await node.run(sql);
    expect(objects(outcome)).toEqual(rows ?? []);
    if (warnings === undefined) return;
    const shown = objects(await node.run('show warnings'));
    expect(shown).toEqual(warnings.map((each) => ({ ...each, Code: String(each.Code) })));
  });
});
