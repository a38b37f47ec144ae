import { readFileSync } from 'node:fs';
import { decodePrewriteValue } from '@tidb-js/binlog/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/errors.js';
import { SqlNode } from './sql-node.js';

interface Case {
  readonly name: string;
  readonly statements: readonly {
    readonly sql: string;
    readonly names?: readonly string[];
    readonly rows?: readonly (readonly (string | null)[])[];
    readonly affected?: number;
    readonly error?: readonly [code: number, message: string];
  }[];
  /** The Prewrite of each transaction that committed: its changes, table by table. */
  readonly binlogs?: readonly (readonly {
    readonly inserted_rows: readonly string[];
    readonly updated_rows: readonly string[];
    readonly deleted_rows: readonly string[];
    readonly sequence: readonly number[];
  }[])[];
}

const cases = ['side-by-side-2', 'side-by-side'].flatMap(
  (name) => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as readonly Case[],
);

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

const hex = (rows: readonly Uint8Array[]) => rows.map((row) => Buffer.from(row).toString('hex'));

async function answer(sql: string) {
  try {
    const { columns, rows, affected } = await node.run(sql);
    return columns.length > 0 ? { sql, names: columns.map(({ name }) => name), rows } : { sql, affected };
  } catch (error) {
    if (SqlError.is(error)) return { sql, error: [error.errno, error.message] };
    throw error;
  }
}

// Answers and binlogs of a TiDB v6.6 that was given the same statements.
describe('statements answer, and are written to the binlog, as by TiDB', () => {
  test.each(cases.map((each) => [each.name, each] as const))('%s', async (name, { statements, binlogs }) => {
    await node.run(`create database g_${name}`);
    await node.run(`use g_${name}`);
    await node.run("set time_zone='+08:00'");
    const from = node.prewriteValues.length;
    for (const expected of statements) expect(await answer(expected.sql)).toMatchObject(expected);
    const written = node.prewriteValues.slice(from).map((bytes) =>
      decodePrewriteValue(bytes).mutations.map((each) => ({
        inserted_rows: hex(each.insertedRows),
        updated_rows: hex(each.updatedRows),
        deleted_rows: hex(each.deletedRows),
        sequence: each.sequence,
      })),
    );
    if (binlogs !== undefined) expect(written).toEqual(binlogs);
  });
});
