import { type EtcdMetaStorage, isFinished, type Job, JobState, Meta, SchemaState } from '../src/index.js';
import { transact } from '../src/meta/transact.js';
import type { ProcessFleet, WrittenBinlog } from './process-fleet.js';

export interface Judgement {
  readonly jobs: number;
  readonly byState: Readonly<Record<string, number>>;
  /** What is wrong; empty when everything holds. */
  readonly wrong: readonly string[];
}

/**
 * Looks at a fleet whose jobs are all over: whether each came to an end, versions and diffs match, the metadata agree with themselves and with the rows,
 * and every binlog is one that may be. `partly` names the indexes that not all of a table's rows have to be in.
 */
export async function judge(fleet: ProcessFleet, partly: readonly string[] = []): Promise<Judgement> {
  const wrong = (await fleet.jobs.jobs()).map((job) => `job ${job.id} is still in a queue, in state ${job.state}`);
  const binlogs = await fleet.binlogs();
  const history = await inMeta(fleet.storage, async (meta) => {
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
        for (const index of table.index_info.filter((each) => !partly.includes(each.idx_name.O))) {
          const entries = await fleet.rows.countEntries(table.id, index.id);
          const wanted = await fleet.rows.countRows(table.id);
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
  return { jobs: history.length, byState, wrong };
}

/** By the article: Prewrites for every try, Rollbacks for those that failed, at most one Commit, and the Prewrite of the transaction that ended the job. */
function wrongInBinlogs(job: Job, binlogs: readonly WrittenBinlog[]): readonly string[] {
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

/** Reads the metadata at one moment. */
export async function inMeta<T>(storage: EtcdMetaStorage, read: (meta: Meta) => Promise<T>): Promise<T> {
  return transact(storage, { signal: AbortSignal.timeout(60_000) }, (buffer) => read(new Meta(buffer)));
}
