import { DdlError } from '../errors.js';
import type { DBInfo } from './db-info.js';
import type { HistoryInfo, Job, MultiSchemaInfo, SubJob } from './job.js';
import { isJobState, JobState } from './job-state.js';
import { absentList, isJsonObject, type Json, parseJson, stringifyJson } from './json.js';
import type { SchemaDiff } from './schema-diff.js';
import { isSchemaState, SchemaState } from './schema-state.js';
import { type TableInfo, tableBigints } from './table-info.js';

/*
 * From JSON to the model and back. Every decoder returns the object that was parsed with the members this version knows checked and, where they
 * are 64-bit, turned into bigints. What it does not know stays in the object and is written back as it came.
 */

type Fields = { readonly [name: string]: Json };

/** Reads a job. @throws DdlError MALFORMED that names the member which is wrong. */
export function decodeJob(text: string): Job {
  return jobOf(fieldsOf(parse(text, 'job'), 'job'));
}

/** Writes a job as TiDB does. */
export function encodeJob(job: Job): string {
  return stringifyJson(job);
}

/** Reads a table's info. @throws DdlError MALFORMED. */
export function decodeTableInfo(text: string): TableInfo {
  return tableOf(fieldsOf(parse(text, 'table info'), 'table info'));
}

/** Reads a database's info. @throws DdlError MALFORMED. */
export function decodeDBInfo(text: string): DBInfo {
  return databaseOf(fieldsOf(parse(text, 'database info'), 'database info'));
}

/** Reads a schema diff. @throws DdlError MALFORMED. */
export function decodeSchemaDiff(text: string): SchemaDiff {
  const fields = fieldsOf(parse(text, 'schema diff'), 'schema diff');
  const number = (name: string): number => numberOf(fields, name, 'schema diff', 0);
  return {
    ...fields,
    version: bigintOf(fields, 'version', 'schema diff'),
    type: number('type'),
    schema_id: number('schema_id'),
    table_id: number('table_id'),
    old_table_id: number('old_table_id'),
    old_schema_id: number('old_schema_id'),
    regenerate_schema_map: fields.regenerate_schema_map === true,
    affected_options: (fields.affected_options ?? null) as SchemaDiff['affected_options'],
  };
}

/** The job in parsed JSON, in the members of another object. */
export function jobOf(fields: Fields): Job {
  const text = (name: string): string => stringOf(fields, name, 'job', '');
  const number = (name: string, otherwise?: number): number => numberOf(fields, name, 'job', otherwise);
  const bigint = (name: string): bigint => bigintOf(fields, name, 'job');
  const multi = fields.multi_schema_info;
  return {
    ...fields,
    id: number('id'),
    type: number('type'),
    schema_id: number('schema_id', 0),
    table_id: number('table_id', 0),
    schema_name: text('schema_name'),
    table_name: text('table_name'),
    state: jobStateOf(fields, 'job'),
    warning: errorOf(fields, 'warning'),
    err: errorOf(fields, 'err'),
    err_count: number('err_count', 0),
    row_count: number('row_count', 0),
    raw_args: fields.raw_args ?? null,
    schema_state: schemaStateOf(fields, 'schema_state', 'job'),
    snapshot_ver: bigint('snapshot_ver'),
    real_start_ts: bigint('real_start_ts'),
    start_ts: bigint('start_ts'),
    dependency_id: number('dependency_id', 0),
    query: text('query'),
    binlog: isJsonObject(fields.binlog) ? historyOf(fields.binlog) : null,
    version: number('version', 1),
    reorg_meta: fields.reorg_meta ?? null,
    multi_schema_info: isJsonObject(multi) ? multiOf(multi) : null,
    priority: number('priority', 0),
    seq_num: bigint('seq_num'),
    ...('last_schema_version' in fields && { last_schema_version: bigint('last_schema_version') }),
  };
}

/** The table in parsed JSON. */
export function tableOf(fields: Fields): TableInfo {
  const bigints = Object.fromEntries(tableBigints.map((name) => [name, bigintOf(fields, name, 'table info')]));
  const list = (name: string): readonly Json[] => {
    const value = fields[name] ?? absentList;
    return Array.isArray(value) ? value : wrong('table info', name, 'an array or null', value);
  };
  return {
    ...fields,
    ...bigints,
    id: numberOf(fields, 'id', 'table info'),
    name: nameOf(fields, 'name', 'table info'),
    state: schemaStateOf(fields, 'state', 'table info'),
    cols: elementsOf(list('cols'), 'name', 'column info'),
    index_info: elementsOf(list('index_info'), 'idx_name', 'index info'),
    max_col_id: numberOf(fields, 'max_col_id', 'table info', 0),
    max_idx_id: numberOf(fields, 'max_idx_id', 'table info', 0),
    fk_info: (fields.fk_info ?? null) as TableInfo['fk_info'],
    max_fk_id: numberOf(fields, 'max_fk_id', 'table info', 0),
    partition: (fields.partition ?? null) as TableInfo['partition'],
    view: (fields.view ?? null) as TableInfo['view'],
  } as unknown as TableInfo;
}

/** The database in parsed JSON. */
export function databaseOf(fields: Fields): DBInfo {
  return {
    ...fields,
    id: numberOf(fields, 'id', 'database info'),
    db_name: nameOf(fields, 'db_name', 'database info'),
    charset: stringOf(fields, 'charset', 'database info', ''),
    collate: stringOf(fields, 'collate', 'database info', ''),
    state: schemaStateOf(fields, 'state', 'database info'),
  };
}

function historyOf(fields: Fields): HistoryInfo {
  const many = fields.MultipleTableInfos;
  return {
    ...fields,
    SchemaVersion: bigintOf(fields, 'SchemaVersion', 'job binlog'),
    DBInfo: isJsonObject(fields.DBInfo) ? databaseOf(fields.DBInfo) : null,
    TableInfo: isJsonObject(fields.TableInfo) ? tableOf(fields.TableInfo) : null,
    FinishedTS: bigintOf(fields, 'FinishedTS', 'job binlog'),
    ...(Array.isArray(many) && {
      MultipleTableInfos: many.map((table) => tableOf(fieldsOf(table, 'table info'))),
    }),
  };
}

function multiOf(fields: Fields): MultiSchemaInfo {
  const subs = fields.sub_jobs;
  const list = Array.isArray(subs) ? subs : wrong('multi_schema_info', 'sub_jobs', 'an array', subs);
  return { ...fields, revertible: fields.revertible === true, sub_jobs: list.map(subJobOf) };
}

function subJobOf(value: Json): SubJob {
  const fields = fieldsOf(value, 'sub-job');
  return {
    ...fields,
    type: numberOf(fields, 'type', 'sub-job'),
    raw_args: fields.raw_args ?? null,
    schema_state: schemaStateOf(fields, 'schema_state', 'sub-job'),
    snapshot_ver: bigintOf(fields, 'snapshot_ver', 'sub-job'),
    revertible: fields.revertible === true,
    state: jobStateOf(fields, 'sub-job'),
    row_count: numberOf(fields, 'row_count', 'sub-job', 0),
    warning: errorOf(fields, 'warning'),
    schema_version: bigintOf(fields, 'schema_version', 'sub-job'),
    ...('real_start_ts' in fields && { real_start_ts: bigintOf(fields, 'real_start_ts', 'sub-job') }),
  };
}

function elementsOf<T>(values: readonly Json[], nameField: string, what: string): readonly T[] {
  for (const value of values) {
    const fields = fieldsOf(value, what);
    numberOf(fields, 'id', what);
    nameOf(fields, nameField, what);
    schemaStateOf(fields, 'state', what);
  }
  return values as readonly T[];
}

function parse(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DdlError('MALFORMED', `${what} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function fieldsOf(value: Json | undefined, what: string): Fields {
  return isJsonObject(value) ? value : wrong(what, undefined, 'an object', value);
}

function numberOf(fields: Fields, name: string, what: string, otherwise?: number): number {
  const value = fields[name] ?? otherwise;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : wrong(what, name, 'a whole number', value);
}

function bigintOf(fields: Fields, name: string, what: string): bigint {
  const value = fields[name] ?? 0;
  if (typeof value === 'bigint') {
    return value;
  }
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? BigInt(value)
    : wrong(what, name, 'a whole number', value);
}

function stringOf(fields: Fields, name: string, what: string, otherwise: string): string {
  const value = fields[name] ?? otherwise;
  return typeof value === 'string' ? value : wrong(what, name, 'a text', value);
}

function nameOf(fields: Fields, name: string, what: string): { readonly O: string; readonly L: string } {
  const value = fields[name];
  return isJsonObject(value) && typeof value.O === 'string' && typeof value.L === 'string'
    ? (value as { readonly O: string; readonly L: string })
    : wrong(what, name, 'a name {"O":…,"L":…}', value);
}

function jobStateOf(fields: Fields, what: string): JobState {
  const value = fields.state ?? JobState.None;
  return typeof value === 'number' && isJobState(value) ? value : wrong(what, 'state', 'a job state (0 to 10)', value);
}

function schemaStateOf(fields: Fields, name: string, what: string): SchemaState {
  const value = fields[name] ?? SchemaState.None;
  return typeof value === 'number' && isSchemaState(value)
    ? value
    : wrong(what, name, 'a schema state (0 to 7)', value);
}

/** Errors were texts in the jobs of 2015. */
function errorOf(fields: Fields, name: string): Job['err'] {
  const value = fields[name] ?? null;
  if (value === null || value === '') {
    return null;
  }
  if (typeof value === 'string') {
    return { class: 2, code: 1105, message: value };
  }
  return isJsonObject(value) && typeof value.code === 'number' && typeof value.message === 'string'
    ? { ...value, class: numberOf(value, 'class', name, 0), code: value.code, message: value.message }
    : wrong('job', name, 'an error {"class":…,"code":…,"message":…} or null', value);
}

function wrong(what: string, name: string | undefined, rule: string, value: Json | undefined): never {
  const where = name === undefined ? what : `${name} of the ${what}`;
  throw new DdlError('MALFORMED', `${where} must be ${rule}, not ${stringifyJson(value ?? null).slice(0, 80)}`);
}
