import type { BarrierTarget } from './barrier.js';
import { SyncerError } from './syncer-error.js';
import type { SyncProtocol } from './syncer-options.js';
import { checkVersion } from './version.js';

/** Reads what a caller waits for, and refuses what the protocol cannot wait for. */
export function barrierTarget(
  target: bigint | BarrierTarget,
  protocol: SyncProtocol,
): BarrierTarget & { readonly jobId?: bigint } {
  const { version, jobId } =
    typeof target === 'object' && target !== null ? target : { version: target, jobId: undefined };
  checkVersion(version, 'version');
  if (protocol === 'version-keys') return { version };
  if (jobId === undefined) {
    throw new SyncerError('INVALID_ARGUMENT', 'By metadata lock an owner waits for one job: pass { jobId, version }');
  }
  return { version, jobId: checkVersion(jobId, 'jobId') };
}
