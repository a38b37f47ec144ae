import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { type SchemaSyncer, SyncerError } from '@tidb-js/syncer';
import { DdlError } from '../errors.js';
import type { DdlEvents } from '../events.js';
import type { Ownership } from './worker.js';

const retryMs = { first: 20, most: 1_000 };

export interface BarrierSetting {
  readonly syncer: SchemaSyncer;
  readonly owner: Ownership;
  readonly events: DdlEvents;
  readonly leaseMs: number;
  readonly metadataLock: boolean;
  readonly onTimeout: 'proceed' | 'wait';
  readonly logger: Logger | undefined;
}

/** A version for which all servers are waited, and the jobs whose steps made it or one below it. */
export interface BarrierJobs {
  readonly version: bigint;
  readonly jobs: readonly { readonly id: number; readonly version: bigint }[];
}

/**
 * Raises the global version once for a group of jobs, then waits until every server has it. By the metadata-lock protocol each job has a barrier of its
 * own, without an end; `onJob` tells of each as it opens. By the version keys there is one barrier for all, whose time is twice the lease: after that a
 * server that is still behind may no longer commit, because its own schema lease is over.
 *
 * @throws DdlError NOT_OWNER when somebody else owns, ABORTED by the signal.
 */
export async function waitForServers(
  setting: BarrierSetting,
  group: BarrierJobs,
  options: { readonly signal: AbortSignal; readonly onJob: (jobId: number) => void },
): Promise<void> {
  const started = performance.now();
  const { syncer, owner, metadataLock, events } = setting;
  const { signal } = options;
  events.publish({ kind: 'barrier-begin', jobIds: group.jobs.map((job) => job.id), version: group.version });
  // The wait begins while the version is being raised: what it has to ask first need not come after.
  const raised = persist(setting, signal, async () => {
    await syncer.ownerUpdateGlobalVersion(group.version, { fence: owner.fence(), signal });
  });
  const opened = (jobIds: readonly number[], version: bigint): void => {
    events.publish({ kind: 'barrier', jobIds, version, elapsedMs: performance.now() - started });
    for (const jobId of jobIds) {
      options.onJob(jobId);
    }
  };
  if (metadataLock) {
    await Promise.all([
      raised,
      ...group.jobs.map(async ({ id, version }) => {
        await persist(setting, signal, async () => {
          await syncer.ownerCheckAllVersions({ version, jobId: BigInt(id) }, { signal });
        });
        await raised;
        opened([id], version);
      }),
    ]);
    return;
  }
  await Promise.all([raised, waitForVersion(setting, group, signal)]);
  opened(
    group.jobs.map((job) => job.id),
    group.version,
  );
}

async function waitForVersion(setting: BarrierSetting, group: BarrierJobs, signal: AbortSignal): Promise<void> {
  const { syncer, events, leaseMs, onTimeout } = setting;
  for (let late = true; late; ) {
    late = false;
    await persist(setting, signal, async () => {
      try {
        await syncer.ownerCheckAllVersions(group.version, { signal, timeoutMs: 2 * leaseMs });
      } catch (error) {
        if (!(error instanceof SyncerError) || error.code !== 'DEADLINE') {
          throw error;
        }
        const jobIds = group.jobs.map((job) => job.id);
        const behind = error.behind;
        setting.logger?.warn(
          { jobIds, version: group.version, behind, onTimeout },
          'servers are behind a schema version',
        );
        events.publish({ kind: 'barrier-timeout', jobIds, version: group.version, behind });
        late = onTimeout === 'wait';
      }
    });
  }
}

/** Tries until it is done, with growing pauses; only the end of ownership or the signal ends it otherwise. */
async function persist(setting: BarrierSetting, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  for (let pause = retryMs.first; ; pause = Math.min(pause * 2, retryMs.most)) {
    if (signal.aborted) {
      throw new DdlError('ABORTED', 'the barrier was left', { cause: signal.reason });
    }
    if (!setting.owner.isOwner) {
      throw new DdlError('NOT_OWNER', 'TiDB server is not a DDL owner');
    }
    try {
      return await act();
    } catch (error) {
      if (error instanceof SyncerError && error.code === 'FENCED') {
        throw new DdlError('NOT_OWNER', 'TiDB server is not a DDL owner', { cause: error });
      }
      if (!signal.aborted) {
        setting.logger?.warn({ error }, 'a barrier failed and is tried again');
      }
    }
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}
