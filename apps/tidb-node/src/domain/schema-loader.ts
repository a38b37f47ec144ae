import type { AffectedOption, Meta, SchemaDiff } from '@tidb-js/ddl-jobs';
import type { Storage, Timestamp } from '../storage/types.js';
import { LoadedSchema, schemaOf } from './loaded-schema.js';
import { metaOf } from './meta-access.js';
import type { Schema } from './types.js';

/** More versions than this behind, everything is loaded anew, as in TiDB. */
const MAX_DIFFS = 100n;

/** What a load found. */
export interface LoadResult {
  readonly schema: LoadedSchema;
  /** The timestamp it was read at. */
  readonly ts: Timestamp;
  /** Tables that changed since the version before; undefined when that is not known, and so any may have. */
  readonly changed: ReadonlySet<number> | undefined;
}

type CallOptions = { readonly signal?: AbortSignal | undefined };

/** Reads the schema from the store: by the diffs since a version that is at hand, or whole. */
export class SchemaLoader {
  constructor(readonly storage: Storage) {}

  /** The newest schema. `current` itself comes back when it is the newest. */
  async load(current: LoadedSchema | undefined, options: CallOptions = {}): Promise<LoadResult> {
    await using transaction = await this.storage.begin(options);
    const ts = transaction.startTs;
    const meta = metaOf(transaction.snapshot, options);
    // As a rule one version came: its diff travels with the question for the version.
    const [version, next] = await Promise.all([
      meta.schemaVersion(),
      current === undefined ? undefined : meta.diff(current.version + 1n),
    ]);
    if (current !== undefined && current.version === version) return { schema: current, ts, changed: new Set() };
    if (current !== undefined && version > current.version && version - current.version <= MAX_DIFFS) {
      const loaded = await loadDiffs(meta, current, version, next);
      if (loaded !== undefined) return { ...loaded, ts };
    }
    return { schema: await loadAll(meta, version), ts, changed: undefined };
  }

  /** The schema as it was at a timestamp. */
  async loadAt(ts: Timestamp, options: CallOptions = {}): Promise<LoadedSchema> {
    const meta = metaOf(this.storage.snapshot(ts), options);
    return loadAll(meta, await meta.schemaVersion());
  }
}

async function loadAll(meta: Meta, version: bigint): Promise<LoadedSchema> {
  const databases = await meta.databases();
  const schemas = await Promise.all(databases.map(async (info) => schemaOf(info, await meta.tables(info.id))));
  return new LoadedSchema(version, schemas);
}

/** Undefined when a diff is missing or says that everything has to be read. */
async function loadDiffs(meta: Meta, current: LoadedSchema, version: bigint, next: SchemaDiff | undefined) {
  const later = Array.from(
    { length: Number(version - current.version) - 1 },
    (_, i) => current.version + 2n + BigInt(i),
  );
  const diffs: SchemaDiff[] = [];
  for (const diff of [next, ...(await Promise.all(later.map((each) => meta.diff(each))))]) {
    // A version without a diff changed nothing that can be seen (its step only moved a job), or is unknown: read it all.
    if (diff === undefined || diff.regenerate_schema_map) return undefined;
    diffs.push(diff);
  }
  const affected = diffs.flatMap((diff): AffectedOption[] => [diff, ...(diff.affected_options ?? [])]);
  const schemas = new Map<number, Schema>([...current.schemas.values()].map((schema) => [schema.info.id, schema]));
  const tableIds = new Set(affected.flatMap((each) => [each.table_id, each.old_table_id]).filter((id) => id !== 0));
  const schemaIds = new Set(affected.flatMap((each) => [each.schema_id, each.old_schema_id]).filter((id) => id !== 0));

  const changed = new Set(tableIds);
  const found = await Promise.all(
    [...schemaIds].map(async (id) => ({
      id,
      info: await meta.database(id),
      tables: await Promise.all([...tableIds].map((tableId) => meta.table(id, tableId))),
    })),
  );
  for (const { id, info, tables } of found) {
    const before = schemas.get(id);
    const wholeSchema = affected.some((each) => each.schema_id === id && each.table_id === 0);
    if (wholeSchema) for (const table of before?.tables.values() ?? []) changed.add(table.id);
    if (info === undefined) {
      schemas.delete(id);
      continue;
    }
    // A database that is new here, or came back, is read with all its tables.
    if (before === undefined) {
      schemas.set(id, schemaOf(info, await meta.tables(id)));
      continue;
    }
    const kept = [...before.tables.values()].filter((table) => !tableIds.has(table.id));
    schemas.set(id, schemaOf(info, [...kept, ...tables.filter((table) => table !== undefined)]));
  }
  return { schema: new LoadedSchema(version, schemas.values()), changed };
}
