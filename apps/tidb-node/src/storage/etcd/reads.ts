import { type CallOptions, op } from '@tidb-js/etcd-session';
import type { Lock, ReadResult } from '../store.js';
import type { Timestamp } from '../types.js';
import { MAX_TS } from './layout.js';
import { decodeWrite } from './record.js';
import { firstOf, lockOf, type Space } from './space.js';

/** Keys of one read transaction: each takes two of etcd's 128 operations. */
const KEYS_PER_READ = 60;

/** Read one key: its newest version at `ts` and its lock come from the same revision, in one round trip. */
export async function readKey(space: Space, key: Uint8Array, ts: Timestamp, options: CallOptions): Promise<ReadResult> {
  const [result] = await readKeys(space, [key], ts, options);
  return result ?? { kind: 'value', value: undefined };
}

/** Read many keys, some sixty a round trip. */
export async function readKeys(
  space: Space,
  keys: readonly Uint8Array[],
  ts: Timestamp,
  options: CallOptions,
): Promise<ReadResult[]> {
  const parts: Promise<ReadResult[]>[] = [];
  for (let from = 0; from < keys.length; from += KEYS_PER_READ) {
    parts.push(readPart(space, keys.slice(from, from + KEYS_PER_READ), ts, options));
  }
  return (await Promise.all(parts)).flat();
}

async function readPart(
  { client, layout }: Space,
  keys: readonly Uint8Array[],
  ts: Timestamp,
  options: CallOptions,
): Promise<ReadResult[]> {
  const answer = await client.txn(
    {
      success: keys.flatMap((key) => [op.range(layout.lock(key)), op.range(layout.versionsAt(key, ts), { limit: 1 })]),
    },
    options,
  );
  const found: (ReadResult | Promise<ReadResult>)[] = keys.map((key, at) => {
    const lockKv = firstOf(answer.results, at * 2);
    if (lockKv !== undefined) {
      const lock = lockOf(layout, lockKv, answer);
      if (hides(lock, ts)) return { kind: 'locked', lock };
    }
    const versionKv = firstOf(answer.results, at * 2 + 1);
    if (versionKv === undefined) return { kind: 'value', value: undefined };
    const version = decodeWrite(versionKv.value);
    if (version.kind === 'put') return { kind: 'value', value: version.value };
    if (version.kind === 'delete') return { kind: 'value', value: undefined };
    // A version that only locked the key: what counts is the one below it.
    return readPart({ client, layout }, [key], layout.parseWrite(versionKv.key).commitTs - 1n, options).then(
      ([below]) => below ?? { kind: 'value', value: undefined },
    );
  });
  return Promise.all(found);
}

/** Whether a lock may hide a version that a reader at `ts` must see. */
export function hides(lock: Lock, ts: Timestamp): boolean {
  // A reader of what is newest needs no answer from a primary: while it is locked, its transaction has not committed.
  if (ts === MAX_TS && lock.primary.equals(lock.key)) return false;
  return lock.kind !== 'lock' && lock.startTs <= ts;
}
