import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { comparableInt, intOfComparable, writeComparableBytes } from './comparable.js';
import { type Datum, decodeDatums, encodeKey, readDatum, writeKey } from './datum.js';

/**
 * What tells a row from the others of its table: a 64-bit number (an unsigned one is taken by its bits), or the datums of a
 * clustered primary key, text as its sort key.
 */
export type Handle = bigint | readonly Datum[];

/** What a key of a table names. */
export type TableKey =
  | { readonly kind: 'row'; readonly tableId: bigint; readonly handle: Handle }
  | { readonly kind: 'index'; readonly tableId: bigint; readonly indexId: bigint; readonly values: readonly Datum[] };

/** Where the data of a structure under the prefix `m` lie. */
export type MetaKeyKind = 'string' | 'hash-data' | 'hash-meta' | 'list-data' | 'list-meta';

/** Bytes of the shortest clustered primary key in a key. */
const shortestHandle = 9;
const tablePrefixByte = 0x74; // t
const metaPrefixByte = 0x6d; // m
const underscore = 0x5f;
const rowByte = 0x72; // r
const indexByte = 0x69; // i
const metaKinds: Readonly<Record<MetaKeyKind, number>> = {
  string: 0x73,
  'hash-data': 0x68,
  'hash-meta': 0x48,
  'list-data': 0x6c,
  'list-meta': 0x4c,
};

/** Begins every key of a table: `t` and the id. */
export function tablePrefix(tableId: bigint): Buffer {
  return startTable(tableId).finish();
}

/** Begins every row key of a table. */
export function rowPrefix(tableId: bigint): Buffer {
  return startTable(tableId).uint8(underscore).uint8(rowByte).finish();
}

/** Begins every key of an index. */
export function indexPrefix(tableId: bigint, indexId: bigint): Buffer {
  return startIndex(tableId, indexId).finish();
}

/** The key of a row. */
export function encodeRowKey(tableId: bigint, handle: Handle): Buffer {
  const writer = startTable(tableId).uint8(underscore).uint8(rowByte);
  if (typeof handle === 'bigint') writer.uint64BE(comparableInt(handle));
  else writer.bytes(encodeHandle(handle));
  return writer.finish();
}

/** A clustered primary key's bytes, as they stand in keys: never fewer than nine, since eight are a number. */
export function encodeHandle(handle: readonly Datum[]): Buffer {
  const bytes = encodeKey(...handle);
  return bytes.length >= shortestHandle ? bytes : Buffer.concat([bytes], shortestHandle);
}

/**
 * Undoes {@link encodeHandle}.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeHandle(bytes: Uint8Array): readonly Datum[] {
  const reader = new ByteReader(bytes);
  const datums: Datum[] = [];
  // No part of a primary key is NULL, so a zero where a part should begin is a filling.
  while (reader.remaining > 0 && reader.peek() !== 0) datums.push(readDatum(reader));
  return datums;
}

/**
 * The key of an index entry, or the beginning of those with these values. A `handle` is written at its end, as a non-unique index
 * (or a unique one with a NULL) needs it.
 */
export function encodeIndexKey(tableId: bigint, indexId: bigint, values: readonly Datum[], handle?: Handle): Buffer {
  const writer = startIndex(tableId, indexId);
  for (const value of values) writeKey(writer, value);
  if (typeof handle === 'bigint') writeKey(writer, { kind: 'int', value: handle });
  else if (handle !== undefined) writer.bytes(encodeHandle(handle));
  return writer.finish();
}

/**
 * Takes a row or index key apart.
 *
 * @throws BinlogError `MALFORMED` for a key that is neither.
 */
export function decodeTableKey(key: Uint8Array): TableKey {
  const reader = new ByteReader(key);
  if (reader.uint8() !== tablePrefixByte) throw notTableKey(key);
  const tableId = intOfComparable(reader.uint64BE());
  if (reader.uint8() !== underscore) throw notTableKey(key);
  const kind = reader.uint8();
  if (kind === indexByte) {
    const indexId = intOfComparable(reader.uint64BE());
    return { kind: 'index', tableId, indexId, values: decodeDatums(reader.take(reader.remaining)) };
  }
  if (kind !== rowByte) throw notTableKey(key);
  const rest = reader.take(reader.remaining);
  const handle = rest.length < shortestHandle ? intOfComparable(new ByteReader(rest).uint64BE()) : decodeHandle(rest);
  return { kind: 'row', tableId, handle };
}

/** A key of TiDB's meta data: `m`, the structure's name, its kind, and a hash's field or a list's index. */
export function encodeMetaKey(kind: MetaKeyKind, name: Uint8Array, part?: Uint8Array | bigint): Buffer {
  const writer = new ByteWriter(64).uint8(metaPrefixByte);
  writeComparableBytes(writer, name);
  writer.uint64BE(BigInt(metaKinds[kind]));
  if (typeof part === 'bigint') writer.uint64BE(comparableInt(part));
  else if (part !== undefined) writeComparableBytes(writer, part);
  return writer.finish();
}

function startTable(tableId: bigint): ByteWriter {
  return new ByteWriter(64).uint8(tablePrefixByte).uint64BE(comparableInt(tableId));
}

function startIndex(tableId: bigint, indexId: bigint): ByteWriter {
  return startTable(tableId).uint8(underscore).uint8(indexByte).uint64BE(comparableInt(indexId));
}

function notTableKey(key: Uint8Array): BinlogError {
  return new BinlogError('MALFORMED', `${Buffer.from(key).toString('hex')} is neither a row key nor an index key`);
}
