import { setTimeout as sleep } from 'node:timers/promises';
import { StorageError } from './errors.js';
import type { StoreCallOptions } from './types.js';

/** How long a step is tried again while etcd does not answer. */
const STEP_MS = 15_000;
const RETRY_MS = [5, 20, 80, 320, 1_000];

/** Try a step that may be repeated safely until etcd answers, with pauses that grow. */
export async function persist<T>(step: () => Promise<T>, { signal }: StoreCallOptions = {}): Promise<T> {
  const until = Date.now() + STEP_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      const failure = StorageError.from(error);
      if (failure.code !== 'UNAVAILABLE' || Date.now() > until || signal?.aborted) throw failure;
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, signal && { signal }).catch(() => {
        throw new StorageError('ABORTED', 'the wait for the storage was ended by its caller', { cause: failure });
      });
    }
  }
}
