import type { InfoSchema, TableEntry } from '../domain/types.js';
import { HttpError, wholeNumber } from './http-error.js';

/**
 * TiDB's paths to the schema: `/schema`, `/schema/{db}`, `/schema/{db}/{table}`, `/schema?table_id=`, `/db-table/{id}`.
 * Undefined for another path.
 */
export function schemaAnswer(infoSchema: InfoSchema, path: string, query: URLSearchParams): unknown {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  if (parts[0] === 'db-table' && parts.length === 2) {
    const [, id = ''] = parts;
    if (!/^\d+$/.test(id)) throw new HttpError(400, `Wrong tableID: ${id}`);
    const { table, schema } = tableById(infoSchema, id);
    return { db_info: schema, table_info: table, schema_version: infoSchema.version };
  }
  if (parts[0] !== 'schema' || parts.length > 3) return undefined;
  const [, database, table] = parts;
  if (database === undefined) {
    const id = query.get('table_id');
    if (id !== null) return tableById(infoSchema, id).table;
    return [...infoSchema.schemas.values()].map(({ info }) => info);
  }
  const schema = infoSchema.schema(database);
  if (schema === undefined) throw new HttpError(400, `[schema:1049]Unknown database '${database}'`);
  if (table === undefined) return [...schema.tables.values()];
  const found = infoSchema.table(database, table);
  if (found === undefined) throw new HttpError(400, `[schema:1146]Table '${database}.${table}' doesn't exist`);
  return found;
}

function tableById(infoSchema: InfoSchema, text: string): TableEntry {
  const id = wholeNumber(text);
  const entry = infoSchema.tableById(id);
  if (entry === undefined) throw new HttpError(400, `[schema:1146]Table which ID = ${id} does not exist.`);
  return entry;
}
