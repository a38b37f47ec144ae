import { StorageError } from '../errors.js';
import type { KeyRange, Timestamp } from '../types.js';

/**
 * Where things lie in etcd, under one prefix:
 *
 * | key | value |
 * |---|---|
 * | `l` + key | the lock on a key: kind, start_ts, ttl, primary, value |
 * | `w` + key + inverted commit_ts | one version of a key: kind, start_ts, value; the newest comes first |
 * | `r` + start_ts | this transaction was rolled back and can never prewrite or commit again |
 * | `g/safe-point` | versions that no reader from here on needs are collected |
 * | `o/anchor`, `o/counter`, `o/slot/<n>` | the timestamp oracle |
 *
 * Keys are written in groups of eight bytes (memcomparable), so that one key is never a prefix of another and versions of a
 * key lie side by side. Numbers are big-endian.
 */
export class Layout {
  readonly prefix: Buffer;
  readonly safePoint: Buffer;
  readonly anchor: Buffer;
  readonly counter: Buffer;
  private readonly locks: Buffer;
  private readonly writes: Buffer;
  private readonly rollbacks: Buffer;

  constructor(prefix: string) {
    this.prefix = Buffer.from(prefix);
    this.locks = Buffer.from(`${prefix}l`);
    this.writes = Buffer.from(`${prefix}w`);
    this.rollbacks = Buffer.from(`${prefix}r`);
    this.safePoint = Buffer.from(`${prefix}g/safe-point`);
    this.anchor = Buffer.from(`${prefix}o/anchor`);
    this.counter = Buffer.from(`${prefix}o/counter`);
  }

  slot(number: number): Buffer {
    return Buffer.from(`${this.prefix.toString()}o/slot/${number}`);
  }

  lock(key: Uint8Array): Buffer {
    return Buffer.concat([this.locks, encodeComparable(key)]);
  }

  /** All locks on keys of a range. */
  lockRange(range: KeyRange): { key: Buffer; end: Buffer } {
    return { key: this.lock(range.start), end: this.lock(range.end) };
  }

  /** The key under which a version of a key is written. */
  write(key: Uint8Array, commitTs: Timestamp): Buffer {
    return Buffer.concat([this.writes, encodeComparable(key), inverted(commitTs)]);
  }

  /** Versions of a key from the newest at `ts` or before to its oldest. */
  versionsAt(key: Uint8Array, ts: Timestamp): { key: Buffer; end: Buffer } {
    return { key: this.write(key, ts), end: this.versionsEnd(key) };
  }

  /** Versions of a key with a commit_ts above `ts`. */
  versionsAfter(key: Uint8Array, ts: Timestamp): { key: Buffer; end: Buffer } {
    return { key: Buffer.concat([this.writes, encodeComparable(key)]), end: this.write(key, ts) };
  }

  /** All versions of a key. */
  versions(key: Uint8Array): { key: Buffer; end: Buffer } {
    return { key: Buffer.concat([this.writes, encodeComparable(key)]), end: this.versionsEnd(key) };
  }

  /** All versions of all keys of a range. */
  versionRange(range: KeyRange): { key: Buffer; end: Buffer } {
    return {
      key: Buffer.concat([this.writes, encodeComparable(range.start)]),
      end: Buffer.concat([this.writes, encodeComparable(range.end)]),
    };
  }

  /** The first place after all versions of a key. */
  versionsEnd(key: Uint8Array): Buffer {
    return Buffer.concat([this.writes, encodeComparable(key), AFTER_EVERY_TS]);
  }

  rollback(startTs: Timestamp): Buffer {
    return Buffer.concat([this.rollbacks, encodeTs(startTs)]);
  }

  /** Rollback marks of transactions that began before `ts`. */
  rollbacksBefore(ts: Timestamp): { key: Buffer; end: Buffer } {
    return { key: this.rollback(0n), end: this.rollback(ts) };
  }

  /** Key and commit_ts of a version's place. */
  parseWrite(place: Buffer): { key: Buffer; commitTs: Timestamp } {
    const tsAt = place.length - 8;
    return {
      key: decodeComparable(place.subarray(this.writes.length, tsAt)),
      commitTs: MAX_TS - place.readBigUInt64BE(tsAt),
    };
  }

  /** The encoded key inside a version's place; equal for all versions of one key. */
  writeGroup(place: Buffer): Buffer {
    return place.subarray(this.writes.length, place.length - 8);
  }

  parseLock(place: Buffer): Buffer {
    return decodeComparable(place.subarray(this.locks.length));
  }
}

/** Above every timestamp. */
export const MAX_TS: Timestamp = (1n << 64n) - 1n;

const AFTER_EVERY_TS = Buffer.alloc(9, 0xff);
const GROUP = 8;

export function encodeTs(ts: Timestamp): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(ts);
  return bytes;
}

function inverted(ts: Timestamp): Buffer {
  return encodeTs(MAX_TS - ts);
}

/** Groups of eight bytes, the last padded with zeros, each followed by 255 minus the padding. */
function encodeComparable(key: Uint8Array): Buffer {
  const groups = Math.floor(key.length / GROUP) + 1;
  const out = Buffer.alloc(groups * (GROUP + 1));
  for (let group = 0; group < groups; group++) {
    const from = group * GROUP;
    const size = Math.min(GROUP, key.length - from);
    const at = group * (GROUP + 1);
    for (let i = 0; i < size; i++) out[at + i] = key[from + i] ?? 0;
    out[at + GROUP] = 0xff - (GROUP - size);
  }
  return out;
}

function decodeComparable(encoded: Buffer): Buffer {
  const groups = encoded.length / (GROUP + 1);
  const padding = 0xff - (encoded[encoded.length - 1] ?? 0);
  if (!Number.isInteger(groups) || groups < 1 || padding > GROUP) {
    throw new StorageError('CORRUPT', `the key ${encoded.toString('hex')} in etcd is not one that this storage writes`);
  }
  const out = Buffer.alloc(groups * GROUP - padding);
  for (let group = 0; group < groups; group++) {
    const at = group * (GROUP + 1);
    encoded.copy(out, group * GROUP, at, Math.min(at + GROUP, at + out.length - group * GROUP));
  }
  return out;
}
