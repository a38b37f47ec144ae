import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  DdlError,
  DdlJobs,
  dropColumn,
  dropTable,
  EtcdMetaStorage,
  isFinished,
  type Job,
  type JobSpec,
  JobState,
  Meta,
  modifyColumn,
  multiSchemaChange,
  newIndexInfo,
  newTableInfo,
  renameTable,
  SchemaState,
  type TableTarget,
} from '../src/index.js';
import { transact } from '../src/meta/transact.js';
import { RowsInEtcd } from './rows-in-etcd.js';
import { int, targetOf, varchar } from './tables.js';

const nodeFile = new URL('node-process.ts', import.meta.url).pathname;
const servers = 3;
const workers = 4;
const rowsPerTable = 40;

interface Binlog {
  readonly kind: 'prewrite' | 'commit' | 'rollback';
  readonly jobId: number;
  readonly jobState: JobState;
  readonly startTs: string;
}

export interface KilledOwnersReport {
  readonly kills: number;
  readonly jobs: number;
  readonly byState: Readonly<Record<string, number>>;
  /** What is wrong at the end; empty when everything holds. */
  readonly wrong: readonly string[];
}

/**
 * A fleet of real processes under a mixed load of jobs, whose owner is killed with SIGKILL again and again at random moments. Looks at the end whether
 * every job came to an end, versions and diffs match, the metadata agree with themselves, and every binlog is one that may be.
 */
export async function killOwners(options: {
  readonly kills: number;
  readonly log?: (line: string) => void;
}): Promise<KilledOwnersReport> {
  const folder = await mkdtemp(join(tmpdir(), 'killed-owners-'));
  const binlogFile = join(folder, 'binlogs');
  const etcd = await LocalEtcd.start();
  const root = '/killed';
  const nodes = new Map<string, ChildProcess>();
  let started = 0;
  const start = async () => {
    const id = `node-${started++}`;
    const args = ['--import', 'tsx', nodeFile, etcd.endpoints.join(','), root, id, binlogFile];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    nodes.set(id, child);
    await once(child.stdout ?? child, 'data');
  };
  const client = new EtcdClient({ endpoints: etcd.endpoints });
  const storage = new EtcdMetaStorage({ client, prefix: `${root}/meta/` });
  const jobs = new DdlJobs({ storage });
  const watcher = new OwnerManager(client, { id: 'watcher', key: `${root}/owner` });
  const rows = new RowsInEtcd(client, `${root}/rows/`);
  try {
    await Promise.all(Array.from({ length: servers }, start));
    const stop = new AbortController();
    const load = Promise.all(Array.from({ length: workers }, (_, at) => runLoad(jobs, rows, at, stop.signal)));
    for (let kill = 1; kill <= options.kills; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 1_500));
      const ownerId = await waitForOwner(watcher);
      const child = nodes.get(ownerId);
      if (child !== undefined) {
        nodes.delete(ownerId);
        child.kill('SIGKILL');
        await once(child, 'exit');
        await start();
      }
      options.log?.(`${kill} owners killed`);
    }
    stop.abort();
    await load;
    return await judge(storage, rows, await readBinlogs(binlogFile), options.kills);
  } finally {
    await Promise.all(
      [...nodes.values()].map(async (child) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
    await jobs.close();
    await watcher.close();
    await client.close();
    await etcd.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One client that changes a table of its own in every way, over and over, and now and then cancels what it asked for. */
async function runLoad(jobs: DdlJobs, rows: RowsInEtcd, at: number, signal: AbortSignal): Promise<void> {
  const database = await jobs.run(createSchema(`d${at}`));
  const schema = { schemaId: database.schema_id, schemaName: `d${at}` };
  for (let turn = 0; !signal.aborted; turn++) {
    const columns = [int('a'), varchar('b', 20), int('c')];
    const created = await jobs.run(createTable(schema, newTableInfo(`t${turn}`, columns, [newIndexInfo('kc', ['c'])])));
    const table = targetOf(created, `t${turn}`);
    await rows.insert(table.tableId, rowsPerTable);
    for (const spec of changesOf(table)) {
      if (signal.aborted) break;
      await attempt(jobs, spec);
    }
    if (turn % 3 === 0) await attempt(jobs, dropTable(table));
  }
}

function changesOf(table: TableTarget): readonly JobSpec[] {
  return [
    addColumn(table, int('d'), 'first'),
    addIndex(table, newIndexInfo('kb', ['b'])),
    multiSchemaChange(table, [addColumn(table, int('e')), addIndex(table, newIndexInfo('kd', ['a']))]),
    modifyColumn(table, 'c', varchar('c', 10)),
    dropColumn(table, 'd'),
    renameTable(table, { name: `${table.tableName}_renamed` }),
  ];
}

async function attempt(jobs: DdlJobs, spec: JobSpec): Promise<void> {
  try {
    const job = await jobs.submit(spec);
    if (Math.random() < 0.2) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      await jobs.cancel([job.id]);
    }
    await jobs.wait(job.id);
  } catch (error) {
    // A job that was cancelled, and one that needs what a cancelled one would have made.
    if (!DdlError.is(error) || ![8214, 1054, 1072, 1091].includes(error.errno)) throw error;
  }
}

async function waitForOwner(watcher: OwnerManager): Promise<string> {
  for (;;) {
    const id = await watcher.getOwnerId().catch(() => undefined);
    if (id !== undefined) return id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readBinlogs(file: string): Promise<readonly Binlog[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Binlog);
}

async function judge(
  storage: EtcdMetaStorage,
  rows: RowsInEtcd,
  binlogs: readonly Binlog[],
  kills: number,
): Promise<KilledOwnersReport> {
  const wrong: string[] = [];
  const reader = new DdlJobs({ storage });
  const left = await reader.jobs();
  await reader.close();
  for (const job of left) wrong.push(`job ${job.id} is still in a queue, in state ${job.state}`);
  const history = await inMeta(storage, async (meta) => {
    const last = await meta.schemaVersion();
    for (let version = 1n; version <= last; version++) {
      if ((await meta.diff(version)) === undefined) wrong.push(`version ${version} has no diff`);
    }
    for (const database of await meta.databases()) {
      for (const table of await meta.tables(database.id)) {
        const named = await meta.tableIdNamed(database, table.name.L);
        if (named !== table.id) wrong.push(`the name ${table.name.O} means table ${named}, not ${table.id}`);
        const elements = [...table.cols, ...table.index_info];
        if (elements.some((element) => element.state !== SchemaState.Public)) {
          wrong.push(`table ${table.name.O} has elements that are not public`);
        }
        for (const index of table.index_info.filter((each) => each.idx_name.O !== 'kc')) {
          const entries = await rows.countEntries(table.id, index.id);
          const wanted = await rows.countRows(table.id);
          if (entries !== wanted) wrong.push(`index ${index.idx_name.O} has ${entries} entries for ${wanted} rows`);
        }
      }
    }
    return meta.historyJobs();
  });
  for (const job of history) wrong.push(...wrongInBinlogs(job, binlogs));
  const byState: Record<string, number> = {};
  for (const job of history) {
    if (!isFinished(job.state) || job.state === JobState.Done) wrong.push(`job ${job.id} ended in state ${job.state}`);
    byState[job.state] = (byState[job.state] ?? 0) + 1;
  }
  return { kills, jobs: history.length, byState, wrong };
}

/** By the article: Prewrites for every try, Rollbacks for those that failed, at most one Commit, and the Prewrite of the transaction that ended the job. */
function wrongInBinlogs(job: Job, binlogs: readonly Binlog[]): readonly string[] {
  const own = binlogs.filter((binlog) => binlog.jobId === job.id);
  if (job.state === JobState.Cancelled) {
    return own.length === 0 ? [] : [`cancelled job ${job.id} has ${own.length} binlogs`];
  }
  const wrong: string[] = [];
  const commits = own.filter((binlog) => binlog.kind === 'commit');
  if (commits.length > 1) wrong.push(`job ${job.id} has ${commits.length} Commits`);
  const last = String(job.binlog?.FinishedTS);
  if (!own.some((binlog) => binlog.kind === 'prewrite' && binlog.startTs === last)) {
    wrong.push(`job ${job.id} has no Prewrite of the transaction that ended it`);
  }
  if (commits.some((binlog) => binlog.startTs !== last || binlog.jobState !== job.state)) {
    wrong.push(`job ${job.id} has a Commit of another transaction, or another state`);
  }
  if (own.some((binlog) => binlog.kind === 'rollback' && binlog.startTs === last)) {
    wrong.push(`job ${job.id} has a Rollback of the transaction that ended it`);
  }
  return wrong;
}

async function inMeta<T>(storage: EtcdMetaStorage, read: (meta: Meta) => Promise<T>): Promise<T> {
  return transact(storage, { signal: AbortSignal.timeout(60_000) }, (buffer) => read(new Meta(buffer)));
}
