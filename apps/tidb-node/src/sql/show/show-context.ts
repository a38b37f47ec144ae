import type { DBInfo, TableInfo } from '@tidb-js/ddl-jobs';
import type { InfoSchema } from '../../domain/types.js';
import type { PumpState } from '../services.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import type { ProcessInfo, Warning } from '../types.js';

/** What SHOW asks of the session and the node. */
export interface ShowContext {
  readonly infoSchema: InfoSchema;
  readonly database: string | undefined;
  readonly zone: TimeZone;
  readonly warnings: readonly Warning[];
  readonly virtualDatabases: readonly string[];
  /** A timestamp of now, to read at. */
  timestamp(): Promise<bigint>;
  tableNames(database: string): readonly { readonly name: string; readonly type: string }[];
  /** Rows of SHOW COLUMNS for a virtual table. */
  virtualColumns(database: string, table: string): SqlValue[][] | undefined;
  /** The next AUTO_INCREMENT that this node would give; null for a table without one. */
  autoIncrement(table: TableInfo): bigint | null;
  nextAutoId(table: TableInfo, schema: DBInfo): Promise<bigint>;
  variables(global: boolean): [string, string][];
  status(): Readonly<Record<string, string>>;
  processes(): readonly ProcessInfo[];
  pumps(): Promise<readonly PumpState[]>;
  drainers(): Promise<readonly PumpState[]>;
}
