import { type CallOptions, compare, op } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import type { TransactionStatus } from '../store.js';
import { physicalMs } from '../timestamp.js';
import type { Timestamp } from '../types.js';
import { MAX_TS } from './layout.js';
import { decodeWrite } from './record.js';
import { firstOf, lockOf, rangeAt, type Space } from './space.js';

/** Versions of the primary that one look takes in; a key that changes often may need several. */
const VERSIONS_PER_LOOK = 128;
/** How often a rollback may lose the race against the transaction it wants to end. */
const TRIES = 16;

/** What became of a transaction, as its primary key, its rollback mark and the primary's versions tell in one revision. */
export async function transactionStatus(
  space: Space,
  primary: Buffer,
  startTs: Timestamp,
  now: Timestamp,
  rollBack: boolean,
  options: CallOptions,
): Promise<TransactionStatus> {
  const { client, layout } = space;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const answer = await client.txn(
      {
        success: [op.range(layout.lock(primary)), op.range(layout.rollback(startTs))],
      },
      options,
    );
    if (firstOf(answer.results, 1) !== undefined) return { kind: 'rolledBack' };
    const lockKv = firstOf(answer.results, 0);
    const lock = lockKv === undefined ? undefined : lockOf(layout, lockKv, answer);
    const held = lock !== undefined && lock.startTs === startTs;
    if (held) {
      const ttlLeftMs = physicalMs(startTs) + lock.ttlMs - physicalMs(now);
      if (ttlLeftMs > 0 || !rollBack) return { kind: 'locked', lock, ttlLeftMs };
    } else {
      // Read after the look above: a commit between the two is found, and one after both fails the comparison below.
      const commitTs = await findCommit(space, primary, startTs, options);
      if (commitTs !== undefined) return { kind: 'committed', commitTs };
      if (!rollBack) return { kind: 'unknown' };
    }
    const lockKey = layout.lock(primary);
    const ended = await client.txn(
      {
        compare: [
          compare.mod(lockKey, '=', lockKv?.modRevision ?? 0n),
          // No version came since the look: a commit that ran in between is not undone.
          compare.mod(layout.versionsAfter(primary, startTs), '<', answer.revision + 1n),
        ],
        success: [op.put(layout.rollback(startTs), ''), ...(held ? [op.delete(lockKey)] : [])],
      },
      options,
    );
    if (ended.succeeded) return { kind: 'rolledBack' };
  }
  throw new StorageError(
    'LOCK_TIMEOUT',
    `the transaction with start_ts ${startTs} changes its lock faster than it can be looked at; try again`,
    { key: primary },
  );
}

/** The commit_ts of a transaction, found among the versions of its primary that are newer than its start. */
async function findCommit(
  { client, layout }: Space,
  primary: Buffer,
  startTs: Timestamp,
  options: CallOptions,
): Promise<Timestamp | undefined> {
  let newest = MAX_TS;
  for (;;) {
    const answer = await client.txn(
      {
        success: [
          op.range(
            { key: layout.write(primary, newest), end: layout.write(primary, startTs) },
            { limit: VERSIONS_PER_LOOK },
          ),
        ],
      },
      options,
    );
    const page = rangeAt(answer.results, 0);
    for (const kv of page.kvs) {
      const { commitTs } = layout.parseWrite(kv.key);
      if (decodeWrite(kv.value).startTs === startTs) return commitTs;
      newest = commitTs - 1n;
    }
    if (!page.more) return undefined;
  }
}
