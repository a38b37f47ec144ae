import { type Job, JobCache, type Meta, type SchemaDiff } from '@tidb-js/ddl-jobs';
import type { Storage, Timestamp } from '../storage/types.js';
import { LoadedSchema, schemaOf } from './loaded-schema.js';
import { metaOf } from './meta-access.js';
import { affectedBy, type ChangedSchema, changeSchema } from './schema-change.js';

/** More versions than this behind, everything is loaded anew, as in TiDB. */
const MAX_DIFFS = 100n;

/** What a load found. */
export interface LoadResult {
  readonly schema: LoadedSchema;
  /** The timestamp it was read at. */
  readonly ts: Timestamp;
  /** Tables that changed since the version before; undefined when that is not known, and so any may have. */
  readonly changed: ReadonlySet<number> | undefined;
  /** The jobs that were queued or running at that moment. */
  readonly jobs: readonly Job[];
}

type CallOptions = { readonly signal?: AbortSignal | undefined };

/** Reads the schema from the store: by the diffs since a version that is at hand, or whole. */
export class SchemaLoader {
  readonly #jobs = new JobCache();

  constructor(readonly storage: Storage) {}

  /** The newest schema. `current` itself comes back when it is the newest. */
  async load(current: LoadedSchema | undefined, options: CallOptions = {}): Promise<LoadResult> {
    await using transaction = await this.storage.begin(options);
    const ts = transaction.startTs;
    const meta = metaOf(transaction.snapshot, options);
    // As a rule one version came: its diff travels with the question for the version, and so do the jobs.
    const [version, next, jobs] = await Promise.all([
      meta.schemaVersion(),
      current === undefined ? undefined : meta.diff(current.version + 1n),
      meta.queuedJobs(this.#jobs),
    ]);
    if (current !== undefined && current.version === version) return { schema: current, ts, changed: new Set(), jobs };
    if (current !== undefined && version > current.version && version - current.version <= MAX_DIFFS) {
      const loaded = await loadDiffs(meta, current, version, next);
      if (loaded !== undefined) return { ...loaded, ts, jobs };
    }
    return { schema: await loadAll(meta, version), ts, changed: undefined, jobs };
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
async function loadDiffs(
  meta: Meta,
  current: LoadedSchema,
  version: bigint,
  next: SchemaDiff | undefined,
): Promise<ChangedSchema | undefined> {
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
  const affected = affectedBy(diffs);
  const found = await Promise.all(
    [...affected.schemaIds].map(async (id) => {
      const [info, ...tables] = await Promise.all([
        meta.database(id),
        ...[...affected.tableIds].map((tableId) => meta.table(id, tableId)),
      ]);
      // A database that is new here, or came back, is read with all its tables.
      const isNew = info !== undefined && current.schemaById(id) === undefined;
      return { id, info, tables: isNew ? await meta.tables(id) : tables.filter((table) => table !== undefined) };
    }),
  );
  return changeSchema(current, version, affected, found);
}
