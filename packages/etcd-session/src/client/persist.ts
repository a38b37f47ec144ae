import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from './errors.js';
import { abortError } from './linked-abort.js';

const firstPauseMs = 50;
const longestPauseMs = 1000;

/**
 * Repeats an attempt until it succeeds, `signal` aborts, or its error says that trying again cannot help. Only for
 * attempts that are idempotent, so that one whose outcome is unknown may be made again.
 */
export async function persist<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if (signal.aborted) throw abortError(signal);
    try {
      return await attempt();
    } catch (caught) {
      if (signal.aborted) throw abortError(signal);
      const error = EtcdError.from(caught);
      if (!error.retryable && !error.outcomeUnknown) throw error;
    }
    await pause(pauseMs * (0.5 + Math.random() * 0.5), undefined, { signal }).catch(() => undefined);
  }
}
