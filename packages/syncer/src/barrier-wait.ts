import type { Logger } from '@tidb-js/etcd-session';
import type { BarrierProgress, BarrierTarget } from './barrier.js';
import { type BarrierMember, BarrierState, type VersionComparison } from './barrier-state.js';
import { Deadline } from './deadline.js';
import type { BarrierOptions } from './schema-syncer.js';
import { SyncerError } from './syncer-error.js';
import { Wakeup } from './wakeup.js';

/** What a barrier looks at. */
export interface BarrierSource {
  /** Everybody who counts, as far as it is known here. */
  members(): Iterable<BarrierMember>;
  /** Resolves when {@link members} has taken in all that was written before this call. */
  confirm(deadline: Deadline): Promise<void>;
  /** Calls `changed` whenever {@link members} may tell something else; returns how to stop that. */
  subscribe(changed: () => void): () => void;
}

/** What a wait at a barrier needs to know. */
export interface BarrierWait {
  readonly target: BarrierTarget;
  readonly comparison: VersionComparison;
  readonly options: BarrierOptions;
  /** Ends with the syncer. */
  readonly closed: AbortSignal;
  readonly logger?: Logger | undefined;
  readonly logIntervalMs: number;
}

/** Waits until the members of `source` have the version, and yields how it stands meanwhile. */
export async function* waitAtBarrier(source: BarrierSource, wait: BarrierWait): AsyncGenerator<BarrierProgress, void> {
  const state = new BarrierState(wait.target, wait.comparison);
  const deadline = new Deadline(describe(wait.target), wait.options, wait.closed);
  const wakeup = new Wakeup();
  let confirmed = false;
  let failure: unknown;
  const unsubscribe = source.subscribe(() => wakeup.notify());
  const logTimer = setInterval(() => {
    wait.logger?.warn({ ...wait.target, behind: state.behind }, 'someone is not synced, still waiting');
  }, wait.logIntervalMs);
  logTimer.unref();
  try {
    deadline.check();
    source
      .confirm(deadline)
      .then(() => {
        confirmed = true;
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => wakeup.notify());
    for (;;) {
      await wakeup.wait(deadline);
      if (failure !== undefined) throw failure;
      state.update(source.members());
      if (!confirmed || !state.changed) continue;
      const progress = state.progress();
      yield progress;
      if (progress.synced) return;
    }
  } catch (error) {
    throw withBehind(deadline.over ? deadline.error() : SyncerError.from(error, describe(wait.target)), state);
  } finally {
    clearInterval(logTimer);
    unsubscribe();
    deadline.end();
  }
}

function describe({ version, jobId }: BarrierTarget): string {
  return `Waiting until all have version ${version}${jobId === undefined ? '' : ` of job ${jobId}`}`;
}

const namedAtMost = 10;

function withBehind(error: SyncerError, state: BarrierState): SyncerError {
  const { behind } = state;
  if (behind.length === 0) return error;
  const names = behind.slice(0, namedAtMost).map(({ id, version, invalid, address }) => {
    const at = address === undefined ? '' : ` (${address})`;
    return `${id}${at} at ${version ?? (invalid === undefined ? 'no version' : JSON.stringify(invalid))}`;
  });
  const more = behind.length > namedAtMost ? `, and ${behind.length - namedAtMost} more` : '';
  return new SyncerError(error.code, `${error.rawMessage}; behind: ${names.join(', ')}${more}`, {
    cause: error.cause,
    behind,
  });
}
