import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  DdlError,
  type DdlJobs,
  dropColumn,
  dropTable,
  type JobSpec,
  modifyColumn,
  multiSchemaChange,
  newIndexInfo,
  newTableInfo,
  renameTable,
  type TableTarget,
} from '../src/index.js';
import { type Judgement, judge } from './judge.js';
import { ProcessFleet } from './process-fleet.js';
import type { RowsInEtcd } from './rows-in-etcd.js';
import { int, targetOf, varchar } from './tables.js';

const servers = 3;
const workers = 4;
const rowsPerTable = 40;

/**
 * A fleet of real processes under a mixed load of jobs, whose owner is killed with SIGKILL again and again at random moments. Looks at the end whether
 * every job came to an end, versions and diffs match, the metadata agree with themselves, and every binlog is one that may be.
 */
export async function killOwners(options: {
  readonly kills: number;
  /** Kills on until so many changes were tried, however slow the machine is. */
  readonly changes?: number;
  /** Ends earlier when so many minutes are over; the report says how many kills there were. */
  readonly minutes?: number;
  readonly log?: (line: string) => void;
}): Promise<Judgement & { readonly kills: number }> {
  await using fleet = await ProcessFleet.start();
  await Promise.all(Array.from({ length: servers }, () => fleet.startNode()));
  const stop = new AbortController();
  let changes = 0;
  const load = Promise.all(
    Array.from({ length: workers }, (_, at) =>
      runLoad(fleet.jobs, fleet.rows, at, stop.signal, () => {
        changes++;
      }),
    ),
  );
  const starting: Promise<unknown>[] = [];
  const end = performance.now() + (options.minutes ?? 60) * 60_000;
  let kills = 0;
  while ((kills < options.kills || changes < (options.changes ?? 0)) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 1_500));
    const owner = fleet.node(await fleet.ownerId());
    if (owner !== undefined) {
      await owner.kill();
      fleet.forget(owner);
      starting.push(fleet.startNode());
      // One may be on its way up while the next is killed, but not all of them.
      await starting.at(-2);
    }
    kills++;
    options.log?.(`${kills} owners killed`);
  }
  stop.abort();
  await load;
  await Promise.all(starting);
  return { kills, ...(await judge(fleet, ['kc'])) };
}

/** One client that changes a table of its own in every way, over and over, and now and then cancels what it asked for. */
async function runLoad(
  jobs: DdlJobs,
  rows: RowsInEtcd,
  at: number,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
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
      onChange();
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
