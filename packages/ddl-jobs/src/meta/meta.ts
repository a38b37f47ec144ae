import { DdlError } from '../errors.js';
import { decodeDBInfo, decodeJob, decodeSchemaDiff, decodeTableInfo, encodeJob } from '../model/codec.js';
import type { DBInfo } from '../model/db-info.js';
import type { Job } from '../model/job.js';
import { stringifyJson } from '../model/json.js';
import type { SchemaDiff } from '../model/schema-diff.js';
import type { TableInfo } from '../model/table-info.js';
import { type JobCache, JobQueue } from '../queue.js';
import type { MetaAccess } from './meta-buffer.js';
import type { MetaScanOptions } from './storage.js';
import { hashFieldOf, hashKey, hashRange, stringKey } from './structure.js';

const databases = 'DBs';
const history = 'DDLJobHistory';
const names = 'Names';
const nextGlobalId = stringKey('NextGlobalID');
const schemaVersion = stringKey('SchemaVersionKey');
const jobSequence = stringKey('DDLJobSeqNum');
/** TiDB's MaxGlobalID. Far below 2^53, which is why ids are numbers here. */
export const maxGlobalId = 0x0000_ffff_ffff_ffff - 1000;
const text = new TextDecoder();

/** Range of the job history, for a watch: one field a job. */
export const historyRange = hashRange(history);

/** TiDB's metadata under the prefix `m`, typed: counters, versions and their diffs, databases, tables, history. */
export class Meta {
  readonly #access: MetaAccess;

  constructor(access: MetaAccess) {
    this.#access = access;
  }

  /** Takes so many new ids, in a row. Jobs, databases and tables share the counter. */
  async allocateIds(count: number): Promise<readonly number[]> {
    const last = Number(await this.#counter(nextGlobalId));
    if (last + count > maxGlobalId) {
      throw new DdlError(
        'INVALID_STATE',
        `the global id ${last} cannot be raised by ${count}: the limit is ${maxGlobalId}`,
      );
    }
    this.#set(nextGlobalId, String(last + count));
    return Array.from({ length: count }, (_, at) => last + 1 + at);
  }

  /** The schema version that was made last; 0n before the first. */
  async schemaVersion(): Promise<bigint> {
    return this.#counter(schemaVersion);
  }

  /** Makes the next schema version. Its diff has to be set in the same transaction. */
  async makeSchemaVersion(): Promise<bigint> {
    const version = (await this.schemaVersion()) + 1n;
    this.#set(schemaVersion, String(version));
    return version;
  }

  /** The next place in the order in which jobs end. */
  async nextSequence(): Promise<bigint> {
    const sequence = (await this.#counter(jobSequence)) + 1n;
    this.#set(jobSequence, String(sequence));
    return sequence;
  }

  async diff(version: bigint): Promise<SchemaDiff | undefined> {
    return this.#read(stringKey(`Diff:${version}`), decodeSchemaDiff);
  }

  setDiff(diff: SchemaDiff): void {
    this.#set(stringKey(`Diff:${diff.version}`), stringifyJson(diff));
  }

  async databases(): Promise<readonly DBInfo[]> {
    const pairs = await this.#access.scan(hashRange(databases));
    return pairs.map((pair) => decodeDBInfo(text.decode(pair.value)));
  }

  async database(schemaId: number): Promise<DBInfo | undefined> {
    return this.#read(hashKey(databases, databaseField(schemaId)), decodeDBInfo);
  }

  /** The database of a name, whatever its case. */
  async databaseNamed(name: string): Promise<DBInfo | undefined> {
    const wanted = name.toLowerCase();
    return (await this.databases()).find((database) => database.db_name.L === wanted);
  }

  setDatabase(database: DBInfo): void {
    this.#set(hashKey(databases, databaseField(database.id)), stringifyJson(database));
  }

  /** Removes a database with all its tables and counters; returns the tables. */
  async removeDatabase(database: DBInfo): Promise<readonly TableInfo[]> {
    const tables = await this.tables(database.id);
    for (const pair of await this.#access.scan(hashRange(databaseField(database.id)))) {
      this.#access.delete(pair.key);
    }
    for (const table of tables) {
      this.#access.delete(nameKey(database.db_name.L, table.name.L));
    }
    this.#access.delete(hashKey(databases, databaseField(database.id)));
    return tables;
  }

  async tables(schemaId: number): Promise<readonly TableInfo[]> {
    const hash = databaseField(schemaId);
    const pairs = await this.#access.scan(hashRange(hash));
    return pairs
      .filter((pair) => hashFieldOf(pair.key, hash)?.toString('latin1').startsWith('Table:') === true)
      .map((pair) => decodeTableInfo(text.decode(pair.value)));
  }

  async table(schemaId: number, tableId: number): Promise<TableInfo | undefined> {
    return this.#read(tableKey(schemaId, tableId), decodeTableInfo);
  }

  /** Id of the table that has a name in a database; undefined when none has. Views and sequences have their names there too. */
  async tableIdNamed(database: DBInfo, name: string): Promise<number | undefined> {
    const value = await this.#access.get(nameKey(database.db_name.L, name));
    return value === undefined ? undefined : Number(text.decode(value));
  }

  /** Writes a table that has its name already. */
  setTable(schemaId: number, table: TableInfo): void {
    this.#set(tableKey(schemaId, table.id), stringifyJson(table));
  }

  /** Writes a table and takes its name. */
  addTable(database: DBInfo, table: TableInfo): void {
    this.setTable(database.id, table);
    this.takeName(database, table);
  }

  /** Lets a table be found by its name. */
  takeName(database: DBInfo, table: TableInfo): void {
    this.#set(nameKey(database.db_name.L, table.name.L), String(table.id));
  }

  /** Removes a table, its name and its counter. */
  removeTable(database: DBInfo, table: TableInfo): void {
    this.#access.delete(tableKey(database.id, table.id));
    this.#access.delete(nameKey(database.db_name.L, table.name.L));
    this.#access.delete(autoIdKey(database.id, table.id));
  }

  /** The jobs that are queued or running, general ones first. The cache makes reading them again cheap. */
  async queuedJobs(cache?: JobCache): Promise<readonly Job[]> {
    const queues = await JobQueue.readAll(this.#access, cache);
    cache?.turnOver();
    return queues.flatMap((queue) => queue.jobs.map((item) => item.job));
  }

  /** The highest row id given out in a table; 0n before the first. */
  async autoId(schemaId: number, tableId: number): Promise<bigint> {
    return this.#counter(autoIdKey(schemaId, tableId));
  }

  setAutoId(schemaId: number, tableId: number, value: bigint): void {
    this.#set(autoIdKey(schemaId, tableId), String(value));
  }

  deleteAutoId(schemaId: number, tableId: number): void {
    this.#access.delete(autoIdKey(schemaId, tableId));
  }

  async historyJob(jobId: number): Promise<Job | undefined> {
    return this.#read(historyKey(jobId), decodeJob);
  }

  addHistoryJob(job: Job): void {
    this.#set(historyKey(job.id), encodeJob(job));
  }

  /** Jobs of the history, newest first. */
  async historyJobs(options: MetaScanOptions & { readonly below?: number } = {}): Promise<readonly Job[]> {
    const range =
      options.below === undefined ? historyRange : { start: historyRange.start, end: historyKey(options.below) };
    const pairs = await this.#access.scan(range, { ...options, reverse: true });
    return pairs.map((pair) => decodeJob(text.decode(pair.value)));
  }

  async #counter(key: Uint8Array): Promise<bigint> {
    const value = await this.#access.get(key);
    return value === undefined ? 0n : BigInt(text.decode(value));
  }

  async #read<T>(key: Uint8Array, decode: (text: string) => T): Promise<T | undefined> {
    const value = await this.#access.get(key);
    return value === undefined ? undefined : decode(text.decode(value));
  }

  #set(key: Uint8Array, value: string): void {
    this.#access.set(key, Buffer.from(value, 'utf8'));
  }
}

/** Key of a finished job in the history: its id as 8 bytes, so that the order is that of the ids. */
export function historyKey(jobId: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigInt64BE(BigInt(jobId));
  return hashKey(history, field);
}

/** Id of the job that a key of the history stands for; none when it is no such key. */
export function historyIdOf(key: Uint8Array): readonly number[] {
  const field = hashFieldOf(key, history);
  return field?.length === 8 ? [Number(field.readBigInt64BE())] : [];
}

/** Keys of a database and of one of its tables. */
export function keysOfTable(
  schemaId: number,
  tableId: number,
): { readonly database: Uint8Array; readonly table: Uint8Array } {
  return { database: hashKey(databases, databaseField(schemaId)), table: tableKey(schemaId, tableId) };
}

/** Keys of the counters that nearly every step reads. */
export const counterKeys: readonly Uint8Array[] = [schemaVersion, jobSequence];

/** Key under which a name finds its table, as TiDB keeps it since 7.6: two names and a zero byte between them. */
export function nameKey(databaseName: string, tableName: string): Buffer {
  return hashKey(names, `${databaseName.toLowerCase()}\0${tableName.toLowerCase()}`);
}

function databaseField(schemaId: number): string {
  return `DB:${schemaId}`;
}

function tableKey(schemaId: number, tableId: number): Buffer {
  return hashKey(databaseField(schemaId), `Table:${tableId}`);
}

function autoIdKey(schemaId: number, tableId: number): Buffer {
  return hashKey(databaseField(schemaId), `TID:${tableId}`);
}
