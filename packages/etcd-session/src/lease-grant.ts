import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError } from './client/linked-abort.js';
import type { LeaseGrant, Logger } from './client/types.js';
import type { Clock } from './clock.js';
import { type Moment, readClock } from './lease-deadline.js';

export interface GrantOptions {
  readonly ttlSeconds: number;
  readonly attempts: number | 'unlimited';
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface GrantedLease extends LeaseGrant {
  /** When the request was sent that etcd counts the TTL from, or earlier. */
  readonly sentAt: Moment;
}

/** Another try cannot help, as TiDB sees it: the caller has given up, or the client is closed; and what etcd calls invalid stays so. */
function isHard(error: EtcdError): boolean {
  return error.code === 'ABORTED' || error.code === 'CLOSED' || error.code === 'INVALID_ARGUMENT';
}

/** A lease id of our own choice: positive and random in 63 bits, as etcd's are. */
function randomLeaseId(): bigint {
  const id = randomBytes(8).readBigUInt64BE() >> 1n;
  return id === 0n ? 1n : id;
}

/**
 * Obtains a lease, with TiDB's retries. All tries ask for one id of our own choice, so a try whose answer was lost is found
 * again by the next ("exists already" means that it was granted), and what all tries together may have left behind has a name to be revoked by.
 */
export async function grantLease(client: EtcdClient, options: GrantOptions): Promise<GrantedLease> {
  const id = randomLeaseId();
  let granted = false;
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const lease = await tryOnce(client, id, granted, options);
        if (options.signal?.aborted) throw abortError(options.signal);
        return lease;
      } catch (caught) {
        const error = EtcdError.from(caught);
        granted ||= error.outcomeUnknown;
        if (isHard(error) || attempt === options.attempts) throw error;
        options.logger?.warn({ err: error, attempt }, 'lease not granted, trying again');
      }
      await pause(options.intervalMs, undefined, { signal: options.signal }).catch(() => undefined);
      if (options.signal?.aborted) throw abortError(options.signal);
    }
  } catch (error) {
    void revokeLeftover(client, id, options);
    throw error;
  }
}

async function tryOnce(
  client: EtcdClient,
  id: bigint,
  mayExist: boolean,
  options: GrantOptions,
): Promise<GrantedLease> {
  const callOptions = options.signal === undefined ? {} : { signal: options.signal };
  const sentAt = readClock(options.clock);
  try {
    const granted = await client.leaseGrant(options.ttlSeconds, { id, ...callOptions });
    return { ...granted, sentAt };
  } catch (error) {
    if (!mayExist || EtcdError.from(error).code !== 'LEASE_EXISTS') throw error;
  }
  const askedAt = readClock(options.clock);
  return { ...(await client.leaseKeepAliveOnce(id, callOptions)), sentAt: askedAt };
}

/** Revokes what a try with an unknown outcome may have left, for as long as it could live. */
async function revokeLeftover(client: EtcdClient, id: bigint, options: GrantOptions): Promise<void> {
  const until = options.clock.monotonicMs() + options.ttlSeconds * 1000;
  // "Not found" may come before a grant that is still on its way, so it counts when it is said twice.
  for (let notFound = 0; notFound < 2 && options.clock.monotonicMs() < until; ) {
    try {
      await client.leaseRevoke(id);
      return;
    } catch (caught) {
      const error = EtcdError.from(caught);
      if (error.code === 'CLOSED') return;
      if (error.code === 'LEASE_NOT_FOUND') notFound++;
    }
    await pause(1000, undefined, { ref: false });
  }
}
