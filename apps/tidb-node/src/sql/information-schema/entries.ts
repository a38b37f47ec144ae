import type { DBInfo, TableInfo } from '@tidb-js/ddl-jobs';
import type { InfoSchema } from '../../domain/types.js';
import { compareText } from './definition.js';

/** A table and where it is. */
export interface Entry {
  readonly schema: DBInfo;
  readonly table: TableInfo;
}

/** All tables, by the names of their databases and their own. */
export function entries(schema: InfoSchema): Entry[] {
  return [...schema.schemas.values()]
    .flatMap(({ info, tables }) => [...tables.values()].map((table) => ({ schema: info, table })))
    .sort((a, b) => compareText(`${a.schema.db_name.L}.${a.table.name.L}`, `${b.schema.db_name.L}.${b.table.name.L}`));
}
