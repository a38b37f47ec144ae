import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  dropColumn,
  dropTable,
  type JobSpec,
  JobState,
  modifyColumn,
  multiSchemaChange,
  newIndexInfo,
  newTableInfo,
  renameTable,
  type TableTarget,
} from '../src/index.js';
import { inMeta, type Judgement, judge } from './judge.js';
import { type NodeProcess, ProcessFleet } from './process-fleet.js';
import { int, targetOf, varchar } from './tables.js';

const rowsPerTable = 12;

/** What is done to one table, by name: the main actions, with each kind of step. */
export const faultyChanges: Readonly<Record<string, (table: TableTarget) => JobSpec>> = {
  'create table': ({ schemaId, schemaName, tableName }) =>
    createTable({ schemaId, schemaName }, newTableInfo(`${tableName}_second`, [int('a')])),
  'add column': (table) => addColumn(table, int('d'), 'first'),
  'add index': (table) => addIndex(table, newIndexInfo('kb', ['b'])),
  'drop column': (table) => dropColumn(table, 'c'),
  'modify column': (table) => modifyColumn(table, 'c', varchar('c', 10)),
  'two changes in one ALTER': (table) =>
    multiSchemaChange(table, [addColumn(table, int('e')), addIndex(table, newIndexInfo('kd', ['a']))]),
  'rename table': (table) => renameTable(table, { name: `${table.tableName}_renamed` }),
  'drop table': (table) => dropTable(table),
};

export interface FaultPointsReport extends Judgement {
  /** How many kills there were for each change. */
  readonly kills: Readonly<Record<string, number>>;
}

/**
 * Runs each change again and again, and lets its owner be killed at the first fault point of the first run, at the second of the second, and so on: right
 * before and right after every commit, every barrier and every batch of rows. The next server in line has to bring the job to its end, with as many
 * versions as it makes undisturbed.
 */
export async function killAtEveryPoint(
  names: readonly string[],
  log: (line: string) => void = () => {},
): Promise<FaultPointsReport> {
  await using fleet = await ProcessFleet.start();
  const wrong: string[] = [];
  const kills: Record<string, number> = {};
  let owner = await fleet.startNode();
  const database = await fleet.jobs.run(createSchema('d'));
  const schema = { schemaId: database.schema_id, schemaName: 'd' };
  let tables = 0;
  const prepare = async (change: (table: TableTarget) => JobSpec): Promise<JobSpec> => {
    const name = `t${tables++}`;
    const columns = [int('a'), varchar('b', 20), int('c')];
    const job = await fleet.jobs.run(createTable(schema, newTableInfo(name, columns, [newIndexInfo('kc', ['c'])])));
    await fleet.rows.insert(job.table_id, rowsPerTable);
    return change(targetOf(job, name));
  };
  for (const name of names) {
    const change = faultyChanges[name];
    if (change === undefined) {
      throw new Error(`there is no change called ${name}`);
    }
    const spec = await prepare(change);
    await owner.ask('die 0');
    const versions = await versionsMade(fleet, () => fleet.jobs.run(spec));
    const points = Number((await owner.ask('count')).split(' ')[1]);
    kills[name] = points;
    for (let point = 1; point <= points; point++) {
      const faulty = await prepare(change);
      const next: Promise<NodeProcess> = fleet.startNode();
      await owner.ask(`die ${point}`);
      const made = await versionsMade(fleet, async () => {
        const { id } = await fleet.jobs.submit(faulty);
        const ended = fleet.jobs.wait(id);
        // A run without a conflict that the first one had has fewer points: then it ends with its server alive.
        await Promise.race([owner.gone(), ended]);
        await owner.kill();
        await fleet.expire(owner);
        owner = await next;
        const { state } = await ended;
        if (state !== JobState.Synced) wrong.push(`${name}, point ${point}: ended in state ${state}`);
      });
      if (made !== versions) wrong.push(`${name}, point ${point}: ${made} versions, not ${versions}`);
      log(`${name}: killed at point ${point} of ${points}`);
    }
  }
  const judgement = await judge(fleet, ['kc']);
  return { ...judgement, kills, wrong: [...wrong, ...judgement.wrong] };
}

async function versionsMade(fleet: ProcessFleet, act: () => Promise<unknown>): Promise<number> {
  const read = () => inMeta(fleet.storage, (meta) => meta.schemaVersion());
  const before = await read();
  await act();
  return Number((await read()) - before);
}
