import { type DBInfo, physicalTableIds, SchemaState, type TableInfo } from '@tidb-js/ddl-jobs';
import type { InfoSchema, Schema, TableEntry } from './types.js';

/** One schema version in memory. Public tables have names; others are there for nobody. */
export class LoadedSchema implements InfoSchema {
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly #schemasById = new Map<number, Schema>();
  readonly #tablesById = new Map<number, TableEntry>();

  constructor(
    readonly version: bigint,
    schemas: Iterable<Schema>,
  ) {
    const byName = new Map<string, Schema>();
    for (const schema of schemas) {
      byName.set(schema.info.db_name.L, schema);
      this.#schemasById.set(schema.info.id, schema);
      for (const table of schema.tables.values()) {
        const entry = { table, schema: schema.info };
        this.#tablesById.set(table.id, entry);
        for (const id of physicalTableIds(table)) this.#tablesById.set(id, entry);
      }
    }
    this.schemas = byName;
  }

  schema(name: string): Schema | undefined {
    return this.schemas.get(name.toLowerCase());
  }

  table(schema: string, table: string): TableInfo | undefined {
    return this.schema(schema)?.tables.get(table.toLowerCase());
  }

  tableById(id: number): TableEntry | undefined {
    return this.#tablesById.get(id);
  }

  schemaById(id: number): Schema | undefined {
    return this.#schemasById.get(id);
  }
}

/** A database with those of the tables that a statement may see. */
export function schemaOf(info: DBInfo, tables: Iterable<TableInfo>): Schema {
  const visible = [...tables].filter((table) => table.state === SchemaState.Public);
  return { info, tables: new Map(visible.map((table): [string, TableInfo] => [table.name.L, table])) };
}
