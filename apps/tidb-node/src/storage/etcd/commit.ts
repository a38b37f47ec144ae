import { type CallOptions, type Compare, compare, type Op, op } from '@tidb-js/etcd-session';
import type { CommitResult, Lock, LockPage, Prewritten } from '../store.js';
import type { Timestamp } from '../types.js';
import { decodeLock, encodeLock, encodeWrite, recordKind } from './record.js';
import { firstOf, lockOf, type Space } from './space.js';

/**
 * Turn the locks of a part into versions, in one etcd transaction that holds only while each lock is the one this
 * transaction made (its create revision), and the fence does.
 */
export async function commitPart(
  { client, layout }: Space,
  part: Prewritten,
  commitTs: Timestamp,
  fence: readonly Compare[],
  options: CallOptions,
): Promise<CommitResult> {
  const { mutations, startTs, revision } = part;
  const mine = mutations.map(({ key }) => compare.create(layout.lock(key), '=', revision));
  const writes = mutations.flatMap(({ kind, key, value }): Op[] => [
    op.put(layout.write(key, commitTs), encodeWrite(recordKind(kind), startTs, value)),
    op.delete(layout.lock(key)),
  ]);
  const [first] = mutations;
  if (first === undefined) return 'committed';
  const answer = await client.txn(
    {
      compare: [...mine, ...fence],
      success: writes,
      failure: [op.range(layout.lock(first.key)), op.range(layout.write(first.key, commitTs))],
    },
    options,
  );
  if (answer.succeeded) return 'committed';
  if (firstOf(answer.results, 0)?.createRevision === revision) return 'fenced';
  // The answer to an earlier try of ours may have been lost, or a reader may have settled the lock for us.
  return firstOf(answer.results, 1) === undefined ? 'rolledBack' : 'committed';
}

/** Make the first lock of a part say that its transaction lives until `ttlMs` after start_ts. */
export async function heartbeatPart(
  { client, layout }: Space,
  part: Prewritten,
  ttlMs: number,
  options: CallOptions,
): Promise<boolean> {
  const lockKey = layout.lock(part.primary);
  const mutation = part.mutations.find(({ key }) => key.equals(part.primary));
  if (mutation === undefined) return false;
  const kind = recordKind(mutation.kind);
  const { startTs, primary } = part;
  // The create revision stays, and that is what the commit compares.
  const answer = await client.txn(
    {
      compare: [compare.create(lockKey, '=', part.revision)],
      success: [op.put(lockKey, encodeLock({ kind, startTs, ttlMs, primary, value: mutation.value }))],
    },
    options,
  );
  return answer.succeeded;
}

/** Remove a transaction's locks from some keys. The mark that it is rolled back goes first, so that none can come later. */
export async function rollbackKeys(
  { client, layout }: Space,
  keys: readonly Buffer[],
  startTs: Timestamp,
  options: CallOptions,
): Promise<void> {
  const answer = await client.txn(
    { success: [op.put(layout.rollback(startTs), ''), ...keys.map((key) => op.range(layout.lock(key)))] },
    options,
  );
  const removals = keys.flatMap((_, at): Op[] => {
    const kv = firstOf(answer.results, at + 1);
    if (kv === undefined || decodeLock(kv.value).startTs !== startTs) return [];
    return [op.txn({ compare: [compare.create(kv.key, '=', kv.createRevision)], success: [op.delete(kv.key)] })];
  });
  if (removals.length > 0) await client.txn({ success: removals }, options);
}

/** Carry out the fate of a transaction on one lock; nothing happens if the lock is not there any more. */
export async function resolveLock(
  { client, layout }: Space,
  lock: Lock,
  commitTs: Timestamp,
  options: CallOptions,
): Promise<void> {
  const lockKey = layout.lock(lock.key);
  const success: Op[] = [op.delete(lockKey)];
  if (commitTs > 0n) {
    success.push(op.put(layout.write(lock.key, commitTs), encodeWrite(lock.kind, lock.startTs, lock.value)));
  }
  await client.txn({ compare: [compare.mod(lockKey, '=', lock.modRevision)], success }, options);
}

/** Wait until a lock is gone or changed, told by a watch from the revision after the one in which it was seen. */
export async function waitForChange(
  { client, layout }: Space,
  lock: Lock,
  ms: number,
  { signal }: CallOptions,
): Promise<void> {
  const limit = AbortSignal.timeout(Math.max(1, Math.ceil(ms)));
  const end = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  try {
    for await (const batch of client.watch(layout.lock(lock.key), {
      startRevision: lock.seenRevision + 1n,
      signal: end,
    })) {
      if (batch.events.length > 0) return;
    }
  } catch (error) {
    // The end of the wait is no failure; nor is a history that was compacted meanwhile: the caller looks again.
    if (signal?.aborted) throw error;
  }
}

/** Locks of transactions that began before `ts`, in key order. */
export async function locksBefore(
  { client, layout }: Space,
  ts: Timestamp,
  start: Uint8Array,
  limit: number,
  options: CallOptions,
): Promise<LockPage> {
  const answer = await client.range(layout.lockRange({ start, end: AFTER_ALL_KEYS }), { limit, ...options });
  const locks = answer.kvs.map((kv) => lockOf(layout, kv, answer));
  const last = locks.at(-1);
  return {
    locks: locks.filter((lock) => lock.startTs < ts),
    next: answer.more && last !== undefined ? Buffer.concat([last.key, Buffer.of(0)]) : undefined,
  };
}

/** Above every key of the node: tables begin with `t`, meta with `m`. */
const AFTER_ALL_KEYS = Buffer.of(0xff);
