import { type CallOptions, EtcdError, type Logger } from '@tidb-js/etcd-session';
import type { Deadline } from './deadline.js';
import { SyncerError } from './syncer-error.js';

/** How calls to etcd are repeated. */
export interface RetryPolicy {
  /** Milliseconds allowed for one try. */
  readonly tryTimeoutMs: number;
  /** Pause after the first failure; it doubles with each, up to `maxIntervalMs`. */
  readonly intervalMs: number;
  readonly maxIntervalMs: number;
  /** At most one line is logged in so many milliseconds. */
  readonly logIntervalMs: number;
  readonly logger: Logger | undefined;
}

/** The pauses of one run of failures. */
export class Backoff {
  readonly #policy: RetryPolicy;
  #next: number;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.#next = policy.intervalMs;
  }

  async pause(deadline: Deadline): Promise<void> {
    const now = this.#next;
    this.#next = Math.min(now * 2, this.#policy.maxIntervalMs);
    await deadline.sleep(now);
  }
}

/**
 * Calls `attempt` until it succeeds, `attempts` times at most. It ends at once when the deadline is over, and on an error that another
 * try cannot mend.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  attempts: number,
  deadline: Deadline,
  doing: string,
  attempt: (call: CallOptions) => Promise<T>,
): Promise<T> {
  const backoff = new Backoff(policy);
  let outcomeUnknown = false;
  let loggedAt = Number.NEGATIVE_INFINITY;
  for (let tries = 1; ; tries += 1) {
    try {
      deadline.check();
      return await attempt({ signal: deadline.signal, timeoutMs: policy.tryTimeoutMs });
    } catch (caught) {
      const error = EtcdError.from(caught);
      outcomeUnknown ||= error.outcomeUnknown;
      if (deadline.over) throw withOutcome(deadline.error(), outcomeUnknown);
      if (caught instanceof SyncerError) throw caught;
      if (!error.retryable && error.code !== 'DEADLINE') throw SyncerError.from(caught, doing);
      if (tries >= attempts) {
        const message = `${doing}: etcd did not answer in ${tries} tries of ${policy.tryTimeoutMs} ms (${error.message})`;
        throw new SyncerError('UNAVAILABLE', message, { cause: error, outcomeUnknown });
      }
      if (performance.now() - loggedAt >= policy.logIntervalMs) {
        loggedAt = performance.now();
        policy.logger?.warn({ doing, tries, err: error }, 'etcd call failed, trying again');
      }
      await backoff.pause(deadline).catch((over: unknown) => {
        throw withOutcome(SyncerError.from(over, doing), outcomeUnknown);
      });
    }
  }
}

function withOutcome(error: SyncerError, outcomeUnknown: boolean): SyncerError {
  if (!outcomeUnknown) return error;
  return new SyncerError(error.code, error.rawMessage, { cause: error.cause, outcomeUnknown });
}
