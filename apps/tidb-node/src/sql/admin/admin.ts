import { decodeTableKey, type Handle } from '@tidb-js/binlog/codec';
import {
  ActionType,
  actionTypeName,
  describeJob,
  type Job,
  jobStateName,
  reorgType,
  schemaStateName,
  type TableInfo,
  timestampToMs,
} from '@tidb-js/ddl-jobs';
import type { Ddl } from '../../ddl/types.js';
import type { InfoSchema } from '../../domain/types.js';
import type { Snapshot } from '../../storage/types.js';
import { SqlError } from '../errors.js';
import type { AdminStatement } from '../parse/statement.js';
import { allEntries, allRows } from '../plan/access.js';
import { checkReadable } from '../plan/from.js';
import type { ServerState } from '../services.js';
import { type ShowResult, showResult } from '../show/show-result.js';
import { entryHandle, indexEntry } from '../table/index-entry.js';
import { decodeStoredRow, layoutOf, rowKey } from '../table/layout.js';
import type { DateTime } from '../types/time.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';

/** What ADMIN works with. */
export interface AdminContext {
  readonly ddl: Ddl;
  readonly infoSchema: InfoSchema;
  readonly database: string | undefined;
  readonly zone: TimeZone;
  readonly selfId: string;
  readonly signal: AbortSignal | undefined;
  servers(): Promise<readonly ServerState[]>;
  snapshot(): Promise<Snapshot>;
  /** Fills generated columns of a row that was read. */
  generate(table: TableInfo, row: SqlValue[]): void;
}

/** ADMIN …; undefined for one that gives no rows. */
export async function executeAdmin(statement: AdminStatement, x: AdminContext): Promise<ShowResult | undefined> {
  const options = { signal: x.signal };
  switch (statement.what) {
    case 'showDdl': {
      const owner = (await x.ddl.owner(options)) ?? '';
      const jobs = await x.ddl.queued(options);
      const server = (await x.servers()).find((each) => each.ddlId === owner);
      const running = jobs.map((job) => describeJob(job)).join('\n');
      const query = jobs.map((job) => job.query).join('\n');
      return showResult(
        [['SCHEMA_VER', 'int'], 'OWNER_ID', 'OWNER_ADDRESS', 'RUNNING_JOBS', 'SELF_ID', 'QUERY'],
        [
          [
            x.infoSchema.version,
            owner,
            server === undefined ? '' : `${server.ip}:${server.port}`,
            running,
            x.selfId,
            query,
          ],
        ],
      );
    }
    case 'showDdlJobs': {
      const queued = await x.ddl.queued(options);
      const history = await x.ddl.history(statement.count ?? 10, options);
      const rows = [...queued, ...history].flatMap((job) => jobRows(job, x));
      return showResult(
        [
          ['JOB_ID', 'int'],
          'DB_NAME',
          'TABLE_NAME',
          'JOB_TYPE',
          'SCHEMA_STATE',
          ['SCHEMA_ID', 'int'],
          ['TABLE_ID', 'int'],
          ['ROW_COUNT', 'int'],
          ['CREATE_TIME', 'datetime'],
          ['START_TIME', 'datetime'],
          ['END_TIME', 'datetime'],
          'STATE',
        ],
        rows,
      );
    }
    case 'showDdlJobQueries': {
      const jobs = await Promise.all(statement.ids.map((id) => x.ddl.job(Number(id), options)));
      return showResult(
        ['QUERY'],
        jobs.flatMap((job) => (job === undefined ? [] : [[job.query]])),
      );
    }
    case 'cancelDdlJobs':
    case 'pauseDdlJobs':
    case 'resumeDdlJobs': {
      const ids = statement.ids.map(Number);
      const results = await x.ddl[
        statement.what === 'cancelDdlJobs' ? 'cancel' : statement.what === 'pauseDdlJobs' ? 'pause' : 'resume'
      ](ids, options);
      return showResult(
        ['JOB_ID', 'RESULT'],
        results.map((each): SqlValue[] => [
          String(each.jobId),
          each.error === undefined
            ? 'successful'
            : `error: [ddl:${SqlError.from(each.error).errno}]${each.error.message}`,
        ]),
      );
    }
    case 'checkTable':
    case 'checkIndex':
      for (const name of statement.tables) {
        const db = name.db ?? x.database;
        const table = db === undefined ? undefined : x.infoSchema.table(db, name.name);
        if (table === undefined) throw new SqlError(1146, `Table '${db}.${name.name}' doesn't exist`);
        const only = statement.what === 'checkIndex' ? statement.index.toLowerCase() : undefined;
        if (only !== undefined && !table.index_info.some((each) => each.idx_name.L === only)) {
          throw new SqlError(
            1176,
            `Key '${statement.what === 'checkIndex' ? statement.index : ''}' doesn't exist in table '${name.name}'`,
          );
        }
        await checkTable(table, only, x);
      }
      return undefined;
  }
}

function timeOf(ts: bigint, zone: TimeZone): DateTime | null {
  if (ts === 0n) return null;
  const ms = timestampToMs(ts);
  return zone.wallClock(ms, 0, 'datetime', 0);
}

/** The lines of a job in ADMIN SHOW DDL JOBS and information_schema.ddl_jobs: its own, and one for each action of an ALTER that has several. */
export function jobRows(job: Job, x: Pick<AdminContext, 'infoSchema' | 'zone'>): SqlValue[][] {
  const info = job.binlog;
  const table = x.infoSchema.tableById(job.table_id)?.table.name.O ?? info?.TableInfo?.name.O ?? '';
  const isSchema = job.type === ActionType.CreateSchema || job.type === ActionType.DropSchema;
  const database =
    job.schema_name !== '' ? job.schema_name : (x.infoSchema.schemaById(job.schema_id)?.info.db_name.O ?? '');
  const tableName = isSchema ? '' : job.table_name !== '' ? job.table_name : table;
  const line = (type: string, each: Pick<Job, 'schema_state' | 'row_count' | 'state'>, times: SqlValue[]) => [
    BigInt(job.id),
    database,
    tableName,
    type,
    schemaStateName(each.schema_state),
    BigInt(job.schema_id),
    BigInt(job.table_id),
    BigInt(each.row_count),
    ...times,
    jobStateName(each.state),
  ];
  const times = [
    timeOf(job.start_ts, x.zone),
    timeOf(job.real_start_ts === 0n ? job.start_ts : job.real_start_ts, x.zone),
    timeOf(info?.FinishedTS ?? 0n, x.zone),
  ];
  const subJobs = job.multi_schema_info?.sub_jobs ?? [];
  return [
    line(`${typeName(job.type)}${reorgKind(job.type, reorgType(job.reorg_meta))}`, job, times),
    ...subJobs.map((sub) => {
      const type = `${typeName(sub.type)} /* subjob */${reorgKind(sub.type, sub.reorg_tp ?? 0)}`;
      return line(type, sub, [null, timeOf(sub.real_start_ts ?? 0n, x.zone), null]);
    }),
  ];
}

function typeName(type: ActionType): string {
  return actionTypeName(type) ?? `action ${type}`;
}

const REORG_KINDS = ['', ' /* txn */', ' /* ingest */', ' /* txn-merge */'];

/** How an index was filled, as TiDB tells it. */
function reorgKind(type: ActionType, reorgType: number): string {
  const fillsIndex = type === ActionType.AddIndex || type === ActionType.AddPrimaryKey;
  return fillsIndex ? (REORG_KINDS[reorgType] ?? '') : '';
}

/**
 * Every index entry has its row with the same values, and every row its entries. Error 8223 names the first that does not.
 */
async function checkTable(table: TableInfo, only: string | undefined, x: AdminContext): Promise<void> {
  checkReadable(table);
  const layout = layoutOf(table);
  const snapshot = await x.snapshot();
  const options = { signal: x.signal };
  const indexes = table.index_info.filter(
    (index) =>
      index.state === 5 &&
      !(index.is_primary && table.is_common_handle) &&
      (only === undefined || index.idx_name.L === only),
  );
  const expected = new Map(indexes.map((index) => [index.id, 0]));
  const inconsistent = (index: string, handle: Handle, what: string) =>
    new SqlError(
      8223,
      `data inconsistency in table: ${table.name.O}, index: ${index}, handle: ${typeof handle === 'bigint' ? handle : JSON.stringify(handle, (_, value) => (typeof value === 'bigint' ? String(value) : value))}, ${what}`,
    );
  let rows: { readonly handle: Handle; readonly row: SqlValue[] }[] = [];
  const checkRows = async () => {
    const wanted = rows.flatMap(({ handle, row }) =>
      indexes.map((index) => ({
        index,
        handle,
        entry: indexEntry(layout.physicalId, table, index, row, handle, x.zone),
      })),
    );
    const values = await snapshot.batchGet(
      wanted.map(({ entry }) => entry.key),
      options,
    );
    for (const [at, { index, handle, entry }] of wanted.entries()) {
      const value = values[at];
      if (value === undefined)
        throw inconsistent(index.idx_name.O, handle, 'index-values:"" != record-values: the row has no entry');
      if (!value.equals(entry.value) && !sameEntry(table, index, entry.key, value, handle)) {
        throw inconsistent(index.idx_name.O, handle, 'the entry leads to another row');
      }
      expected.set(index.id, (expected.get(index.id) ?? 0) + 1);
    }
    rows = [];
  };
  for await (const { key, value } of snapshot.scan(allRows(layout), options)) {
    const decoded = decodeTableKey(key);
    if (decoded.kind !== 'row') continue;
    const row = decodeStoredRow(layout, decoded.handle, value, x.zone);
    x.generate(table, row);
    rows.push({ handle: decoded.handle, row });
    if (rows.length >= 256) await checkRows();
  }
  await checkRows();
  for (const index of indexes) {
    let entries = 0;
    let missing: Handle[] = [];
    for await (const { key, value } of snapshot.scan(allEntries(layout, index), options)) {
      entries++;
      missing.push(entryHandle(table, index, key, value));
      if (missing.length >= 256) {
        await requireRows(missing, index.idx_name.O);
        missing = [];
      }
    }
    await requireRows(missing, index.idx_name.O);
    const rowCount = expected.get(index.id) ?? 0;
    if (entries !== rowCount)
      throw new SqlError(8003, `table count ${rowCount} != index(${index.idx_name.O}) count ${entries}`);
  }
  async function requireRows(handles: readonly Handle[], index: string): Promise<void> {
    const values = await snapshot.batchGet(
      handles.map((handle) => rowKey(layout, handle)),
      options,
    );
    for (const [at, handle] of handles.entries()) {
      if (values[at] === undefined) throw inconsistent(index, handle, 'record-values:"": the entry has no row');
    }
  }
}

function sameEntry(
  table: TableInfo,
  index: TableInfo['index_info'][number],
  key: Buffer,
  value: Buffer,
  handle: Handle,
): boolean {
  const found = entryHandle(table, index, key, value);
  return JSON.stringify(found, jsonBigint) === JSON.stringify(handle, jsonBigint);
}

function jsonBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
