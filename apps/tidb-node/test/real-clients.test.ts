import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TidbNode } from '../src/index.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'real-clients-'));

/** The first of these programs for which the arguments succeed. */
function working(programs: readonly string[], ...args: string[]): string | undefined {
  return programs.find((program) => {
    try {
      execFileSync(program, args, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

const CLIENT = working(['mariadb', 'mysql'], '--version');
const DUMP = working(['mariadb-dump', 'mysqldump'], '--version');
const PYTHON = working(['python3', '/usr/bin/python3'], '-c', 'import pymysql');

/** The MySQL schema of Debian's icinga2-ido-mysql: of the installed package, or of one that apt downloads. */
function icingaSchema(): string | undefined {
  const path = 'usr/share/icinga2-ido-mysql/schema/mysql.sql';
  if (existsSync(`/${path}`)) return `/${path}`;
  try {
    execFileSync('apt-get', ['download', 'icinga2-ido-mysql'], { cwd: folder, stdio: 'ignore', timeout: 60_000 });
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    execFileSync('dpkg-deb', ['-x', archive ?? '', '.'], { cwd: folder, stdio: 'ignore' });
    return join(folder, path);
  } catch {
    return undefined;
  }
}

const SCHEMA = CLIENT === undefined ? undefined : icingaSchema();
const skipped = (what: unknown, why: string) => (what === undefined ? ` (skipped: ${why})` : '');

let etcd: LocalEtcd;
let node: TidbNode;
let connection: mysql.Connection;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  node = await TidbNode.start({
    endpoints: etcd.endpoints,
    port: 0,
    statusPort: 0,
    logger: pino({ level: 'silent' }),
  });
  connection = await mysql.createConnection({ host: '127.0.0.1', port: node.port, user: 'root' });
});

afterAll(async () => {
  connection?.destroy();
  await node?.close();
  await etcd?.close();
  rmSync(folder, { recursive: true, force: true });
});

const rowsOf = async (sql: string) => (await connection.query<RowDataPacket[]>(sql))[0];
const atNode = () => ['--no-defaults', '-h', '127.0.0.1', '-P', String(node.port), '-u', 'root', '--skip-ssl'];

/** Feeds a script to the command line client; its errors end it. */
async function feed(database: string, script: string | Buffer): Promise<string> {
  const child = run(CLIENT ?? '', [...atNode(), database], { maxBuffer: 1 << 26 });
  child.child.stdin?.end(script);
  return (await child).stdout;
}

describe.skipIf(SCHEMA === undefined)(
  `the schema of icinga2-ido-mysql${skipped(SCHEMA, 'needs the mariadb client, and the package or apt to download it')}`,
  () => {
    test('loads through the command line, is written, altered online and read back', { timeout: 600_000 }, async () => {
      const script = readFileSync(SCHEMA ?? '', 'utf8');
      await connection.query('create database icinga');
      await feed('icinga', script);
      const wanted = script.match(/^CREATE TABLE/gm)?.length;
      const [count] = await rowsOf("select count(*) n from information_schema.tables where table_schema = 'icinga'");
      expect(count?.n).toBe(wanted);
      expect((await rowsOf('select name from icinga.icinga_dbversion'))[0]).toEqual({ name: 'idoutils' });

      await connection.query('use icinga');
      const objects = Array.from({ length: 200 }, (_, id) => [1, id % 2 === 0 ? 1 : 2, `Host-${id}`, null]);
      await connection.query('insert into icinga_objects (instance_id, objecttype_id, name1, name2) values ?', [
        objects,
      ]);
      let writing = true;
      const writer = (async () => {
        const own = await mysql.createConnection({
          host: '127.0.0.1',
          port: node.port,
          user: 'root',
          database: 'icinga',
        });
        let written = 0;
        for (; writing || written === 0; written++) {
          const values = [1, written, `var${written}`, 'ä'];
          await own.execute(
            'insert into icinga_customvariables (instance_id, object_id, varname, varvalue) values (?, ?, ?, ?)',
            values,
          );
        }
        own.destroy();
        return written;
      })();
      await connection.query('alter table icinga_customvariables add column note varchar(20) default "none"');
      await connection.query('alter table icinga_customvariables add index by_value (varvalue(10))');
      writing = false;
      const written = await writer;
      await connection.query('admin check table icinga_customvariables, icinga_objects');
      expect(
        await rowsOf("select count(*) n, min(note) note from icinga_customvariables where varvalue = 'ä'"),
      ).toEqual([{ n: written, note: 'none' }]);
      // Its names are compared by latin1_general_cs: case counts.
      expect(await rowsOf("select name1 from icinga_objects where name1 in ('Host-7', 'host-8')")).toEqual([
        { name1: 'Host-7' },
      ]);
    });
  },
);

describe.skipIf(CLIENT === undefined || DUMP === undefined)(
  `a dump${skipped(CLIENT && DUMP, 'needs the mariadb client and mariadb-dump')}`,
  () => {
    test('of a database loads into another with the same tables, rows and views', { timeout: 120_000 }, async () => {
      await connection.query('create database source');
      await connection.query('create database target');
      await connection.query('use source');
      await connection.query(
        "create table kinds (id int primary key auto_increment, n decimal(10,3), s varchar(20) collate utf8mb4_general_ci, b blob, e enum('x','y'), j json, t timestamp(3) null, bits bit(9), key (s), unique key (n))",
      );
      await connection.query(
        'insert into kinds (n, s, b, e, j, t, bits) values (1.5, "quo\'te", x\'00ff27\', "x", \'{"a": [1, null]}\', "2020-01-02 03:04:05.678", 257), (null, null, null, null, null, null, null)',
      );
      await connection.query('create view names as select id, s from kinds where n > 1');
      const { stdout } = await run(DUMP ?? '', [...atNode(), '--skip-lock-tables', '--single-transaction', 'source'], {
        encoding: 'buffer',
        maxBuffer: 1 << 26,
      });
      await feed('target', stdout);
      const columns = 'id, n, s, hex(b), e, j, t, hex(bits)';
      expect(await rowsOf(`select ${columns} from target.kinds order by id`)).toEqual(
        await rowsOf(`select ${columns} from source.kinds order by id`),
      );
      const [there] = await rowsOf('show create table target.kinds');
      const [here] = await rowsOf('show create table source.kinds');
      expect(there?.['Create Table']).toBe(here?.['Create Table']);
      expect(await rowsOf('select * from target.names')).toEqual([{ id: 1, s: "quo'te" }]);
    });
  },
);

const PYMYSQL = `
import pymysql, sys, datetime, decimal
c = pymysql.connect(host='127.0.0.1', port=int(sys.argv[1]), user='root', charset='utf8mb4')
with c.cursor() as cur:
    cur.execute('create database py')
    cur.execute('use py')
    cur.execute('create table t (id int primary key auto_increment, d decimal(6,2), s varchar(20), b varbinary(10), at datetime(6), day date, took time, j json)')
    row = (decimal.Decimal('12.50'), 'größe %', b'\\x00\\xff', datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.date(2020, 1, 2), datetime.timedelta(hours=-3), '{"a": 1}')
    assert cur.execute('insert into t (d, s, b, at, day, took, j) values (%s, %s, %s, %s, %s, %s, %s)', row) == 1
    assert cur.lastrowid == 1
    cur.executemany('insert into t (s) values (%s)', [('x',), ('y',), ('z',)])
    c.commit()
    cur.execute('select d, s, b, at, day, took, j from t where id = %s', (1,))
    assert cur.fetchone() == row, 'row'
    cur.execute('delete from t where id > 1')
    assert cur.rowcount == 3
    c.rollback()
    cur.execute('select count(*) from t')
    assert cur.fetchone() == (4,), 'rollback'
    try:
        cur.execute("insert into t (id) values (1)")
        raise SystemExit('no error')
    except pymysql.err.IntegrityError as e:
        assert e.args[0] == 1062
with c.cursor(pymysql.cursors.SSDictCursor) as cur:
    cur.execute("select id, s from t where s like '_' order by id")
    assert [r['s'] for r in cur] == ['x', 'y', 'z']
c.ping()
print('ok')
`;

describe.skipIf(PYTHON === undefined)(
  `PyMySQL${skipped(PYTHON, 'needs python3 with pymysql (Debian: apt install python3-pymysql)')}`,
  () => {
    test('writes and reads every kind of value, counts rows, rolls back and streams', async () => {
      const { stdout } = await run(PYTHON ?? '', ['-c', PYMYSQL, String(node.port)]);
      expect(stdout.trim()).toBe('ok');
    });
  },
);
