import {
  type CallOptions,
  type Compare,
  compare,
  type EtcdClient,
  EtcdError,
  type KeyValue,
  type Op,
  op,
  type PutOptions,
} from '@tidb-js/etcd-session';
import { SyncerError } from './syncer-error.js';
import { parseVersion } from './version.js';

/** A version to be written, unless the key holds it or a greater one. */
export interface Raise {
  readonly key: string;
  readonly version: bigint;
  /** What the key is believed to hold; that it does not exist, unless told. A wrong belief costs one more round trip. */
  readonly believed?: Raised | undefined;
  /** What else must hold. */
  readonly fence?: readonly Compare[] | undefined;
  /** The lease the key shall hang on. A version that stands on another lease does not count as written. */
  readonly lease?: bigint;
  /** Throws when a key that stands must not be replaced. */
  readonly checkStanding?: (standing: KeyValue) => void;
  /** Written in the same transaction. */
  readonly along?: readonly Op[];
}

/** What stands after a {@link Raise}. */
export interface Raised {
  readonly version: bigint;
  readonly modRevision: bigint;
  /** The lease the key hangs on, where one was asked for. */
  readonly lease?: bigint | undefined;
}

/** How often a lost race is run again before a pause. */
const racesBeforePause = 4;

/**
 * Writes a version so that the key never goes down, in whatever order writes arrive: each is a transaction on the revision that was read.
 * A write that was lost on the way and lands late finds another revision, and does nothing.
 */
export async function raiseVersion(client: EtcdClient, raise: Raise, call: CallOptions): Promise<Raised> {
  const { key, version, lease, fence = [], along = [] } = raise;
  // A belief that there is nothing to do is not trusted: no key has revision -1, so that the key is read.
  let expected =
    raise.believed === undefined ? 0n : raise.believed.version < version ? raise.believed.modRevision : -1n;
  let standingLease = raise.believed?.lease;
  for (let races = 0; races < racesBeforePause; races += 1) {
    const answer = await client.txn(
      {
        compare: [compare.mod(key, '=', expected), ...fence],
        success: [op.put(key, String(version), leaseOf(lease, standingLease)), ...along],
        failure: [op.get(key), ...(fence.length > 0 ? [op.txn({ compare: fence })] : [])],
      },
      call,
    );
    if (answer.succeeded) return { version, modRevision: answer.revision, lease };
    const [read, fenced] = answer.results;
    if (fenced?.kind === 'txn' && !fenced.succeeded) {
      throw new SyncerError(
        'FENCED',
        `${key} is not raised to ${version}: the fence does not hold, so another node is owner`,
      );
    }
    const standing = read?.kind === 'range' ? read.kvs[0] : undefined;
    const standingVersion = standing && parseVersion(standing.value.toString());
    if (
      standing &&
      standingVersion !== undefined &&
      standingVersion >= version &&
      (lease === undefined || standing.lease === lease)
    ) {
      return { version: standingVersion, modRevision: standing.modRevision, lease };
    }
    if (standing) raise.checkStanding?.(standing);
    expected = standing?.modRevision ?? 0n;
    standingLease = standing?.lease;
  }
  throw new EtcdError('CONFLICT', `${key} is being written by others all the time`, { retryable: true });
}

/** A key that hangs on the lease already keeps it: such a put, unlike one that names a lease, may travel together with others. */
function leaseOf(lease: bigint | undefined, standing: bigint | undefined): PutOptions {
  if (lease === undefined) return {};
  return lease === standing ? { ignoreLease: true } : { lease };
}
