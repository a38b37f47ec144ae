import { readFileSync } from 'node:fs';
import { decodePrewriteValue } from '@tidb-js/binlog/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlNode } from './sql-node.js';

interface Mutation {
  readonly inserted_rows?: readonly string[];
  readonly updated_rows?: readonly string[];
  readonly deleted_rows?: readonly string[];
  readonly sequence: readonly number[];
}

interface Case {
  readonly name: string;
  readonly statements: readonly {
    readonly sql: string;
    readonly affected?: number;
    readonly error?: { readonly message: string };
  }[];
  readonly binlogs: readonly {
    readonly tp: string;
    readonly prewrite_value?: { readonly mutations: readonly Mutation[] };
  }[];
}

const vectors = JSON.parse(readFileSync(new URL('../fixtures/dml-binlogs.json', import.meta.url), 'utf8')) as {
  readonly tables: Readonly<Record<string, { readonly sql: string }>>;
  readonly cases: readonly Case[];
};

/** The recording leaves some statements out; these rows stand for what they wrote. Partitions are not in this part. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  'varchar pk nonclustered update': ["insert into varchar_pk_nc values ('abc',16),('def',18)"],
  'update several rows': ["update int_pk set name='xyz' where id=2"],
  'unique only update key': ["update uk_only set name='xyz' where id=2"],
  'composite clustered update': ["insert into comp_pk_c values (1,'a',10),(1,'b',20)"],
  'prefix pk clustered update': ["insert into prefix_pk_c values ('Abcdefgh',1),('XYZ  ',2)"],
  'ints min': ['insert into ints (k) values (1)'],
  'insert select': ['delete from two_a', 'insert into two_a values (1,2),(2,2),(30,3),(31,3)'],
  'unsigned bigint pk update delete': [
    'insert into ubig_pk values (0,0),(9223372036854775807,1),(9223372036854775808,2),(18446744073709551615,3)',
  ],
};
const OUT_OF_SCOPE = /partition/;

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
  await node.run('create database vec');
  await node.run('use vec');
  await node.run("set time_zone='+08:00'");
  for (const [name, { sql }] of Object.entries(vectors.tables)) {
    if (name !== 'parts') await node.run(sql);
  }
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

const hex = (rows: readonly Uint8Array[]) => rows.map((row) => Buffer.from(row).toString('hex'));

describe('the same statements give the same rows and sequences in the Prewrite binlog as TiDB', () => {
  test.each(vectors.cases.filter(({ name }) => !OUT_OF_SCOPE.test(name)).map((each) => [each.name, each] as const))(
    '%s',
    async (name, { statements, binlogs }) => {
      for (const sql of BEFORE[name] ?? []) await node.run(sql);
      const written = node.prewriteValues;
      const from = written.length;
      for (const { sql, affected, error } of statements) {
        if (error !== undefined) {
          await expect(node.run(sql)).rejects.toThrow(error.message);
          continue;
        }
        const outcome = await node.run(sql);
        if (affected !== undefined) expect([sql, outcome.affected]).toEqual([sql, affected]);
      }
      const ours = written.slice(from).map((bytes) =>
        decodePrewriteValue(bytes).mutations.map((each) => ({
          inserted: hex(each.insertedRows),
          updated: hex(each.updatedRows),
          deleted: hex(each.deletedRows),
          sequence: each.sequence,
        })),
      );
      const theirs = binlogs
        .filter(({ tp }) => tp === 'Prewrite')
        .map(({ prewrite_value }) =>
          (prewrite_value?.mutations ?? []).map((each) => ({
            inserted: each.inserted_rows ?? [],
            updated: each.updated_rows ?? [],
            deleted: each.deleted_rows ?? [],
            sequence: each.sequence,
          })),
        );
      expect(ours).toEqual(theirs);
    },
  );
});
