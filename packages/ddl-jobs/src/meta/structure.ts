import type { MetaRange } from './storage.js';

/**
 * TiDB's structure encoding: strings, hashes and lists laid out on ordered keys.
 *
 *     m <escaped name> <kind, 8 bytes big-endian> [<escaped field> | <index, 8 bytes, sign flipped>]
 *
 * The kinds order a list's head (`L`) right before its items (`l`), so one scan reads both.
 */
const prefix = 0x6d; // m
const kind = { string: 0x73, hash: 0x68, list: 0x6c, listHead: 0x4c } as const;
const group = 8;
const marker = 0xff;

/** Escapes bytes so that they keep their order and end where they end: groups of eight, each with the count of its padding. */
export function escapeBytes(bytes: Uint8Array): Buffer {
  const groups = Math.floor(bytes.length / group) + 1;
  const out = Buffer.alloc(groups * (group + 1));
  for (let at = 0; at < groups; at++) {
    const part = bytes.subarray(at * group, at * group + group);
    out.set(part, at * (group + 1));
    out[at * (group + 1) + group] = marker - (group - part.length);
  }
  return out;
}

/** Reads what {@link escapeBytes} wrote, from `offset` on; undefined when it is cut short or not of that form. */
export function unescapeBytes(
  bytes: Uint8Array,
  offset = 0,
): { readonly value: Buffer; readonly end: number } | undefined {
  const parts: Uint8Array[] = [];
  for (let at = offset; at + group < bytes.length; at += group + 1) {
    const padding = marker - (bytes[at + group] ?? 0);
    if (padding > group) {
      return undefined;
    }
    parts.push(bytes.subarray(at, at + group - padding));
    if (padding > 0) {
      const zeros = bytes.subarray(at + group - padding, at + group);
      return zeros.every((byte) => byte === 0) ? { value: Buffer.concat(parts), end: at + group + 1 } : undefined;
    }
  }
  return undefined;
}

function head(name: string, what: number): Buffer {
  const escaped = escapeBytes(Buffer.from(name, 'utf8'));
  const key = Buffer.alloc(1 + escaped.length + 8);
  key[0] = prefix;
  escaped.copy(key, 1);
  key[key.length - 1] = what;
  return key;
}

/** Key of a string or counter. */
export function stringKey(name: string): Buffer {
  return head(name, kind.string);
}

/** Key of one field of a hash. */
export function hashKey(name: string, field: Uint8Array | string): Buffer {
  return Buffer.concat([
    head(name, kind.hash),
    escapeBytes(typeof field === 'string' ? Buffer.from(field, 'utf8') : field),
  ]);
}

/** All fields of a hash. */
export function hashRange(name: string): MetaRange {
  const start = head(name, kind.hash);
  return { start, end: next(start) };
}

/** The field that a key of a hash names; undefined when the key is not of that form. */
export function hashFieldOf(key: Uint8Array, name: string): Buffer | undefined {
  return unescapeBytes(key, head(name, kind.hash).length)?.value;
}

/** Key of a list's head, which holds the first index and the one after the last. */
export function listHeadKey(name: string): Buffer {
  return head(name, kind.listHead);
}

/** Key of the item at an index. */
export function listItemKey(name: string, index: bigint): Buffer {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt.asUintN(64, index) ^ (1n << 63n));
  return Buffer.concat([head(name, kind.list), at]);
}

/** A list whole: its head, then its items in order. */
export function listRange(name: string): MetaRange {
  return { start: listHeadKey(name), end: next(head(name, kind.list)) };
}

/** Index of an item's key. */
export function listIndexOf(key: Uint8Array): bigint {
  const at = Buffer.from(key).readBigUInt64BE(key.length - 8);
  return BigInt.asIntN(64, at ^ (1n << 63n));
}

/** A list's head as it is stored: both indexes as 8 bytes big-endian. */
export function encodeListHead(bounds: ListBounds): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigInt64BE(bounds.first, 0);
  value.writeBigInt64BE(bounds.end, 8);
  return value;
}

/** Whether a value of a list's range is its head, not an item. */
export function isListHead(value: Uint8Array): boolean {
  return value.length === 16;
}

/** Reads a list's head; an absent one is an empty list. Undefined when it has not 16 bytes. */
export function decodeListHead(value: Uint8Array | undefined): ListBounds | undefined {
  if (value === undefined) {
    return { first: 0n, end: 0n };
  }
  if (value.length !== 16) {
    return undefined;
  }
  const bytes = Buffer.from(value);
  return { first: bytes.readBigInt64BE(0), end: bytes.readBigInt64BE(8) };
}

/** Which indexes a list has: from `first` up to but not including `end`. */
export interface ListBounds {
  readonly first: bigint;
  readonly end: bigint;
}

/** Everything under the prefix `m`. */
export const metaRange: MetaRange = { start: Buffer.from([prefix]), end: Buffer.from([prefix + 1]) };

function next(key: Uint8Array): Buffer {
  const end = Buffer.from(key);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
