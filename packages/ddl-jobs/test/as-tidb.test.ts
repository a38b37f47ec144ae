import { readFileSync } from 'node:fs';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addColumn,
  addIndex,
  ColumnFlag,
  type ColumnInfo,
  createSchema,
  createTable,
  createTableLike,
  createView,
  type DdlBinlog,
  DdlError,
  decodeJob,
  dropColumn,
  dropIndex,
  dropPrimaryKey,
  dropTable,
  dropView,
  encodeJob,
  type Job,
  type JobSpec,
  type Json,
  Meta,
  modifyColumn,
  modifyTableComment,
  multiSchemaChange,
  name,
  newDBInfo,
  newIndexInfo,
  parseJson,
  rebaseAutoId,
  renameColumn,
  renameIndex,
  renameTable,
  SchemaState,
  setDefaultValue,
  stringifyJson,
  type TableInfo,
  type TableTarget,
  truncateTable,
} from '../src/index.js';
import { stringKey } from '../src/meta/structure.js';
import { transact } from '../src/meta/transact.js';
import { orderColumns } from '../src/model/table-edit.js';
import { Fleet, until } from './fleet.js';

/*
 * The jobs that a real TiDB 6.6 ran, run again here: each begins with the table that TiDB's began with, and has to end with the same job (state, schema
 * state, arguments, error, sub-jobs), the same table, as many versions with the same diffs, and the same binlogs. What differs on purpose stands with its case.
 */

interface Case {
  readonly name: string;
  readonly sql?: string;
  readonly statements?: readonly { readonly sql: string }[];
  readonly schema_version_before?: string;
  readonly schema_version_after?: string;
  readonly ddl_binlogs?: readonly { readonly tp: string; readonly ddl_schema_state?: number }[];
  readonly etcd?: readonly { readonly op: string; readonly key: string; readonly value?: string }[];
  readonly history_json?: string;
}

const load = (file: string) => JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8'));
const cases = new Map((load('ddl-jobs.json').cases as readonly Case[]).map((each) => [each.name, each]));
const diffs = new Map(
  (load('kv-meta.json').kvs as readonly { key: string; value_text: string }[]).map((pair) => [
    pair.key,
    pair.value_text,
  ]),
);

function jobOf(caseName: string): Job {
  const [job] = parseJson(cases.get(caseName)?.history_json ?? '[]') as readonly Json[];
  return decodeJob(stringifyJson(job));
}

function tableAfter(caseName: string): TableInfo {
  const table = jobOf(caseName).binlog?.TableInfo;
  if (table == null) {
    throw new Error(`${caseName} leaves no table`);
  }
  return table;
}

const columnOf = (table: TableInfo, columnName: string) => {
  const found = table.cols.find((column) => column.name.L === columnName);
  if (found === undefined) {
    throw new Error(`${table.name.O} has no column ${columnName}`);
  }
  return found;
};
/** A column as a statement brings it: without what its steps give it. */
const fresh = (column: ColumnInfo): ColumnInfo => ({ ...column, id: 0, offset: 0, state: SchemaState.None });
const without = (table: TableInfo, columnName: string): TableInfo => ({
  ...orderColumns(
    table,
    table.cols.filter((column) => column.name.L !== columnName),
  ),
  max_col_id: table.max_col_id - 1,
});
const withColumn = (table: TableInfo, columnName: string, fields: Partial<ColumnInfo>): TableInfo => ({
  ...table,
  cols: table.cols.map((column) => (column.name.L === columnName ? { ...column, ...fields } : column)),
});
/** The table before an index was added, and the flag of its first column with it. */
const withoutIndex = (table: TableInfo, indexName: string, flag: { readonly [column: string]: number } = {}) => ({
  ...table,
  max_idx_id: table.max_idx_id - 1,
  index_info: table.index_info.filter((index) => index.idx_name.L !== indexName),
  cols: table.cols.map((column) => ({
    ...column,
    type: { ...column.type, Flag: column.type.Flag & ~(flag[column.name.L] ?? 0) },
  })),
});

interface Trace {
  readonly case: string;
  /** The table that the job finds; none for a job that creates one. */
  readonly before?: TableInfo;
  readonly spec: (target: TableTarget, after: Job) => JobSpec;
  /** Versions fewer (-) or more (+) than TiDB 6.6 makes, and why. */
  readonly versions?: readonly [difference: number, why: string];
  /** Members in which the job differs, and why. */
  readonly differs?: Readonly<Record<string, string>>;
  readonly cancelAt?: SchemaState;
  /** The first of the case's binlogs that is the job's. */
  readonly binlogsFrom?: number;
  /** Its binlogs, where the case has them not. */
  readonly binlogs?: readonly string[];
}

const merge = 'TiDB 6.6 backfills into a temporary index and merges it, in two versions of their own';
const rowCount = { row_count: 'there are rows in that table' };
const byHand = { admin_operator: 'says who stopped it, as TiDB does from 7.2 on' };
const mergeSteps: readonly [number, string] = [-2, merge];
const vd = { schemaId: 129, schemaName: 'vd' };
const T = (caseName: string) => tableAfter(caseName);
const mul = ColumnFlag.MultipleKey;

/** Rows that are written before the job's last version, and after the common step, can only be read by the table of that step. */
const commonVersion = { SchemaVersion: 'is that of the common step of several actions' };

const traces: readonly Trace[] = [
  { case: 'create database', spec: () => createSchema('vd') },
  { case: 'create database with charset', spec: () => createSchema('vd2', { charset: 'latin1' }) },
  ...['create table', 'shard row id bits', 'comment with special options', 'mdl off create table'].map((title) => ({
    case: title,
    spec: () => createTable(vd, { ...T(title), id: 0, state: SchemaState.None }),
  })),
  ...['create partitioned', 'hash partitions', 'list partitions'].map((title) => ({
    case: title,
    spec: () => createTable(vd, { ...T(title), id: 0, state: SchemaState.None }),
  })),
  {
    case: 'create table existing',
    spec: () => createTableLike(vd, 't_like', T('create table')),
    versions: [1, 'the job is that of the case before, which is not among them'],
    binlogs: ['Prewrite 5', 'Commit 5'],
  },
  {
    case: 'add column last',
    before: T('create table'),
    spec: (t) => addColumn(t, fresh(columnOf(T('add column last'), 'd'))),
  },
  {
    case: 'add column after',
    before: without(T('add column after'), 'f'),
    spec: (t) => addColumn(t, fresh(columnOf(T('add column after'), 'f')), { after: 'a' }),
  },
  {
    case: 'add two columns',
    before: T('add column after'),
    spec: (t) =>
      multiSchemaChange(t, [
        addColumn(t, fresh(columnOf(T('add two columns'), 'g'))),
        addColumn(t, fresh(columnOf(T('add two columns'), 'h'))),
      ]),
  },
  {
    case: 'drop two columns',
    before: { ...without(T('add two columns'), 'd'), max_col_id: 8 },
    spec: (t) => multiSchemaChange(t, [dropColumn(t, 'g'), dropColumn(t, 'h')]),
    differs: commonVersion,
  },
  {
    case: 'modify column meta only',
    before: T('drop two columns'),
    spec: (t) => modifyColumn(t, 'b', columnOf(T('modify column meta only'), 'b')),
  },
  {
    case: 'change column',
    before: withColumn(T('change column'), 'c2', {
      name: name('c'),
      type: { ...columnOf(T('change column'), 'c2').type, Flag: 0 },
    }),
    spec: (t) => modifyColumn(t, 'c', columnOf(T('change column'), 'c2')),
  },
  {
    case: 'rename column',
    before: T('change column'),
    spec: (t) => renameColumn(t, columnOf(T('change column'), 'c2'), 'c3'),
  },
  {
    case: 'alter default',
    before: withColumn(T('alter default'), 'b', { default: null }),
    spec: (t) => setDefaultValue(t, columnOf(T('alter default'), 'b')),
  },
  {
    case: 'drop default',
    before: T('alter default'),
    spec: (t) => setDefaultValue(t, columnOf(T('drop default'), 'b')),
  },
  {
    case: 'create index',
    before: withoutIndex(T('create index'), 'kf', { f: mul }),
    spec: (t) => addIndex(t, newIndexInfo('kf', ['f'])),
    versions: mergeSteps,
    differs: rowCount,
  },
  {
    case: 'add unique',
    before: T('create index'),
    spec: (t) => addIndex(t, newIndexInfo('uk', ['a', 'b'], { is_unique: true })),
    versions: mergeSteps,
    differs: rowCount,
  },
  {
    case: 'add index prefix and expression order',
    before: withoutIndex(T('add index prefix and expression order'), 'kp'),
    spec: (t) => addIndex(t, newIndexInfo('kp', [{ name: 'b', length: 3 }, 'c3'])),
    versions: mergeSteps,
    differs: rowCount,
  },
  {
    case: 'rename index',
    before: T('add index prefix and expression order'),
    spec: (t) => renameIndex(t, 'kc', 'kc2'),
  },
  { case: 'drop index', before: T('rename index'), spec: (t) => dropIndex(t, 'kc2') },
  { case: 'drop index 2', before: T('drop index'), spec: (t) => dropIndex(t, 'kf') },
  {
    case: 'drop primary key',
    before: {
      ...withColumn(T('drop primary key'), 'a', {
        type: {
          ...columnOf(T('drop primary key'), 'a').type,
          Flag: columnOf(T('drop primary key'), 'a').type.Flag | ColumnFlag.PrimaryKey,
        },
      }),
      index_info: [
        {
          ...newIndexInfo('PRIMARY', ['a'], { is_unique: true, is_primary: true, state: SchemaState.Public }),
          id: 1,
        },
      ],
    },
    spec: (t) => dropPrimaryKey(t),
  },
  { case: 'comment', before: T('drop index 2'), spec: (t) => modifyTableComment(t, 'second') },
  {
    case: 'auto increment',
    before: { ...T('auto increment'), auto_inc_id: 0n },
    spec: (t) => rebaseAutoId(t, 1000n),
    versions: [-1, 'the table of the same case was created in it'],
    binlogsFrom: 2,
  },
  { case: 'rename table', before: T('create table existing'), spec: (t) => renameTable(t, { name: 't_like2' }) },
  {
    case: 'rename table other db',
    before: T('rename table'),
    spec: (t) => renameTable(t, { name: 't_like3', schemaId: 131, schemaName: 'vd2' }),
  },
  { case: 'truncate table', before: T('comment'), spec: (t) => truncateTable(t) },
  {
    case: 'create view',
    spec: (_, { binlog }) => {
      const view = binlog?.TableInfo;
      return createView(vd, {
        name: 'v',
        collate: 'utf8mb4_unicode_ci',
        select: view?.view?.view_select ?? '',
        columns: view?.cols ?? [],
        ...(view?.view != null && { definition: view.view }),
      });
    },
  },
  {
    case: 'drop view',
    before: { ...T('drop view'), state: SchemaState.Public },
    spec: (t) => dropView(t),
  },
  {
    case: 'multi schema change',
    before: T('truncate table'),
    spec: (t) =>
      multiSchemaChange(t, [
        addColumn(t, fresh(columnOf(T('multi schema change'), 'm1'))),
        dropColumn(t, 'f'),
        addIndex(t, newIndexInfo('km', ['c3'])),
      ]),
    versions: [-3, `${merge}; a third one to take it out`],
    differs: { ...commonVersion, reorg_tp: 'says how TiDB fills the index' },
  },
  {
    case: 'generated column',
    before: T('multi schema change'),
    spec: (t) => addColumn(t, fresh(columnOf(T('generated column'), 'gv'))),
  },
  {
    case: 'drop two tables',
    before: { ...T('drop two tables'), state: SchemaState.Public },
    spec: (t) => dropTable(t),
    versions: [-3, 'the other table of the statement is a job of its own'],
    binlogsFrom: 2,
  },
  {
    case: 'mdl off add index',
    before: withoutIndex(T('mdl off add index'), 'kb', { b: mul }),
    spec: (t) => addIndex(t, newIndexInfo('kb', ['b'])),
    versions: mergeSteps,
  },
  { case: 'mdl off drop column', before: T('mdl off add index'), spec: (t) => dropColumn(t, 'c') },
  {
    case: 'cancel add index in write reorganization',
    before: withoutIndex(T('cancel add index in write reorganization'), 'iv'),
    spec: (t) => addIndex(t, newIndexInfo('iv', ['v'])),
    cancelAt: SchemaState.WriteReorganization,
    differs: byHand,
  },
  {
    case: 'cancel add column in write only',
    before: {
      ...T('cancel add column in write only'),
      max_col_id: T('cancel add column in write only').max_col_id - 1,
    },
    spec: (t) => addColumn(t, fresh({ ...columnOf(T('add column last'), 'd'), name: name('z') })),
    cancelAt: SchemaState.WriteOnly,
    differs: byHand,
  },
];

/** Cases whose action is not done here (8200), or that are no schema change. */
const untraced = [
  'create table if not exists existing',
  'create sequence',
  'drop sequence',
  'truncate partition',
  'drop partition',
  'drop foreign key',
  'drop table if exists missing',
  'recover table',
  'cache table',
  'metadata lock off',
  'metadata lock on',
  'cancel drop column in write only',
  'admin show ddl',
  'admin show ddl jobs',
];

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

test('every case has its trace, or is named as one that cannot have', () => {
  const traced = traces.map((trace) => trace.case);
  expect([...traced, ...untraced].sort()).toEqual([...cases.keys()].sort());
});

describe.each(traces)('"$case"', (trace) => {
  test('ends with the job, the table, the versions and the binlogs of TiDB', async () => {
    const theirs = jobOf(trace.case);
    const given = cases.get(trace.case);
    const binlogs: string[] = [];
    const record = (kind: string) => (binlog: DdlBinlog) => void binlogs.push(`${kind} ${binlog.schemaState}`);
    await using fleet = await Fleet.start(etcd, {
      binlog: {
        prewrite: async (binlog) => record('Prewrite')(binlog),
        commit: record('Commit'),
        rollback: record('Rollback'),
      },
      ddlBinlog: 'done',
    });
    const target = { ...vd, tableId: trace.before?.id ?? 0, tableName: trace.before?.name.O ?? '' };
    const made = trace.spec(target, theirs);
    const spec = { ...made, query: theirs.query, reorgMeta: theirs.reorg_meta };
    const first = firstVersion(given);
    await seed(fleet, trace, { first, nextId: theirs.id - 1 - (made.newIds ?? 0) });

    const ours = await run(fleet, spec, first, trace.cancelAt);

    const versions = versionsOf(given) + (trace.versions?.[0] ?? 0);
    const last = await fleet.read((meta) => meta.schemaVersion());
    expect(Number(last - first)).toBe(versions);
    const [got, wanted] = [
      comparable(ours, trace, last),
      comparable(theirs, trace, theirs.binlog?.SchemaVersion ?? 0n),
    ];
    expect(got).toEqual(wanted);
    expect(inOrder(got)).toBe(inOrder(wanted));
    expect(binlogs).toEqual(trace.binlogs ?? theirBinlogs(given).slice(trace.binlogsFrom ?? 0));
    for (let version = first + 1n; version <= last; version++) {
      const known = diffs.get(stringKey(`Diff:${version}`).toString('hex'));
      const diff = await fleet.read((meta) => meta.diff(version));
      expect(diff).toBeDefined();
      if (known !== undefined && trace.versions === undefined) {
        expect(stringifyJson(diff)).toBe(known);
      }
    }
  });
});

/** What the job of a trace finds: the counters, the databases, its table. */
async function seed(fleet: Fleet, trace: Trace, at: { readonly first: bigint; readonly nextId: number }) {
  await transact(fleet.storage, { signal: AbortSignal.timeout(20_000) }, async (buffer) => {
    const meta = new Meta(buffer);
    buffer.set(stringKey('SchemaVersionKey'), Buffer.from(`${at.first}`));
    buffer.set(stringKey('NextGlobalID'), Buffer.from(`${at.nextId}`));
    if (trace.case.startsWith('create database')) {
      return;
    }
    const database = { ...newDBInfo('vd'), id: 129, state: SchemaState.Public };
    meta.setDatabase(database);
    meta.setDatabase({ ...newDBInfo('vd2'), id: 131, state: SchemaState.Public });
    if (trace.before !== undefined) {
      meta.addTable(database, trace.before);
    }
  });
}

async function run(fleet: Fleet, spec: JobSpec, first: bigint, cancelAt: SchemaState | undefined): Promise<Job> {
  const [, gate] = fleet.servers;
  if (cancelAt !== undefined) {
    // The version that the owner finds when it begins is no barrier of the job.
    await gate?.allow(first);
  }
  const { id } = await fleet.jobs.submit(spec);
  if (cancelAt !== undefined) {
    await until(async () => {
      const job = await fleet.jobs.job(id);
      if (job?.schema_state !== cancelAt) await gate?.allow(job?.last_schema_version ?? first);
      return job?.schema_state === cancelAt;
    }, 'the job stands where it is to be cancelled');
    await fleet.jobs.cancel([id]);
    await gate?.allow(undefined);
  }
  await fleet.jobs.wait(id).catch((error: unknown) => {
    if (!DdlError.is(error) || cancelAt === undefined) throw error;
  });
  const ended = await fleet.jobs.job(id);
  if (ended === undefined) {
    throw new Error(`job ${id} is nowhere`);
  }
  return ended;
}

function globalVersions(given: Case | undefined): readonly bigint[] {
  const puts = given?.etcd?.filter((each) => each.op === 'put' && each.key.endsWith('/global_schema_version'));
  return puts?.map((each) => BigInt(each.value ?? 0)) ?? [];
}

function firstVersion(given: Case | undefined): bigint {
  const [first = 1n] = globalVersions(given);
  return BigInt(given?.schema_version_before ?? first - 1n);
}

function versionsOf(given: Case | undefined): number {
  return globalVersions(given).length;
}

function theirBinlogs(given: Case | undefined): readonly string[] {
  return (given?.ddl_binlogs ?? []).map((binlog) => `${binlog.tp} ${binlog.ddl_schema_state ?? 0}`);
}

/** A job as text, whose members are in their order; those of arguments are in that of Go's maps where TiDB read and wrote them again. */
function inOrder(job: Json): string {
  return stringifyJson(job).replaceAll(/\{"L":("[^"]*"),"O":("[^"]*")\}/g, '{"O":$2,"L":$1}');
}

/** A job without what no two runs share: times, and what the trace says differs. Versions count from the last one. */
function comparable(job: Job, trace: Trace, last: bigint): Json {
  const own = new Set([
    'start_ts',
    'real_start_ts',
    'FinishedTS',
    'update_timestamp',
    'seq_num',
    'last_schema_version',
  ]);
  const clean = (value: Json, path: string): Json => {
    if (Array.isArray(value)) {
      return value.map((each, at) => clean(each, `${path}${at}.`));
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => {
        if (own.has(key) || trace.differs?.[key] !== undefined) return [];
        if (key === 'snapshot_ver') return [[key, each !== 0 && each !== 0n]];
        if (key === 'SchemaVersion') return [[key, Number(each) - Number(last)]];
        if (key === 'schema_version' && each !== 0) return [[key, Number(each) - Number(last)]];
        return [[key, clean(each, `${path}${key}.`)]];
      }),
    );
  };
  return clean(parseJson(encodeJob(job)), '');
}
