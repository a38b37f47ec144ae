import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/errors.js';
import { SqlNode } from './sql-node.js';

interface Case {
  readonly sql: string;
  readonly columns?: readonly (readonly [string, number, number, number])[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly error?: { readonly code: number; readonly state: string; readonly message: string };
}

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
}

const { tables } = fixture<{ tables: Readonly<Record<string, { readonly sql: string }>> }>('dml-binlogs');
const { cases } = fixture<{ cases: readonly Case[] }>('show');

/** Tables that are not in this part: partitions. */
const OUT_OF_SCOPE = /parts/;
/** Answers that depend on the cluster they were taken from: its rows, ids, versions, other databases, clock, pumps and defaults of its session. */
const OF_ITS_CLUSTER =
  /^select \* from information_schema\.(schemata|ddl_jobs|tidb_servers)|show (databases|tables|table status|pump|drainer|processlist|privileges|triggers|procedure|collation|variables like '(version|collation)|create table auto_pk)|select @@|information_schema\.(schemata|ddl_jobs|tidb_servers_info)/;
/** Of these only the columns are compared: the tables are empty here. */
const COLUMNS_ONLY = /^select \* from \w+ order by 1 limit 20$/;
const REST = cases.filter(({ sql }) => !OUT_OF_SCOPE.test(sql) && !OF_ITS_CLUSTER.test(sql));

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
  await node.run('create database vec');
  await node.run('use vec');
  for (const [name, { sql }] of Object.entries(tables)) if (!OUT_OF_SCOPE.test(name)) await node.run(sql);
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

describe('SHOW, DESCRIBE, EXPLAIN and information_schema answer with the names, types, lengths, flags and rows of TiDB', () => {
  test('most of the recorded answers are compared', () => expect(REST.length).toBeGreaterThan(90));

  test.each(REST.map((each) => [each.sql, each] as const))('%s', async (sql, { columns, rows, error }) => {
    if (error !== undefined) {
      const failure = await node.run(sql).then(
        () => undefined,
        (thrown: unknown) => SqlError.from(thrown),
      );
      expect({ code: failure?.errno, state: failure?.sqlState, message: failure?.message }).toEqual(error);
      return;
    }
    const outcome = await node.run(sql);
    expect(outcome.columns.map(({ name, type, length, flags }) => [name, type, length, flags])).toEqual(columns);
    if (COLUMNS_ONLY.test(sql)) return;
    const texts = (rows ?? []).map((row) => row.map((value) => (value === null ? null : String(value))));
    expect(outcome.rows).toEqual(texts);
  });
});
