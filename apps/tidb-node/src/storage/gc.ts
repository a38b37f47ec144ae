import { type Compare, type EtcdClient, type KeyValue, type Logger, op } from '@tidb-js/etcd-session';
import { StorageError } from './errors.js';
import { encodeTs, type Layout } from './etcd/layout.js';
import { decodeWrite } from './etcd/record.js';
import type { EtcdStorage } from './etcd-storage.js';
import { LockResolver, type Patience } from './resolver.js';
import type { StoreCallOptions, Timestamp } from './types.js';

/** Versions looked at in one read, and removals in one transaction. */
const PAGE = 1_000;
const REMOVALS = 120;

export interface GcResult {
  readonly safePoint: Timestamp;
  readonly locksSettled: number;
  readonly versionsRemoved: number;
}

/**
 * One round of garbage collection up to `safePoint`: locks of older transactions are settled, the safe point is published (it only goes
 * up), versions that no reader from there on can see are removed, and etcd's own history before the round is compacted.
 *
 * To be run by one node at a time; `fence` says that this is the one.
 *
 * @throws StorageError FENCED when another node has taken over.
 */
export async function collectGarbage(
  storage: EtcdStorage,
  safePoint: Timestamp,
  fence: readonly Compare[],
  options: StoreCallOptions & { readonly logger?: Logger | undefined } = {},
): Promise<GcResult> {
  const { client, layout } = storage;
  const locksSettled = await settleLocks(storage, safePoint, options);
  const revision = await publish(client, layout, safePoint, fence);
  const versionsRemoved = await sweep(client, layout, safePoint, options.signal);
  await client.delete(layout.rollbacksBefore(safePoint));
  try {
    await client.compact(revision);
  } catch (error) {
    // Somebody else compacts this etcd too: nothing of ours depends on it.
    options.logger?.debug({ err: error }, "etcd's history was not compacted");
  }
  return { safePoint, locksSettled, versionsRemoved };
}

async function settleLocks(storage: EtcdStorage, safePoint: Timestamp, options: StoreCallOptions): Promise<number> {
  const resolver = new LockResolver(storage.store, storage.oracle);
  let settled = 0;
  let start: Uint8Array = Buffer.alloc(0);
  let patience: Patience | undefined;
  for (;;) {
    const page = await storage.store.locksBefore(safePoint, start, PAGE, options);
    if (page.locks.length > 0) {
      // Those still at work are waited for: the same place is looked at again until it is free.
      patience ??= resolver.patience(options);
      await patience.clear(page.locks);
      settled += page.locks.length;
      continue;
    }
    patience = undefined;
    if (page.next === undefined) return settled;
    start = page.next;
  }
}

async function publish(
  client: EtcdClient,
  layout: Layout,
  safePoint: Timestamp,
  fence: readonly Compare[],
): Promise<bigint> {
  const value = encodeTs(safePoint);
  const answer = await client.txn({
    compare: [...fence, { target: 'value', result: '<', key: layout.safePoint, value }],
    success: [op.put(layout.safePoint, value)],
    failure: [op.range(layout.safePoint)],
  });
  if (answer.succeeded) return answer.revision;
  const [result] = answer.results;
  const current = result?.kind === 'range' ? result.kvs[0]?.value.readBigUInt64BE() : undefined;
  if (current !== undefined && current >= safePoint) return answer.revision;
  throw new StorageError('FENCED', 'garbage collection ends here: another node is the owner');
}

/** Remove, for each key, all versions but the newest at the safe point, and that one too if it is a delete. */
async function sweep(
  client: EtcdClient,
  layout: Layout,
  safePoint: Timestamp,
  signal: AbortSignal | undefined,
): Promise<number> {
  const all = layout.versionRange({ start: Buffer.alloc(0), end: Buffer.of(0xff) });
  const call = signal === undefined ? {} : { signal };
  let removed = 0;
  let from = all.key;
  let group: Buffer | undefined;
  let decided = false;
  // A delete goes after everything below it, or what it hides would come back to life for a moment.
  let tombstone: KeyValue | undefined;
  for (;;) {
    const page = await client.range({ key: from, end: all.end }, { limit: PAGE, ...call });
    const garbage: KeyValue[] = [];
    for (const kv of page.kvs) {
      const place = layout.writeGroup(kv.key);
      if (group === undefined || !group.equals(place)) {
        if (tombstone !== undefined) garbage.push(tombstone);
        tombstone = undefined;
        group = place;
        decided = false;
      }
      if (layout.parseWrite(kv.key).commitTs > safePoint) continue;
      const { kind } = decodeWrite(kv.value);
      if (decided || kind === 'lock') garbage.push(kv);
      else if (kind === 'delete') tombstone = kv;
      if (kind !== 'lock') decided = true;
    }
    const last = page.kvs.at(-1);
    const ended = !page.more || last === undefined;
    if (ended && tombstone !== undefined) garbage.push(tombstone);
    for (let at = 0; at < garbage.length; at += REMOVALS) {
      await client.txn({ success: garbage.slice(at, at + REMOVALS).map((kv) => op.delete(kv.key)) }, call);
    }
    removed += garbage.length;
    if (ended) return removed;
    from = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
