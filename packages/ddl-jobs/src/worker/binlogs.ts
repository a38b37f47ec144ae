import type { Edge } from '../actions/action.js';
import type { ActionRegistry } from '../actions/registry.js';
import type { DdlBinlogTime } from '../binlog.js';
import { ActionType } from '../model/action-type.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';

/** Whether the transaction that takes a job from one state to another carries a DDL binlog. */
export function carriesBinlog(
  time: DdlBinlogTime,
  registry: ActionRegistry,
  step: { readonly job: Job; readonly ended: boolean; readonly edge: Edge | undefined; readonly tells: boolean },
): boolean {
  const { job, ended, edge, tells } = step;
  if (job.query === '' || registry.find(job.type)?.binlog === false || job.state === JobState.Cancelled) {
    return false;
  }
  if (time === 'synced') {
    return ended;
  }
  const dropsColumn = job.type === ActionType.DropColumn && edge?.to === SchemaState.DeleteOnly;
  return !ended && (tells || dropsColumn);
}
