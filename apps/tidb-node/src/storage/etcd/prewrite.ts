import { type CallOptions, type Compare, compare, type Op, op, type TxnResult } from '@tidb-js/etcd-session';
import type { PrewriteRefusal, PrewriteRequest, PrewriteResult } from '../store.js';
import { encodeTs } from './layout.js';
import { readKeys } from './reads.js';
import { decodeWrite, encodeLock, recordKind, wantsAbsence } from './record.js';
import { firstOf, lockOf, type Space } from './space.js';

/**
 * Lock all keys of a part in one etcd transaction, under these conditions: the transaction was not rolled back by others, it
 * began after the GC safe point, no key is locked, and no key has a version after start_ts (for an insert: none at all).
 *
 * A condition on an empty range of versions is "create revision 0": etcd lets it hold exactly when nothing is in the range.
 */
export async function prewritePart(
  space: Space,
  request: PrewriteRequest,
  options: CallOptions,
): Promise<PrewriteResult> {
  const first = await attempt(space, request, false, options);
  if (first.kind === 'prewritten' || first.refusals.length > 0) return first;
  // Only inserts over deleted keys stood in the way. What lies below start_ts cannot change any more, so once it is known
  // that nothing is visible there, "no version after start_ts" is as good a condition.
  const inserts = request.mutations.filter(({ kind }) => wantsAbsence(kind)).map(({ key }) => key);
  const below = await readKeys(space, inserts, request.startTs, options);
  const taken = inserts.find((_, at) => {
    const found = below[at];
    return found?.kind === 'value' && found.value !== undefined;
  });
  return taken === undefined
    ? attempt(space, request, true, options)
    : { kind: 'refused', refusals: [{ kind: 'exists', key: taken }] };
}

async function attempt(
  { client, layout }: Space,
  request: PrewriteRequest,
  overDeleted: boolean,
  options: CallOptions,
): Promise<PrewriteResult> {
  const { mutations, primary, startTs, ttlMs } = request;
  const conditions: Compare[] = [
    compare.create(layout.rollback(startTs), '=', 0n),
    compare.value(layout.safePoint, '<', encodeTs(startTs)),
  ];
  const writes: Op[] = [];
  const looks: Op[] = [op.range(layout.rollback(startTs)), op.range(layout.safePoint)];
  for (const mutation of mutations) {
    const lockKey = layout.lock(mutation.key);
    const unseen =
      wantsAbsence(mutation.kind) && !overDeleted
        ? layout.versions(mutation.key)
        : layout.versionsAfter(mutation.key, startTs);
    conditions.push(compare.create(lockKey, '=', 0n), compare.create(unseen, '=', 0n));
    const kind = recordKind(mutation.kind);
    writes.push(op.put(lockKey, encodeLock({ kind, startTs, ttlMs, primary, value: mutation.value })));
    looks.push(op.range(lockKey), op.range(layout.versions(mutation.key), { limit: 1 }));
  }
  const success = request.wantsCommitTs === true ? [...writes, op.range(layout.anchor)] : writes;
  const answer = await client.txn({ compare: conditions, success, failure: looks }, options);
  if (answer.succeeded) {
    const anchor = request.wantsCommitTs === true ? firstOf(answer.results, writes.length) : undefined;
    return { kind: 'prewritten', part: { ...request, revision: answer.revision, anchor } };
  }
  return explain({ client, layout }, request, answer);
}

/** Say why the conditions did not hold. No refusal at all means: only inserts over deleted keys stood in the way. */
function explain({ layout }: Space, request: PrewriteRequest, answer: TxnResult): PrewriteResult {
  const { mutations, startTs } = request;
  if (firstOf(answer.results, 0) !== undefined) return refused({ kind: 'rolledBack' });
  const safePoint = firstOf(answer.results, 1)?.value.readBigUInt64BE() ?? 0n;
  if (safePoint >= startTs) return refused({ kind: 'tooOld', safePoint });
  const refusals: PrewriteRefusal[] = [];
  let own: bigint | undefined;
  for (const [at, mutation] of mutations.entries()) {
    const lockKv = firstOf(answer.results, 2 + at * 2);
    if (lockKv !== undefined) {
      const lock = lockOf(layout, lockKv, answer);
      if (lock.startTs !== startTs) refusals.push({ kind: 'locked', lock });
      else own ??= lockKv.createRevision;
      continue;
    }
    const newest = firstOf(answer.results, 3 + at * 2);
    if (newest === undefined) continue;
    const { commitTs } = layout.parseWrite(newest.key);
    const record = decodeWrite(newest.value);
    if (commitTs > startTs) {
      refusals.push({ kind: 'conflict', key: mutation.key, startTs: record.startTs, commitTs });
    } else if (wantsAbsence(mutation.kind) && record.kind === 'put') {
      refusals.push({ kind: 'exists', key: mutation.key });
    }
  }
  // The answer to an earlier try of ours was lost, but its locks are there: a part is locked whole or not at all.
  if (own !== undefined && refusals.length === 0) {
    return { kind: 'prewritten', part: { ...request, revision: own, anchor: undefined } };
  }
  return { kind: 'refused', refusals };
}

function refused(refusal: PrewriteRefusal): PrewriteResult {
  return { kind: 'refused', refusals: [refusal] };
}
