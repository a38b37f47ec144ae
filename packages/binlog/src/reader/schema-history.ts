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

/** A finished DDL job, as far as the history needs it: the fields of `@tidb-js/ddl-jobs` and of TiDB's history fit. */
export interface SchemaChange {
  /** The commit_ts of the DDL's binlog, or the job's finishing timestamp. */
  readonly commitTs: bigint;
  readonly schema: string;
  readonly tableId: number | bigint;
  /** The table from then on; undefined when it was dropped. */
  readonly table: TableInfo | undefined;
}

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

  /** The table as it was for transactions with this commit_ts; undefined when it did not exist, or is not known. */
  at(tableId: bigint, commitTs: bigint): TableAt | undefined {
    const version = this.#versions.get(tableId)?.findLast((candidate) => candidate.commitTs <= commitTs);
    return version?.table === undefined ? undefined : { schema: version.schema, table: version.table };
  }

  /** Forgets versions that were replaced before this commit_ts. */
  forgetBefore(commitTs: bigint): void {
    for (const [id, versions] of this.#versions) {
      const newest = versions.findLastIndex((version) => version.commitTs <= commitTs);
      const kept = versions.slice(Math.max(newest, 0));
      if (kept.length === 1 && kept[0]?.table === undefined && newest >= 0) this.#versions.delete(id);
      else this.#versions.set(id, kept);
    }
  }
}
