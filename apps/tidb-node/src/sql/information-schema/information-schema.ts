import type { VirtualTable, VirtualTables } from '../plan/virtual-table.js';
import { clusterTables } from './cluster-tables.js';
import { constraintTables } from './constraint-tables.js';
import { type VirtualContext, variableTable } from './definition.js';
import { emptyTables } from './empty-tables.js';
import { schemaTables } from './schema-tables.js';
import { systemTables } from './system-tables.js';

/** information_schema, performance_schema, metrics_schema and what is read of mysql: the tables that clients read. */
export function virtualTables(
  x: VirtualContext,
): VirtualTables & { readonly names: readonly string[]; list(database: string): readonly VirtualTable[] } {
  const own = () => names.flatMap((database) => (databases.get(database) ?? []).map((table) => ({ database, table })));
  const list: VirtualTable[] = [...schemaTables(x, own), ...constraintTables(x), ...clusterTables(x), ...emptyTables()];
  const databases = new Map<string, readonly VirtualTable[]>([
    ['INFORMATION_SCHEMA', list],
    ['METRICS_SCHEMA', []],
    ['PERFORMANCE_SCHEMA', [variableTable('session_variables', x, false), variableTable('global_variables', x, true)]],
  ]);
  const names = [...databases.keys()];
  // The database `mysql` is a stored one: these are found where no table of it has the name.
  databases.set('MYSQL', systemTables(x));
  return {
    names,
    database: (name) => names.find((each) => each === name.toUpperCase()),
    list: (database) => databases.get(database.toUpperCase()) ?? [],
    table: (database, name) =>
      (databases.get(database.toUpperCase()) ?? []).find((each) => each.name.toLowerCase() === name.toLowerCase()),
  };
}
