import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/errors.js';
import { SqlNode } from './sql-node.js';

let node: SqlNode;
beforeAll(async () => {
  node = await SqlNode.start();
  for (const sql of [
    'create database q',
    'use q',
    'create table a (id int primary key, n int, s varchar(10) collate utf8mb4_general_ci)',
    'create table b (id int primary key, aid int, v int, key (aid))',
    "insert into a values (1, 1, 'Abc'), (2, 2, 'é'), (3, null, 'й'), (4, 2, 'и')",
    'insert into b values (10, 1, 5), (11, 1, 6), (12, 2, 7), (13, null, 8)',
  ])
    await node.run(sql);
}, 60_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
}, 30_000);

const rows = async (sql: string) => (await node.run(sql)).rows.map((row) => row.join(' '));
const failure = async (sql: string) =>
  node.run(sql).then(
    () => undefined,
    (error: unknown) => SqlError.from(error).errno,
  );

describe('subqueries that read the query around them', () => {
  test.each([
    ['select id from a where exists (select 1 from b where b.aid = a.id)', ['1', '2']],
    ['select id, (select max(v) from b where b.aid = a.id) m from a where id < 3', ['1 6', '2 7']],
    ['select id from a where n in (select aid from b where b.v > a.id)', ['1', '2', '4']],
    ['select id from a where id > all (select aid from b where b.v < a.id + 5)', ['2', '3']],
    [
      'select id from a where 1 < (select count(*) from b where b.aid = a.id and v > (select min(v) - a.n from b x where x.aid = a.id))',
      ['1'],
    ],
    [
      'select n, count(*) c from a group by n having c > (select count(*) from b where aid = a.n) order by n',
      [' 1', '2 2'],
    ],
  ])('%s', async (sql, expected) => expect(await rows(sql)).toEqual(expected));

  test('choose the rows of UPDATE and DELETE, and their values', async () => {
    await node.run('create table w (id int primary key, n int)');
    await node.run('insert into w values (1, 0), (2, 0), (3, 0)');
    await node.run(
      'update w set n = (select sum(v) from b where aid = w.id) where exists (select 1 from b where aid = w.id)',
    );
    await node.run('delete from w where not exists (select 1 from b where aid = w.id)');
    expect(await rows('select * from w')).toEqual(['1 11', '2 7']);
  });

  test('are refused where they cannot be run', async () => {
    expect(await failure('select 1 from a left join b on exists (select 1 from b x where x.aid = a.id)')).toBe(1235);
    expect(await failure('select (select sum(a.n) from b) from a')).toBe(1235);
  });
});

describe('text', () => {
  test.each([
    // Case and most accents do not count under general_ci, but й is no и.
    ["select id from a where s = 'aBC'", ['1']],
    ["select id from a where s like 'E%'", ['2']],
    ["select id from a where s = 'Й'", ['3']],
    // A column's collation is stronger than a literal's, COLLATE is stronger than both.
    ["select id from a where s = 'ABC' collate utf8mb4_bin", []],
    ["select 'a' = 'A', 'a' = 'A' collate utf8mb4_general_ci", ['0 1']],
  ])('%s', async (sql, expected) => expect(await rows(sql)).toEqual(expected));

  test('of a collation that is not kept is refused, not compared by another', async () => {
    expect(await failure('create table x (s varchar(5) collate utf8mb4_0900_ai_ci)')).toBe(1273);
    expect(await failure("select 'a' collate latin1_bin")).toBe(1253);
  });
});

describe('what drivers and mappers send', () => {
  test.each([
    // Django's mapper and mysqlclient write bytes so.
    ["select _binary X'00ff', hex(_utf8mb4 X'c3a9'), _utf8mb4 0x41, _utf8mb4 b'01000001'", ['00ff C3A9 A A']],
    ["select _utf8mb4 x'c3a9' = 'é', charset(_utf8mb4 0x41), charset(_binary x'41')", ['1 utf8mb4 binary']],
    ['select id from a where id = 1 for update of a', ['1']],
    ['select x.id from a x join b on b.aid = x.id where b.id = 10 for update of x, b nowait', ['1']],
    ['select id from a where id = 1 for update wait 5', ['1']],
    // Connector/J's and MariaDB Connector/J's DatabaseMetaData.
    ["select dtd_identifier, numeric_scale from information_schema.parameters where routine_type = 'FUNCTION'", []],
    ["select routine_comment, security_type from information_schema.routines where sql_data_access = 'NO SQL'", []],
  ])('%s', async (sql, expected) => expect(await rows(sql)).toEqual(expected));

  test('columns of tables that are always empty have their types', async () => {
    const { columns } = await node.run(
      'select ordinal_position, dtd_identifier from information_schema.parameters where 1 = 0',
    );
    expect(columns.map(({ type }) => type)).toEqual([253, 251]);
    const triggers = await node.run('select created, action_order, action_statement from information_schema.triggers');
    expect(triggers.columns.map(({ type }) => type)).toEqual([12, 8, 252]);
  });
});

describe('definitions', () => {
  test('ANY_VALUE makes no group where nothing else does', async () => {
    expect(await rows('select any_value(n) from a order by id')).toEqual(['1', '2', '', '2']);
    expect((await node.run('select any_value(n) from a')).columns.map(({ name }) => name)).toEqual(['any_value(n)']);
    expect(await rows('select any_value(n), count(*) from a where id < 3')).toEqual(['1 2']);
    expect(await rows('select n, any_value(id) from a where id < 3 group by n order by n')).toEqual(['1 1', '2 2']);
  });

  test('DATABASE() is as USE wrote it', async () => {
    for (const name of ['information_schema', 'Q', 'q']) {
      await node.run(`use ${name}`);
      expect(await rows('select database()')).toEqual([name]);
      expect(await rows('select id from q.a where id = 1')).toEqual(['1']);
    }
    await node.run('use Information_Schema');
    expect(await rows("select count(*) from tables where table_schema = 'q' and table_name = 'a'")).toEqual(['1']);
    await node.run('use q');
  });

  test('a view keeps the columns and the database that it was made of', async () => {
    await node.run('create table base (x int)');
    await node.run('insert into base values (1)');
    await node.run('create database other');
    await node.run('create view other.v as select * from base');
    await node.run('alter table base add column y int');
    expect(await rows('select * from other.v')).toEqual(['1']);
    expect((await node.run('show create view other.v')).rows[0]?.[1]).toContain(
      'AS SELECT `q`.`base`.`x` AS `x` FROM `q`.`base`',
    );
  });

  test('a column that a generated one needs stays', async () => {
    await node.run('create table g (a int, b int as ((a + 1) * 2), key (a))');
    expect(await failure('alter table g drop column a')).toBe(3108);
    expect(await failure('alter table g rename column a to c')).toBe(3108);
    expect((await node.run('show create table g')).rows[0]?.[1]).toContain('AS ((`a` + 1) * 2)');
  });

  test('aggregates and window functions of one text have their own parameters', async () => {
    const sql = 'select sum(id + ?), sum(id + ?) from a';
    const statement = await node.session.prepare(sql, {});
    const answer = await statement.execute([1n, 2n]);
    if (answer.kind !== 'rows') throw new Error('no rows');
    for await (const batch of answer.rows) expect(batch.map((row) => row.map(String))).toEqual([['14', '18']]);
    const windows = await node.session.prepare(
      'select lag(id, ?) over (order by id) one, lag(id, ?) over (order by id) two from a order by id desc limit 1',
      {},
    );
    const shifted = await windows.execute([1n, 2n]);
    if (shifted.kind !== 'rows') throw new Error('no rows');
    for await (const batch of shifted.rows) expect(batch).toEqual([[3n, 2n]]);
  });

  test('COMMIT and ROLLBACK AND CHAIN begin the next transaction at once', async () => {
    await node.run('create table chained (id int primary key)');
    for (const end of ['commit', 'rollback work']) {
      await node.run(`${end} and chain`);
      expect(node.session.status.inTransaction).toBe(true);
      await node.run('insert into chained values (1)');
      await node.run('rollback and no chain');
      expect(node.session.status.inTransaction).toBe(false);
    }
    expect(await rows('select * from chained')).toEqual([]);
  });

  test('TABLE STATUS and the table of tables tell the next AUTO_INCREMENT', async () => {
    await node.run('create table counted (id int primary key auto_increment)');
    await node.run('insert into counted values (null), (null)');
    const { rows: status } = await node.run("show table status like 'counted'");
    expect(status[0]?.[10]).toBe('3');
    const next = 'select auto_increment from information_schema.tables where table_schema = database() and table_name';
    expect(await rows(`${next} = 'counted'`)).toEqual(['3']);
    expect((await node.run(`${next} = 'a'`)).rows).toEqual([[null]]);
  });

  test('a statement after DDL sees what it made, also with autocommit off', async () => {
    await node.run('set autocommit = 0');
    await node.run('create table fresh (id int)');
    await node.run('insert into fresh values (1)');
    await node.run('commit');
    await node.run('set autocommit = 1');
    expect(await rows('select * from fresh')).toEqual(['1']);
  });

  test('tools find the account and the settings that they ask `mysql` for', async () => {
    expect(await rows("select user, host, plugin from mysql.user where Select_priv = 'Y'")).toEqual([
      'root % mysql_native_password',
    ]);
    expect(await rows("select variable_value from mysql.tidb where variable_name = 'new_collation_enabled'")).toEqual([
      'True',
    ]);
    expect((await node.run('show columns from mysql.user')).rows[0]?.[0]).toBe('Host');
    expect(await failure("insert into mysql.user (user) values ('x')")).toBe(1146);
  });
});
