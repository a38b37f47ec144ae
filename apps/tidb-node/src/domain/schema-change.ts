import type { AffectedOption, DBInfo, SchemaDiff, TableInfo } from '@tidb-js/ddl-jobs';
import { LoadedSchema, schemaOf } from './loaded-schema.js';
import type { Schema } from './types.js';

/** A schema that came out of another one. */
export interface ChangedSchema {
  readonly schema: LoadedSchema;
  /** Tables that have, or may have, changed. */
  readonly changed: ReadonlySet<number>;
}

/** What the diffs of some versions name. */
export interface Affected {
  readonly schemaIds: ReadonlySet<number>;
  readonly tableIds: ReadonlySet<number>;
  /** Databases that changed as a whole. */
  readonly whole: ReadonlySet<number>;
}

/** A database that diffs name, as it is now: itself, and those of the named tables that it has. */
export interface FoundSchema {
  readonly id: number;
  readonly info: DBInfo | undefined;
  readonly tables: readonly TableInfo[];
}

export function affectedBy(diffs: readonly SchemaDiff[]): Affected {
  const affected = diffs.flatMap((diff): AffectedOption[] => [diff, ...(diff.affected_options ?? [])]);
  return {
    tableIds: new Set(affected.flatMap((each) => [each.table_id, each.old_table_id]).filter((id) => id !== 0)),
    schemaIds: new Set(affected.flatMap((each) => [each.schema_id, each.old_schema_id]).filter((id) => id !== 0)),
    whole: new Set(affected.filter((each) => each.table_id === 0).map((each) => each.schema_id)),
  };
}

/** The schema at a later version, when what changed has been found. A database that is new brings all its tables. */
export function changeSchema(
  current: LoadedSchema,
  version: bigint,
  affected: Affected,
  found: readonly FoundSchema[],
): ChangedSchema {
  const schemas = new Map<number, Schema>([...current.schemas.values()].map((schema) => [schema.info.id, schema]));
  const changed = new Set(affected.tableIds);
  for (const { id, info, tables } of found) {
    const before = schemas.get(id);
    if (affected.whole.has(id)) for (const table of before?.tables.values() ?? []) changed.add(table.id);
    if (info === undefined) {
      schemas.delete(id);
      continue;
    }
    const kept = [...(before?.tables.values() ?? [])].filter((table) => !affected.tableIds.has(table.id));
    schemas.set(id, schemaOf(info, [...kept, ...tables]));
  }
  return { schema: new LoadedSchema(version, schemas.values()), changed };
}
