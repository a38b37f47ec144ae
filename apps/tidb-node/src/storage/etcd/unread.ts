import { type CallOptions, compare, op } from '@tidb-js/etcd-session';
import type { Timestamp, UnreadPut } from '../types.js';
import { encodeTs } from './layout.js';
import { encodeWrite } from './record.js';
import type { Space } from './space.js';

/**
 * Make versions without a lock before, in one etcd transaction, if none of their guards was locked, or given a version, after `asOf`. False
 * when one was.
 */
export async function putUnread(
  { client, layout }: Space,
  puts: readonly UnreadPut[],
  asOf: Timestamp,
  commitTs: Timestamp,
  options: CallOptions,
): Promise<boolean> {
  const conditions = puts.flatMap(({ guards }) =>
    guards.flatMap((key) => [
      compare.create(layout.lock(key), '=', 0n),
      compare.create(layout.versionsAfter(key, asOf), '=', 0n),
    ]),
  );
  const answer = await client.txn(
    {
      compare: [compare.value(layout.safePoint, '<', encodeTs(asOf)), ...conditions],
      success: puts.map(({ key, value }) => op.put(layout.write(key, commitTs), encodeWrite('put', asOf, value))),
    },
    options,
  );
  return answer.succeeded;
}
