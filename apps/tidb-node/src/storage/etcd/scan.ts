import { type CallOptions, type KeyValue, op } from '@tidb-js/etcd-session';
import type { ScanPage } from '../store.js';
import type { KeyRange, Pair, Timestamp } from '../types.js';
import type { Layout } from './layout.js';
import { hides } from './reads.js';
import { decodeWrite, type WriteRecord } from './record.js';
import { lockOf, rangeAt, type Space } from './space.js';

/** Locks that one page looks at; more of them end the page early. */
const LOCKS_PER_PAGE = 256;

/**
 * Read one page of a range, at most `limit` versions; versions and locks come from the same revision.
 *
 * etcd has no cheap way to walk backwards: it sorts the whole range for each page of a reverse scan.
 */
export async function scanPage(
  space: Space,
  range: KeyRange,
  ts: Timestamp,
  limit: number,
  reverse: boolean,
  options: CallOptions,
): Promise<ScanPage> {
  const { client, layout } = space;
  const order = reverse ? ({ sortBy: 'key', order: 'descend' } as const) : {};
  const answer = await client.txn(
    {
      success: [
        op.range(layout.versionRange(range), { limit, ...order }),
        op.range(layout.lockRange(range), { limit: LOCKS_PER_PAGE, ...order }),
      ],
    },
    options,
  );
  const versions = rangeAt(answer.results, 0);
  const groups = groupByKey(layout, versions.kvs);
  let rest: KeyRange | undefined;
  if (versions.more) {
    const last = groups.at(-1);
    if (last === undefined) return scanPage(space, range, ts, limit * 4, reverse, options);
    // The page may end inside the versions of its last key. Forward the newest come first, so what is seen may be enough.
    if (!reverse && visible(last, ts) !== undefined) {
      rest = beyond(range, last.key, reverse);
    } else {
      groups.pop();
      if (groups.length === 0) return scanPage(space, range, ts, limit * 4, reverse, options);
      rest = from(range, last.key, reverse);
    }
  }
  const pairs = groups.flatMap((group): Pair[] => {
    const version = visible(group, ts);
    return version?.kind === 'put' ? [{ key: group.key, value: version.value }] : [];
  });

  const lockPage = rangeAt(answer.results, 1);
  const locks = lockPage.kvs.map((kv) => lockOf(layout, kv, answer));
  const hiding = locks.filter((lock) => hides(lock, ts));
  const firstHidden = hiding[0]?.key;
  // The first place that this page cannot answer for: a hidden key, or the end of a list of locks that was cut.
  const stop = firstHidden ?? (lockPage.more ? locks.at(-1)?.key : undefined);
  if (stop === undefined || (rest !== undefined && contains(rest, stop))) return { pairs, locks: [], rest };
  return {
    pairs: pairs.filter((pair) => (reverse ? pair.key.compare(stop) > 0 : pair.key.compare(stop) < 0)),
    locks: hiding,
    rest: from(range, stop, reverse),
  };
}

/** The versions of one key that a page holds. */
interface Group {
  readonly key: Buffer;
  readonly versions: { readonly commitTs: Timestamp; readonly value: Buffer }[];
}

function groupByKey(layout: Layout, kvs: readonly KeyValue[]): Group[] {
  const groups: Group[] = [];
  let encoded: Buffer | undefined;
  for (const kv of kvs) {
    const { key, commitTs } = layout.parseWrite(kv.key);
    const place = layout.writeGroup(kv.key);
    const group = groups.at(-1);
    if (group !== undefined && encoded?.equals(place)) {
      group.versions.push({ commitTs, value: kv.value });
    } else {
      encoded = place;
      groups.push({ key, versions: [{ commitTs, value: kv.value }] });
    }
  }
  return groups;
}

/** The newest version at `ts` or before that changed the key. */
function visible(group: Group, ts: Timestamp): WriteRecord | undefined {
  let best: { commitTs: Timestamp; record: WriteRecord } | undefined;
  for (const { commitTs, value } of group.versions) {
    if (commitTs > ts || (best !== undefined && commitTs < best.commitTs)) continue;
    const record = decodeWrite(value);
    if (record.kind !== 'lock') best = { commitTs, record };
  }
  return best?.record;
}

function contains(range: KeyRange, key: Buffer): boolean {
  return key.compare(range.start) >= 0 && key.compare(range.end) < 0;
}

/** What is left of a range from a key on, the key with it. */
function from(range: KeyRange, key: Buffer, reverse: boolean): KeyRange {
  return reverse ? { start: range.start, end: after(key) } : { start: key, end: range.end };
}

/** What is left of a range after a key. */
function beyond(range: KeyRange, key: Buffer, reverse: boolean): KeyRange {
  return reverse ? { start: range.start, end: key } : { start: after(key), end: range.end };
}

/** The first key after this one. */
function after(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}
