import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { comparableInt, intOfComparable, writeComparableBytes } from './comparable.js';
import { type Datum, decodeDatums, writeKey } from './datum.js';

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
  writeHandle(writer, handle);
  return writer.finish();
}

/**
 * The key of an index entry, or the beginning of those with these values. A `handle` is written at its end, as a non-unique index
 * (or a unique one with a NULL) needs it.
 */
export function encodeIndexKey(tableId: bigint, indexId: bigint, values: readonly Datum[], handle?: Handle): Buffer {
  const writer = startIndex(tableId, indexId);
  for (const value of values) writeKey(writer, value);
  if (typeof handle === 'bigint') writeKey(writer, { kind: 'int', value: handle });
  else for (const value of handle ?? []) writeKey(writer, value);
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
  // Eight bytes are a number: a datum's flag and its bytes are never eight.
  const handle = rest.length === 8 ? intOfComparable(rest.readBigUInt64BE()) : decodeDatums(rest);
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

function writeHandle(writer: ByteWriter, handle: Handle): void {
  if (typeof handle === 'bigint') writer.uint64BE(comparableInt(handle));
  else for (const datum of handle) writeKey(writer, datum);
}

function notTableKey(key: Uint8Array): BinlogError {
  return new BinlogError('MALFORMED', `${Buffer.from(key).toString('hex')} is neither a row key nor an index key`);
}
