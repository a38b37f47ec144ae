import {
  ColumnFlag,
  createSchema,
  createTable,
  type Job,
  newColumnInfo,
  newIndexInfo,
  newTableInfo,
  type TableTarget,
} from '../src/index.js';
import type { Fleet } from './fleet.js';

export const int = (name: string, flag = 0) => newColumnInfo(name, { Tp: 3, Flag: flag, Flen: 11, Decimal: 0 });
export const varchar = (name: string, length: number) =>
  newColumnInfo(name, { Tp: 15, Flen: length, Decimal: 0, Charset: 'utf8mb4', Collate: 'utf8mb4_bin' });

export interface Prepared {
  readonly schema: { readonly schemaId: number; readonly schemaName: string };
  readonly table: TableTarget;
}

/** A database `d` with a table `t (a int not null, b varchar(20), c int, key kc(c))`. */
export async function prepare(fleet: Fleet): Promise<Prepared> {
  const database = await fleet.jobs.run(createSchema('d'));
  const schema = { schemaId: database.schema_id, schemaName: 'd' };
  const columns = [int('a', ColumnFlag.NotNull), varchar('b', 20), int('c')];
  const job = await fleet.jobs.run(createTable(schema, newTableInfo('t', columns, [newIndexInfo('kc', ['c'])])));
  return { schema, table: targetOf(job, 't') };
}

export function targetOf(job: Job, tableName: string): TableTarget {
  return { schemaId: job.schema_id, schemaName: job.schema_name, tableId: job.table_id, tableName };
}
