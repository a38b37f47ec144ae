import { BinlogReader, type CommittedDdl, SchemaHistory, type TableChange } from '@tidb-js/binlog';
import { decodeJob, type Job, JobState } from '@tidb-js/ddl-jobs';
import { EtcdClient } from '@tidb-js/etcd-session';
import mysql, { type ResultSetHeader } from 'mysql2/promise';

export interface ReplayOptions {
  readonly endpoints: readonly string[];
  /** All finished jobs of the cluster, as `/ddl/history` gives them. */
  readonly jobs: ReadonlyMap<bigint, Job>;
  /** Where everything is done again. */
  readonly port: number;
  /** The replay ends behind the event for which this says true. */
  readonly isLast: (change: TableChange) => boolean;
}

/** The jobs of `/ddl/history` by id. */
export function jobsById(history: string): ReadonlyMap<bigint, Job> {
  // Each job once more as text: its 64 bits must not pass through numbers.
  const texts = splitArray(history);
  return new Map(texts.map((text) => decodeJob(text)).map((job): [bigint, Job] => [BigInt(job.id), job]));
}

/** Does everything that the binlogs of all Pumps tell again in another cluster, in their order. Answers the number of transactions. */
export async function replay({ endpoints, jobs, port, isLast }: ReplayOptions): Promise<number> {
  const etcd = new EtcdClient({ endpoints });
  const target = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root', supportBigNumbers: true });
  const schemas = new SchemaHistory();
  const onDdl = ({ jobId, commitTs }: CommittedDdl) => {
    const job = jobs.get(jobId);
    if (job === undefined) throw new Error(`the binlog tells of job ${jobId}, which is not in the history`);
    const table = job.binlog?.TableInfo;
    if (tookEffect(job) && table) {
      schemas.add({ commitTs, schema: job.schema_name, tableId: job.table_id, table });
    }
  };
  let transactions = 0;
  try {
    for await (const event of new BinlogReader({ etcd, after: 0n, schemas, onDdl })) {
      if (event.type === 'ddl') {
        const job = jobs.get(event.jobId);
        // A dropped column is told of twice; its table changes with the second.
        const isFirstOfTwo = event.schemaState !== 0 && event.schemaState !== 5;
        if (job === undefined || !tookEffect(job) || isFirstOfTwo || job.schema_name !== 'bank') continue;
        if (!/^create (database|schema)/i.test(event.query)) await target.query('use bank');
        await target.query(event.query);
        continue;
      }
      transactions += 1;
      await target.query('begin');
      for (const change of event.changes) await apply(target, change);
      await target.query('commit');
      if (event.changes.some(isLast)) return transactions;
    }
  } finally {
    target.destroy();
    await etcd.close();
  }
  throw new Error('the binlogs ended before the last change');
}

function tookEffect({ state }: Job): boolean {
  return state === JobState.Synced || state === JobState.Done;
}

async function apply(target: mysql.Connection, change: TableChange): Promise<void> {
  const table = `\`${change.schema}\`.\`${change.table}\``;
  if (change.type !== 'insert') {
    const id = change.before?.id;
    const [{ affectedRows }] = await target.query<ResultSetHeader>(`delete from ${table} where id = ?`, [id]);
    if (affectedRows !== 1) throw new Error(`${change.type} of ${table} row ${id}: ${affectedRows} rows were there`);
  }
  if (change.type === 'delete') return;
  const columns = Object.entries(change.after).filter(([, value]) => value !== undefined);
  await target.query(
    `insert into ${table} (${columns.map(([name]) => `\`${name}\``).join(',')}) values (${columns.map(() => '?').join(',')})`,
    columns.map(([, value]) => value),
  );
}

/** The elements of a JSON array as texts. */
function splitArray(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth === 2) start = at;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 1) elements.push(text.slice(start, at + 1));
    }
  }
  return elements;
}
