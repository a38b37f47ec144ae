import { StorageError } from './errors.js';
import type { Mutation, Store } from './store.js';
import type { UnreadPut } from './types.js';

/** Parts of one transaction that travel at the same time. */
export const PARTS_AT_ONCE = 8;
/** A transaction's bytes, as TiDB's txn-total-size-limit. */
const MAX_BYTES = 104_857_600;
/** How often a key appears in a prewrite: in conditions, the lock, and what is looked at when it is refused; encoded, 9 bytes for 8. */
const KEY_COPIES = 8;
const PER_MUTATION = 96;

/**
 * Cut a transaction into parts that one etcd transaction each can take. The part with the primary comes first, since that is where the
 * fate of all is decided.
 *
 * @throws StorageError ENTRY_TOO_LARGE, TXN_TOO_LARGE.
 */
export function inParts(mutations: readonly Mutation[], primary: Buffer, store: Store): Mutation[][] {
  const parts: Mutation[][] = [];
  let part: Mutation[] = [];
  let partBytes = 0;
  let total = 0;
  for (const mutation of primaryFirst(mutations, primary)) {
    const size = mutation.key.length + mutation.value.length;
    total += size;
    const cost = mutation.key.length * KEY_COPIES + primary.length + mutation.value.length + PER_MUTATION;
    if (cost > store.maxPartBytes) {
      throw new StorageError(
        'ENTRY_TOO_LARGE',
        `entry too large, the max entry size is ${store.maxPartBytes}, the size of data is ${size}; store less in one row, or raise etcd's --max-request-bytes`,
        { key: mutation.key },
      );
    }
    if (part.length >= store.maxPartKeys || partBytes + cost > store.maxPartBytes) {
      parts.push(part);
      part = [];
      partBytes = 0;
    }
    part.push(mutation);
    partBytes += cost;
  }
  if (total > MAX_BYTES) {
    throw new StorageError('TXN_TOO_LARGE', `Transaction is too large, size: ${total}; commit more often`);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** Cut puts without locks into parts that one etcd transaction each can take: each guard is two conditions. */
export function unreadParts(puts: readonly UnreadPut[], store: Store): UnreadPut[][] {
  const parts: UnreadPut[][] = [];
  let part: UnreadPut[] = [];
  let guards = 0;
  let bytes = 0;
  for (const put of puts) {
    const size = put.guards.reduce((sum, key) => sum + key.length * KEY_COPIES, put.value.length + PER_MUTATION);
    if (guards + put.guards.length > store.maxPartKeys || bytes + size > store.maxPartBytes) {
      parts.push(part);
      part = [];
      guards = 0;
      bytes = 0;
    }
    part.push(put);
    guards += put.guards.length;
    bytes += size;
  }
  return [...parts, part];
}

function* primaryFirst(mutations: readonly Mutation[], primary: Buffer): Generator<Mutation> {
  for (const mutation of mutations) if (mutation.key.equals(primary)) yield mutation;
  for (const mutation of mutations) if (!mutation.key.equals(primary)) yield mutation;
}
