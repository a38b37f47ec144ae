import { EtcdError } from './client/errors.js';
import { abortError } from './client/linked-abort.js';
import type { CallOptions } from './client/types.js';
import { whenAborted } from './when-aborted.js';

/** What a wait without a time limit takes. */
export interface WaitOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Waits for work that goes on by itself, for no longer than the caller's options allow; without `timeoutMs` there is no limit of time. */
export async function within<T>(work: Promise<T>, options: CallOptions, what: string): Promise<T> {
  const { signal, timeoutMs } = options;
  let stop = () => {};
  const limit = new Promise<never>((_, reject) => {
    const onAbort = () => {
      if (signal !== undefined) reject(abortError(signal));
    };
    if (signal?.aborted) onAbort();
    whenAborted(signal, onAbort);
    const onTimeout = () => {
      const text = `${what}: no answer within ${timeoutMs} ms; it goes on in the background`;
      reject(new EtcdError('DEADLINE', text, { outcomeUnknown: true }));
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  // Whoever stops waiting must not turn a later failure into an unhandled rejection.
  work.catch(() => undefined);
  try {
    return await Promise.race([limit, work]);
  } finally {
    stop();
  }
}
