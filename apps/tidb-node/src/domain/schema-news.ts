import { keysOfTable, Meta, type MetaChange, type SchemaDiff } from '@tidb-js/ddl-jobs';
import { idOf } from '../storage/buffer.js';
import { StorageError } from '../storage/errors.js';
import type { LoadedSchema } from './loaded-schema.js';
import { affectedBy, type ChangedSchema, changeSchema, type FoundSchema } from './schema-change.js';

/** What was committed together, or right after one another, as a watch of the metadata brings it: the last value of each key. */
class News {
  private readonly values = new Map<string, Uint8Array | undefined>();
  readonly meta: Meta;

  constructor(changes: readonly MetaChange[]) {
    for (const { key, value } of changes) this.values.set(idOf(key), value);
    const readOnly = () => {
      throw new StorageError('INVALID', 'news of the metadata cannot be written to');
    };
    this.meta = new Meta({
      get: async (key) => this.values.get(idOf(key)),
      scan: async () => readOnly(),
      set: readOnly,
      delete: readOnly,
    });
  }

  tells(key: Uint8Array): boolean {
    return this.values.has(idOf(key));
  }
}

/**
 * The schema that news make of the one at hand, without a question to the store: a version is committed together with its diff and with what the diff
 * names. Undefined when they tell of no later version, or not of all that lies between: then the schema has to be loaded.
 */
export async function schemaByNews(
  current: LoadedSchema,
  changes: readonly MetaChange[],
): Promise<ChangedSchema | undefined> {
  const news = new News(changes);
  const version = await news.meta.schemaVersion();
  if (version <= current.version) return undefined;
  const diffs: SchemaDiff[] = [];
  for (let next = current.version + 1n; next <= version; next += 1n) {
    const diff = await news.meta.diff(next);
    if (diff === undefined || diff.regenerate_schema_map) return undefined;
    diffs.push(diff);
  }
  const affected = affectedBy(diffs);
  const found: FoundSchema[] = [];
  for (const id of affected.schemaIds) {
    const before = current.schemaById(id);
    const told = news.tells(keysOfTable(id, 0).database);
    const info = told ? await news.meta.database(id) : before?.info;
    // A database that is new here may bring tables that no diff names.
    if (info !== undefined && before === undefined) return undefined;
    const tables = await Promise.all(
      [...affected.tableIds].map((tableId) =>
        news.tells(keysOfTable(id, tableId).table)
          ? news.meta.table(id, tableId)
          : [...(before?.tables.values() ?? [])].find((table) => table.id === tableId),
      ),
    );
    found.push({ id, info, tables: tables.filter((table) => table !== undefined) });
  }
  return changeSchema(current, version, affected, found);
}
