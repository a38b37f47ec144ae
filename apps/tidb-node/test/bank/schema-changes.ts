import { TABLES } from './bank.js';
import type { BankClient } from './client.js';
import type { Random } from './random.js';

/** Names of what a trial adds; everything else in the tables stays. */
const ADDED = /^(c|i)_\d+$/;

/** What became of a trial's schema changes. */
export interface SchemaChangeCounts {
  done: number;
  cancelled: number;
  refused: number;
}

/** 8214: the job was cancelled; 1050 to 1091: what a lost connection's job did already; 8200: a column under an index of several; 8224: the job to be cancelled is over. */
const ENDS = new Set([1054, 1060, 1061, 1072, 1091, 8200, 8214, 8224]);

/** Adds, drops or renames a column, adds or drops an index, changes a column's type, or does several of these at once, on a table of the bank's. */
export async function changeSchema(
  client: BankClient,
  other: BankClient,
  random: Random,
  counts: SchemaChangeCounts,
): Promise<void> {
  const table = random.one(TABLES);
  const columns = (await client.query(`show columns from ${table}`)).map((row) => String(row.Field));
  const indexes = new Set((await client.query(`show index from ${table}`)).map((row) => String(row.Key_name)));
  const added = [...columns.filter((name) => ADDED.test(name)), ...[...indexes].filter((name) => ADDED.test(name))];
  const id = random.below(1_000_000);
  const sql = ((): string => {
    if (added.length > 3) {
      const name = random.one(added);
      return `alter table ${table} drop ${name.startsWith('c') ? 'column' : 'index'} ${name}`;
    }
    const columnsAdded = added.filter((name) => name.startsWith('c_'));
    switch (random.below(6)) {
      case 0:
        return `alter table ${table} add column c_${id} int not null default ${id}`;
      case 1:
        return `alter table ${table} add column c_${id} varchar(20) default 'none'`;
      case 2:
        return `alter table ledger modify column amount ${random.one(['int', 'bigint', 'varchar(30)', 'int'])}`;
      case 3:
        if (columnsAdded.length > 0) {
          return `alter table ${table} rename column ${random.one(columnsAdded)} to c_${id}`;
        }
        return `alter table ledger modify column amount varchar(20), add index i_${id} (account, id)`;
      case 4: {
        const gone = columnsAdded.length > 0 ? `, drop column ${random.one(columnsAdded)}` : '';
        return `alter table ${table} add column c_${id} int default 7, add index i_${id} (id, ${table === 'ledger' ? 'account' : 'balance'})${gone}`;
      }
      default:
        return `alter table ${table} add index i_${id} (${random.one(columns)}, id)`;
    }
  })();
  const cancelling = random.next() < 0.3 ? cancelRunning(other, counts) : undefined;
  try {
    await client.query(sql);
    counts.done += 1;
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno === undefined || !ENDS.has(errno)) throw error;
    if (errno !== 8214) counts.refused += 1;
  } finally {
    await cancelling;
  }
}

/** The jobs, without the lines of their parts. */
export async function jobsOf(client: BankClient) {
  const lines = await client.query('admin show ddl jobs');
  return lines.filter(({ JOB_TYPE }) => !/subjob/.test(String(JOB_TYPE)));
}

/** Cancels the jobs that run at the moment. */
async function cancelRunning(client: BankClient, counts: SchemaChangeCounts): Promise<void> {
  try {
    const jobs = await jobsOf(client);
    const running = jobs.filter((job) => ['running', 'queueing', 'none'].includes(String(job.STATE)));
    for (const { JOB_ID } of running) {
      const [result] = await client.query(`admin cancel ddl jobs ${JOB_ID}`);
      if (String(result?.RESULT).startsWith('success')) counts.cancelled += 1;
    }
  } catch {
    // The node went away: another time.
    client.drop();
  }
}
