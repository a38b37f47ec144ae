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
  let total = 0;
  const parts = cut(primaryFirst(mutations, primary), store, (mutation) => {
    const size = mutation.key.length + mutation.value.length;
    total += size;
    const bytes = mutation.key.length * KEY_COPIES + primary.length + mutation.value.length + PER_MUTATION;
    if (bytes > store.maxPartBytes) {
      throw new StorageError(
        'ENTRY_TOO_LARGE',
        `entry too large, the max entry size is ${store.maxPartBytes}, the size of data is ${size}; store less in one row, or raise etcd's --max-request-bytes`,
        { key: mutation.key },
      );
    }
    return { keys: 1, bytes };
  });
  if (total > MAX_BYTES) {
    throw new StorageError('TXN_TOO_LARGE', `Transaction is too large, size: ${total}; commit more often`);
  }
  return parts;
}

/** Cut puts without locks into parts that one etcd transaction each can take: each guard is two conditions, as a mutation's key is. */
export function unreadParts(puts: readonly UnreadPut[], store: Store): UnreadPut[][] {
  return cut(puts, store, ({ guards, value }) => ({
    keys: guards.length,
    bytes: guards.reduce((sum, key) => sum + key.length * KEY_COPIES, value.length + PER_MUTATION),
  }));
}

/** Cut what has to be written into parts, none of them empty, each within the limits of the store. */
function cut<T>(
  items: Iterable<T>,
  { maxPartKeys, maxPartBytes }: Store,
  weigh: (item: T) => { readonly keys: number; readonly bytes: number },
): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let held = { keys: 0, bytes: 0 };
  for (const item of items) {
    const { keys, bytes } = weigh(item);
    if (part.length > 0 && (held.keys + keys > maxPartKeys || held.bytes + bytes > maxPartBytes)) {
      parts.push(part);
      part = [];
      held = { keys: 0, bytes: 0 };
    }
    part.push(item);
    held = { keys: held.keys + keys, bytes: held.bytes + bytes };
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function* primaryFirst(mutations: readonly Mutation[], primary: Buffer): Generator<Mutation> {
  for (const mutation of mutations) if (mutation.key.equals(primary)) yield mutation;
  for (const mutation of mutations) if (!mutation.key.equals(primary)) yield mutation;
}
