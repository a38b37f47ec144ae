import type { ActionType } from './action-type.js';

/** One more object that a version changes. */
export interface AffectedOption {
  readonly schema_id: number;
  readonly table_id: number;
  readonly old_table_id: number;
  readonly old_schema_id: number;
}

/**
 * What one schema version changed (`Diff:<version>`), so that a node loads that object alone. One diff a version.
 * Members that are not listed here are kept as they are.
 */
export interface SchemaDiff {
  readonly version: bigint;
  readonly type: ActionType;
  readonly schema_id: number;
  readonly table_id: number;
  /** Truncate: the id that is gone. Create or replace view: the view that was replaced. */
  readonly old_table_id: number;
  /** Rename: the database the table came from. */
  readonly old_schema_id: number;
  /** The readers should load everything anew. */
  readonly regenerate_schema_map: boolean;
  readonly affected_options: readonly AffectedOption[] | null;
}
