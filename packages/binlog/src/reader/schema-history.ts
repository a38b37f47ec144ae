import type { TableInfo } from '../codec/table-info.js';

/** A table at a time: its schema's name, and its TableInfo, undefined from when it was dropped. */
interface Version {
  readonly commitTs: bigint;
  readonly schema: string;
  readonly table: TableInfo | undefined;
}

/** What a table was at some commit_ts. */
export interface TableAt {
  readonly schema: string;
  readonly table: TableInfo;
}

/** One table's change. */
export interface SchemaChange {
  /** The commit_ts of the DDL's binlog, or the job's finishing timestamp. */
  readonly commitTs: bigint;
  readonly schema: string;
  readonly tableId: number | bigint;
  /** The table from then on; undefined when it was dropped. */
  readonly table: TableInfo | undefined;
}

/**
 * A DDL job out of the history, with the names TiDB's JSON has: what `GET /ddl/history` answers and the Job of `@tidb-js/ddl-jobs` fit.
 */
export interface FinishedJob {
  readonly type: number;
  readonly state: number;
  readonly schema_name: string;
  readonly table_id: number | bigint;
  readonly query: string;
  readonly binlog?: {
    readonly TableInfo?: TableInfo | null | undefined;
    readonly MultipleTableInfos?: readonly TableInfo[] | null | undefined;
  } | null;
}

/** What a partitioned table has besides. */
interface Partitioned {
  readonly partition?: { readonly definitions?: readonly { readonly id: number | bigint }[] | null } | null;
}

const rollbackDone = 3;
const cancelled = 5;
/** The job types after which a table's id is no more, or means something else, or its schema is another. */
const jobType = {
  dropSchema: 2,
  dropTable: 4,
  truncateTable: 11,
  dropView: 24,
  dropSequence: 36,
  exchangePartition: 42,
  renameTables: 47,
} as const;

/** Which TableInfo a row of some commit_ts has to be read with. Fed with the tables of a moment, and then with each DDL. */
export class SchemaHistory {
  readonly #versions = new Map<bigint, Version[]>();

  /** Adds a change. Changes may come in any order, and twice. */
  add({ commitTs, schema, tableId, table }: SchemaChange): void {
    const id = BigInt(tableId);
    const versions = (this.#versions.get(id) ?? []).filter((version) => version.commitTs !== commitTs);
    versions.push({ commitTs, schema, table });
    versions.sort((a, b) => (a.commitTs < b.commitTs ? -1 : 1));
    this.#versions.set(id, versions);
  }

  /**
   * Adds what a finished job changed, from the commit_ts of its binlog on. A job that was rolled back changes nothing. Jobs are to be
   * added in their order: what some drop is told by what came before.
   */
  addJob(job: FinishedJob, commitTs: bigint): void {
    if (job.state === rollbackDone || job.state === cancelled) return;
    const { schema_name: schema, table_id: tableId } = job;
    const tables = job.binlog?.MultipleTableInfos ?? (job.binlog?.TableInfo ? [job.binlog.TableInfo] : []);
    const drop = (id: number | bigint) => this.add({ commitTs, schema, tableId: id, table: undefined });
    const put = (table: TableInfo, into = schema) => this.add({ commitTs, schema: into, tableId: table.id, table });
    switch (job.type) {
      case jobType.dropSchema:
        for (const [id, versions] of this.#versions) {
          const last = versions.at(-1);
          if (last?.table !== undefined && last.schema === schema) drop(id);
        }
        return;
      case jobType.dropTable:
      case jobType.dropView:
      case jobType.dropSequence:
        drop(tableId);
        return;
      case jobType.exchangePartition:
        for (const partitioned of tables) this.#exchange(tableId, partitioned, commitTs);
        return;
      case jobType.renameTables: {
        const into = schemasRenamedTo(job.query);
        for (const [index, table] of tables.entries()) put(table, into[index] ?? this.#newest(table.id)?.schema);
        return;
      }
      default:
        if (job.type === jobType.truncateTable) drop(tableId);
        for (const table of tables) put(table);
    }
  }

  /** The table as it was for transactions with this commit_ts; undefined when it did not exist, or is not known. */
  at(tableId: bigint, commitTs: bigint): TableAt | undefined {
    const version = this.#version(tableId, commitTs);
    return version?.table === undefined ? undefined : { schema: version.schema, table: version.table };
  }

  /**
   * Whether the table was dropped or truncated before this commit_ts. A transaction that began before can still commit after that: what
   * it wrote went with the table.
   */
  isDropped(tableId: bigint, commitTs: bigint): boolean {
    const version = this.#version(tableId, commitTs);
    return version !== undefined && version.table === undefined;
  }

  /** Forgets versions that were replaced before this commit_ts. That a table was dropped stays known. */
  forgetBefore(commitTs: bigint): void {
    for (const [id, versions] of this.#versions) {
      const newest = versions.findLastIndex((version) => version.commitTs <= commitTs);
      this.#versions.set(id, versions.slice(Math.max(newest, 0)));
    }
  }

  #version(tableId: bigint, commitTs: bigint): Version | undefined {
    return this.#versions.get(tableId)?.findLast((candidate) => candidate.commitTs <= commitTs);
  }

  #newest(tableId: number | bigint): Version | undefined {
    return this.#versions.get(BigInt(tableId))?.at(-1);
  }

  /** The table and a partition have each other's id from now on. */
  #exchange(tableId: number | bigint, partitioned: TableInfo, commitTs: bigint): void {
    const before = this.#newest(partitioned.id);
    const remaining = new Set(partitionIds(partitioned));
    const id = partitionIds(before?.table).find((candidate) => !remaining.has(candidate));
    const table = this.#newest(tableId);
    if (table?.table !== undefined && id !== undefined) {
      const { schema } = table;
      this.add({ commitTs, schema, tableId, table: undefined });
      this.add({ commitTs, schema, tableId: id, table: { ...table.table, id } });
    }
    if (before !== undefined)
      this.add({ commitTs, schema: before.schema, tableId: partitioned.id, table: partitioned });
  }
}

function partitionIds(table: (TableInfo & Partitioned) | undefined): readonly bigint[] {
  return (table?.partition?.definitions ?? []).map(({ id }) => BigInt(id));
}

const name = /`(?:[^`]|``)+`|[^\s`.,;]+/.source;
const renamed = new RegExp(`\\bTO\\s+(?:(${name})\\s*\\.\\s*)?(?:${name})`, 'gi');

/** The schema of each new name in a RENAME TABLE, which the job itself does not have; undefined for one without. */
function schemasRenamedTo(query: string): (string | undefined)[] {
  return [...query.matchAll(renamed)].map(([, schema]) => schema?.replace(/^`|`$/g, '').replaceAll('``', '`'));
}
