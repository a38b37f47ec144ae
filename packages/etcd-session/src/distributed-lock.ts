import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError } from './client/linked-abort.js';
import type { Compare, Logger } from './client/types.js';
import { Mutex } from './mutex.js';
import { Session } from './session.js';
import type { Tenure } from './tenure.js';
import type { WaitOptions } from './within.js';

export interface DistributedLockOptions extends WaitOptions {
  /** TTL of the lock's session in seconds; default 60. */
  readonly ttlSeconds?: number;
  /** How often to begin again when the session was lost while it waited; default 10, as in TiDB. */
  readonly attempts?: number;
  readonly logger?: Logger;
}

/** A lock with a session of its own. */
export interface DistributedLock extends AsyncDisposable {
  /** The key that holds it, its fencing token, and a signal that aborts when the lock is lost. */
  readonly tenure: Tenure;
  /** The condition that makes a transaction the holder's; throws `LOCK_RELEASED` when the lock is not held. */
  fence(): readonly Compare[];
  /** Unlocks and revokes the session; idempotent, and it does not fail: what etcd does not confirm ends with the lease. */
  release(): Promise<void>;
}

const pauseMs = 200;

/**
 * Takes the lock that `key` names, on a session made for it: TiDB's AcquireDistributedLock, which takes its place in the same queue as Go's
 * `concurrency.Mutex` and `etcdctl lock`.
 *
 * @throws EtcdError `ABORTED` by `signal`, else the last error after so many attempts. No session is left behind.
 */
export async function acquireDistributedLock(
  client: EtcdClient,
  key: string,
  options: DistributedLockOptions = {},
): Promise<DistributedLock> {
  const { ttlSeconds = 60, attempts = 10, signal, logger } = options;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new EtcdError('INVALID_ARGUMENT', `attempts is ${attempts}: it must be a whole number of at least 1`);
  }
  const wait = { ...(signal && { signal }) };
  for (let attempt = 1; ; attempt++) {
    const session = await Session.create(client, { ttlSeconds, ...wait, ...(logger && { logger }) });
    try {
      const mutex = new Mutex(session, key);
      const tenure = await mutex.lock(wait);
      return held(session, mutex, tenure, logger);
    } catch (error) {
      await session.close().catch(() => undefined);
      if (EtcdError.from(error).code !== 'SESSION_LOST' || attempt === attempts) throw error;
      logger?.warn({ err: error, key, attempt }, 'distributed lock not acquired, trying again');
    }
    await pause(pauseMs, undefined, wait).catch(() => undefined);
    if (signal?.aborted) throw abortError(signal);
  }
}

function held(session: Session, mutex: Mutex, tenure: Tenure, logger: Logger | undefined): DistributedLock {
  let released: Promise<void> | undefined;
  const letGo = async () => {
    try {
      await mutex.unlock();
    } catch (error) {
      logger?.warn({ err: error, key: mutex.prefix }, 'distributed lock was lost, or not unlocked in time');
    }
    await session.close().catch(() => undefined);
  };
  const release = () => {
    released ??= letGo();
    return released;
  };
  return { tenure, fence: () => mutex.fence(), release, [Symbol.asyncDispose]: release };
}
