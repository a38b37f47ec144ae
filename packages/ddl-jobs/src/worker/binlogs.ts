import type { ActionRegistry } from '../actions/registry.js';
import type { DdlBinlogTime } from '../binlog.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';

/** Whether the transaction that takes a job from one state to another carries a DDL binlog. */
export function carriesBinlog(
  time: DdlBinlogTime,
  registry: ActionRegistry,
  step: { readonly job: Job; readonly ended: boolean; readonly tells: boolean },
): boolean {
  const { job, ended, tells } = step;
  if (job.query === '' || registry.find(job.type)?.binlog === false || job.state === JobState.Cancelled) {
    return false;
  }
  return time === 'synced' ? ended : tells;
}
