import { setMaxListeners } from 'node:events';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { TidbNode } from '../../src/index.js';
import { checkSums, openBank, TABLES, transfer } from './bank.js';
import { BankClient } from './client.js';
import { BankCluster } from './cluster.js';
import { breakThings, type Fault } from './faults.js';
import { Random } from './random.js';
import { jobsById, replay } from './replay.js';
import { changeSchema, jobsOf, type SchemaChangeCounts } from './schema-changes.js';

export interface TrialOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly etcdMembers: 1 | 3;
  readonly faults: readonly Fault[];
  readonly say: (line: string) => void;
}

export interface TrialResult {
  readonly faults: readonly string[];
  /** Transfers that were acknowledged. */
  readonly transfers: number;
  readonly sumsChecked: number;
  readonly schemaChanges: SchemaChangeCounts;
  /** Transactions found in the binlogs. */
  readonly replayed: number;
  /** What must not be: empty when all held. */
  readonly problems: readonly string[];
}

/**
 * Transfers on three nodes while the schema changes and processes die; then everything is looked through, and done again from the binlogs in
 * another cluster.
 */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { seed, say } = options;
  const random = new Random(seed);
  const problems: string[] = [];
  const problem = (error: unknown) => {
    const text = describe(error);
    if (problems.length < 50) problems.push(text);
    say(`PROBLEM ${text}`);
  };
  await using cluster = await BankCluster.start(options.etcdMembers);
  say(`cluster is up, logs in ${cluster.playground.folder}`);
  const nodes = cluster.names('db');
  const first = nodes[0] ?? '';
  const setUp = await mysql.createConnection({ host: '127.0.0.1', port: cluster.port(first), user: 'root' });
  await setUp.query('create database bank');
  setUp.destroy();
  const forever = new AbortController().signal;
  const admin = new BankClient(() => cluster.port(first), forever);
  await openBank(admin);

  const end = new AbortController();
  setMaxListeners(0, end.signal);
  /** What each acknowledged transfer moved. */
  const acknowledged = new Map<string, number>();
  let sumsChecked = 0;
  const schemaChanges: SchemaChangeCounts = { done: 0, cancelled: 0, refused: 0 };
  const client = (name: string) => new BankClient(() => cluster.port(name), end.signal);
  const work = nodes.flatMap((name, n) => {
    const tellers = [0, 1].map((teller) => {
      const mine = client(name);
      const choices = new Random(seed * 100 + n * 10 + teller);
      let count = 0;
      return mine.repeat(async () => {
        const token = `${n}-${teller}-${count++}`;
        acknowledged.set(token, await transfer(mine, choices, token));
      }, problem);
    });
    const auditor = client(name);
    const audits = auditor.repeat(async () => {
      await checkSums(auditor);
      sumsChecked += 1;
    }, problem);
    return [...tellers, audits];
  });
  const [changer, canceller] = [client(nodes[1] ?? ''), client(nodes[2] ?? '')];
  const choices = new Random(seed + 1);
  const changes = changer.repeat(() => changeSchema(changer, canceller, choices, schemaChanges), problem);

  const timer = setTimeout(() => end.abort(), options.seconds * 1_000);
  const faults = await breakThings(cluster, random, options.faults, end.signal, say).catch((error: unknown) => {
    problem(error);
    end.abort();
    return [];
  });
  await Promise.all([...work, changes]);
  clearTimeout(timer);
  say(`${acknowledged.size} transfers, ${sumsChecked} sums, ${JSON.stringify(schemaChanges)}; looking through`);

  const result = { faults, transfers: acknowledged.size, sumsChecked, schemaChanges };
  admin.drop();
  try {
    await queueIsEmpty(admin);
    await checkSums(admin);
    for (const table of TABLES) await admin.query(`admin check table ${table}`);
    const kept = new Set((await admin.query('select token from ledger')).map((row) => String(row.token)));
    // Only entries that moved nothing are ever deleted.
    const lost = [...acknowledged].filter(([token, amount]) => amount !== 0 && !kept.has(token));
    if (lost.length > 0) problem(new Error(`acknowledged transfers are lost: ${lost.join(' ')}`));
    const replayed = await replayAndCompare(cluster, admin, say);
    return { ...result, replayed, problems };
  } catch (error) {
    problem(error);
    return { ...result, replayed: 0, problems };
  } finally {
    admin.drop();
    if (problems.length > 0) say(`the logs are in ${await cluster.keepLogs()}`);
  }
}

/** Jobs that were under way at the end are carried through first. */
async function queueIsEmpty(admin: BankClient): Promise<void> {
  for (const until = Date.now() + 120_000; ; ) {
    const jobs = await jobsOf(admin);
    const open = jobs.filter((job) => !['synced', 'cancelled', 'rollback done'].includes(String(job.STATE)));
    if (open.length === 0) return;
    if (Date.now() > until) throw new Error(`jobs do not come to an end: ${JSON.stringify(open)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function replayAndCompare(cluster: BankCluster, admin: BankClient, say: (line: string) => void): Promise<number> {
  await admin.query("insert into ledger (token, account, amount) values ('last', 0, 0)");
  const history = await cluster.status(cluster.names('db')[0] ?? '', '/ddl/history?limit=1000000');
  await using etcd = await LocalEtcd.start();
  await using node = await TidbNode.start({
    endpoints: etcd.endpoints,
    port: 0,
    statusPort: 0,
    logger: pino({ level: 'silent' }),
  });
  const replayed = await replay({
    endpoints: cluster.etcd.endpoints,
    jobs: jobsById(history),
    port: node.port,
    isLast: (change) => change.type === 'insert' && change.after.token === 'last',
  });
  say(`${replayed} transactions replayed, comparing`);
  const copy = await mysql.createConnection({ host: '127.0.0.1', port: node.port, user: 'root', database: 'bank' });
  try {
    for (const table of TABLES) {
      const [[theirs], [ours]] = await Promise.all([
        copy.query<RowDataPacket[]>(`show create table ${table}`),
        admin.query(`show create table ${table}`).then((rows) => [rows]),
      ]);
      same(`definition of ${table}`, definition(theirs), definition(ours));
      const sql = `select * from ${table} order by id`;
      const [copied] = await copy.query<RowDataPacket[]>({ sql, supportBigNumbers: true, bigNumberStrings: true });
      const original = await admin.query(sql);
      same(`number of rows of ${table}`, copied.length, original.length);
      for (const [at, row] of original.entries()) same(`row ${at} of ${table}`, row, copied[at]);
    }
  } finally {
    copy.destroy();
  }
  return replayed;
}

function definition(rows: RowDataPacket[] | undefined): string {
  return String(rows?.[0]?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
}

function same(what: string, a: unknown, b: unknown): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right) throw new Error(`${what} differs:\n  ${left}\n  ${right}`);
}

function describe(error: unknown): string {
  const { message, errno, code, sql } = error as { message?: string; errno?: number; code?: string; sql?: string };
  return `${errno ?? code ?? ''} ${message ?? String(error)}${sql === undefined ? '' : ` in: ${sql}`}`;
}
