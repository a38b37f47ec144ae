import { DdlError } from '../errors.js';
import { ActionType, actionTypeName } from '../model/action-type.js';
import type { SubJob } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import type { Action } from './action.js';
import type { JobSpec, TableTarget } from './job-spec.js';
import { checkActionsMeet } from './multi-schema-conflicts.js';

/** ALTER TABLE with several actions. What it does is made of their tables: see `worker/multi.ts`. */
export const multiSchemaChangeAction: Action = {
  type: ActionType.MultiSchemaChange,
  name: 'alter table multi-schema change',
  // One of its actions may backfill rows.
  queue: 'reorg',
  initial: SchemaState.None,
  forward: [],
  turn: [],
  rollback: [],
  cancellable: [SchemaState.None],
  involves: (job) => ({ tableIds: [job.table_id] }),
};

/**
 * ALTER TABLE … , …: all of these happen, or none.
 *
 * @throws DdlError UNSUPPORTED (8200) for an action that creates or is about another table, and for two that meet at a column or an index.
 */
export function multiSchemaChange(target: TableTarget, changes: readonly JobSpec[]): JobSpec {
  if (changes.length < 2) {
    throw new DdlError('INVALID_JOB', `a multi-schema change needs at least two actions, not ${changes.length}`);
  }
  for (const change of changes) {
    if (change.tableId !== target.tableId || (change.newIds ?? 0) > 0 || change.subJobs !== undefined) {
      throw new DdlError(
        'UNSUPPORTED',
        `Unsupported multi schema change for ${actionTypeName(change.type) ?? change.type}`,
      );
    }
  }
  checkActionsMeet(changes);
  const prefix = `alter table \`${target.tableName}\` `;
  return {
    type: ActionType.MultiSchemaChange,
    query: `${prefix}${changes.map((change) => (change.query ?? '').replace(prefix, '')).join(', ')}`,
    ...target,
    subJobs: changes,
    fill: () => ({ rawArgs: null }),
  };
}

/** A sub-job as it enters the queue. */
export function newSubJob(spec: JobSpec): SubJob {
  return {
    type: spec.type,
    raw_args: spec.fill([]).rawArgs,
    schema_state: spec.schemaState ?? SchemaState.None,
    snapshot_ver: 0n,
    revertible: true,
    state: JobState.None,
    row_count: 0,
    warning: null,
    schema_version: 0n,
    reorg_tp: 0,
  };
}
