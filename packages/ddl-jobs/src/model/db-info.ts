import type { Json } from './json.js';
import { type Name, name } from './name.js';
import { SchemaState } from './schema-state.js';

/** A database, with TiDB's JSON names. Members that are not listed here are kept as they are. */
export interface DBInfo {
  readonly id: number;
  readonly db_name: Name;
  readonly charset: string;
  readonly collate: string;
  readonly state: SchemaState;
  readonly policy_ref_info?: Json;
}

/** A database that is to be created; its id is given when the job is submitted. */
export function newDBInfo(
  dbName: string,
  options: { readonly charset?: string; readonly collate?: string } = {},
): DBInfo {
  const charset = options.charset ?? 'utf8mb4';
  return {
    id: 0,
    db_name: name(dbName),
    charset,
    collate: options.collate ?? `${charset}_bin`,
    state: SchemaState.None,
    policy_ref_info: null,
  };
}
