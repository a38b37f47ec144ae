import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlNode } from './sql-node.js';

type Value = null | number | string | { readonly type: 'Buffer'; readonly data: readonly number[] };

interface Stored {
  readonly table: string;
  readonly kvs: readonly { readonly key: string; readonly value: string }[];
  readonly rows_order_by_1: readonly (readonly Value[])[];
}

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
}

const { tables } = fixture<{ tables: readonly Stored[] }>('kv-tables');
const definitions = fixture<{ tables: Readonly<Record<string, { readonly sql: string }>> }>('dml-binlogs').tables;
/** Partitions are not in this part; a table without rows says nothing. */
const CASES = tables.filter(({ table, kvs }) => table !== 'parts' && kvs.length > 0);

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
  await node.run('create database kv');
  await node.run('use kv');
  // Zero dates are among the rows; TIMESTAMPs were read in UTC.
  await node.run("set sql_mode='', time_zone='+00:00'");
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

function literal(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object') return `'${value.replaceAll("'", "''")}'`;
  if ('data' in value && Array.isArray(value.data)) return `x'${Buffer.from(value.data).toString('hex')}'`;
  throw new Error(`no literal for ${JSON.stringify(value)}`);
}

/** The recording shows JSON as values, which lose what 1.0, null and a large number were. */
const JSON_ROWS = [
  ['y', 'q,s', '{"a":2,"b":[true,null,"s",1.5,{"c":-1}],"big":18446744073709551615}'],
  ...['12345678901234', '{}', '1.0', 'true', 'null'].map((json) => ['y', 's', json]),
  ['z', '', '[]'],
  ['z', 'p,q,r,s', '"str"'],
];

/** Length of `t`, a table's id and the mark of a row with its handle, in hexadecimal. */
const TABLE_PREFIX = 18;

describe('rows and index entries are stored under the keys and with the values of TiDB', () => {
  test.each(CASES.map((each) => [each.table, each] as const))('%s', async (name, { kvs, rows_order_by_1: rows }) => {
    await node.run(definitions[name]?.sql ?? '');
    for (const row of name === 'misc' ? JSON_ROWS : rows)
      await node.run(`insert into ${name} values (${row.map(literal).join(', ')})`);
    const table = node.infoSchema().table('kv', name);
    const start = Buffer.alloc(9, 't');
    start.writeBigInt64BE(BigInt(table?.id ?? 0) ^ -(1n << 63n), 1);
    const pairs: [string, string][] = [];
    for await (const { key, value } of node.storage
      .latest()
      .scan({ start, end: Buffer.concat([start, Buffer.of(0xff)]) })) {
      pairs.push([key.toString('hex'), value.toString('hex')]);
    }
    // A row without a primary key gets its handle by the order of the statements, which was another.
    const keyed = table?.pk_is_handle === true || table?.is_common_handle === true || rows.length === 1;
    const shown = (each: readonly [string, string]) => `${keyed ? each[0].slice(TABLE_PREFIX) : ''} ${each[1]}`;
    expect(pairs.map(shown).sort()).toEqual(kvs.map(({ key, value }) => shown([key, value])).sort());
  });
});
