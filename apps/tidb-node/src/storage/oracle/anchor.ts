import type { KeyValue } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import { LOGICAL_BITS } from '../timestamp.js';
import type { Timestamp } from '../types.js';

/** Timestamps that one revision of etcd stands for. */
export const PER_REVISION = 8192n;
/** Processes that can hand out timestamps at the same time. */
export const SLOTS = 128;
/** The slot that belongs to whoever wrote a revision: below those of all that can only read it later. */
export const WRITER = 0;
/** Timestamps that one process may hand out at one revision. */
export const PER_SLOT = Number(PER_REVISION) / SLOTS;

/**
 * What ties etcd's revisions to time. The revision that wrote the anchor stands for the timestamp `base`, and each later one
 * for {@link PER_REVISION} more. No process allocates: whoever reads the store at a revision knows which timestamps that revision has, and takes
 * those of its own slot.
 */
export interface Anchor {
  /** The revision that wrote it. */
  readonly revision: bigint;
  readonly base: Timestamp;
}

/**
 * Read an anchor. Its value names the wall clock of its writer and the anchor it replaced; the base is the later of the clock and of
 * everything that the old anchor can have stood for up to then. So no clock, however wrong, lets time go back.
 */
export function readAnchor(kv: KeyValue): Anchor {
  const match = /^(\d+) (\d+) (\d+)$/.exec(kv.value.toString());
  if (match === null) {
    throw new StorageError(
      'CORRUPT',
      `the value of ${kv.key.toString()} in etcd is no anchor of timestamps ("ms base revision" expected): ${kv.value.toString()}`,
    );
  }
  const [ms = 0n, base = 0n, revision = 0n] = match.slice(1).map((digits) => BigInt(digits));
  const clock = ms << LOGICAL_BITS;
  const reached = base + (kv.modRevision - revision) * PER_REVISION;
  return { revision: kv.modRevision, base: clock > reached ? clock : reached };
}

/** The value of an anchor that takes the place of `old`. */
export function anchorValue(ms: number, old: Anchor | undefined): string {
  return `${Math.trunc(ms)} ${old?.base ?? 0n} ${old?.revision ?? 0n}`;
}

/** The first of the timestamps that a slot has at a revision. */
export function firstTimestamp(anchor: Anchor, revision: bigint, slot: number): Timestamp {
  return anchor.base + (revision - anchor.revision) * PER_REVISION + BigInt(slot * PER_SLOT);
}
