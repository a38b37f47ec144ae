import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { dateText, durationText, timeText, unpackJsonTime } from './time.js';

/** A document in memory: bigint is an integer, number a double, Map an object. */
export type Tree = null | boolean | bigint | number | string | Tree[] | Map<string, Tree>;

const code = {
  object: 0x01,
  array: 0x03,
  literal: 0x04,
  int64: 0x09,
  uint64: 0x0a,
  float64: 0x0b,
  string: 0x0c,
  opaque: 0x0d,
  date: 0x0e,
  datetime: 0x0f,
  timestamp: 0x10,
  duration: 0x11,
} as const;

const literals = [null, true, false] as const;
const maxDepth = 100;
/** A container begins with the number of its elements and its size in bytes; each value entry is a type code and an offset. */
const headerSize = 8;
const keyEntrySize = 6;
const valueEntrySize = 5;

/** TiDB's binary form of a document. */
export function writeTree(tree: Tree): { typeCode: number; data: Buffer } {
  const writer = new ByteWriter();
  const typeCode = writeValue(writer, tree);
  return { typeCode, data: writer.finish() };
}

function writeValue(writer: ByteWriter, tree: Tree): number {
  if (tree === null || typeof tree === 'boolean') {
    writer.uint8(literals.indexOf(tree));
    return code.literal;
  }
  switch (typeof tree) {
    case 'bigint':
      if (tree < -(2n ** 63n) || tree >= 2n ** 64n) {
        throw new BinlogError('INVALID_VALUE', `the JSON integer ${tree} does not fit 64 bits; write it as a double`);
      }
      writer.uint64LE(BigInt.asUintN(64, tree));
      return tree < 2n ** 63n ? code.int64 : code.uint64;
    case 'number':
      writer.doubleLE(tree);
      return code.float64;
    case 'string': {
      const bytes = Buffer.from(tree);
      writer.uvarint(BigInt(bytes.length)).bytes(bytes);
      return code.string;
    }
    default:
      return tree instanceof Map ? writeObject(writer, tree) : writeArray(writer, tree);
  }
}

function writeArray(writer: ByteWriter, items: readonly Tree[]): number {
  const start = writer.length;
  writer.uint32LE(items.length).uint32LE(0);
  writeEntries(writer, start, items);
  return code.array;
}

function writeObject(writer: ByteWriter, object: Map<string, Tree>): number {
  const entries = [...object].map(([key, value]) => ({ key: Buffer.from(key), value }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  const start = writer.length;
  writer.uint32LE(entries.length).uint32LE(0);
  let keyOffset = headerSize + entries.length * (keyEntrySize + valueEntrySize);
  for (const { key } of entries) {
    if (key.length > 0xffff)
      throw new BinlogError('INVALID_VALUE', `a JSON key of ${key.length} bytes: 65,535 are possible`);
    writer.uint32LE(keyOffset).uint16LE(key.length);
    keyOffset += key.length;
  }
  writeEntries(
    writer,
    start,
    entries.map(({ value }) => value),
    entries.map(({ key }) => key),
  );
  return code.object;
}

function writeEntries(writer: ByteWriter, start: number, values: readonly Tree[], keys: readonly Buffer[] = []): void {
  const entriesAt = writer.length;
  for (let i = 0; i < values.length; i++) writer.uint8(0).uint32LE(0);
  for (const key of keys) writer.bytes(key);
  values.forEach((value, index) => {
    const at = entriesAt + index * valueEntrySize;
    if (value === null || typeof value === 'boolean') {
      // A literal stands in the entry itself.
      writer.patchUint8(code.literal, at);
      writer.patchUint32LE(literals.indexOf(value), at + 1);
      return;
    }
    writer.patchUint32LE(writer.length - start, at + 1);
    writer.patchUint8(writeValue(writer, value), at);
  });
  writer.patchUint32LE(writer.length - start, start + 4);
}

/**
 * Reads TiDB's binary form.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readTree(typeCode: number, data: Buffer): Tree {
  // A document cannot have more values than bytes; a forged one whose offsets meet could have exponentially many.
  return new TreeReader(data.length + 1).value(typeCode, data, 0);
}

class TreeReader {
  #valuesLeft: number;

  constructor(values: number) {
    this.#valuesLeft = values;
  }

  value(typeCode: number, data: Buffer, depth: number): Tree {
    this.#valuesLeft--;
    if (this.#valuesLeft < 0 || depth > maxDepth) {
      throw new BinlogError('MALFORMED', 'a JSON document whose values overlap or nest too deep');
    }
    const reader = new ByteReader(data);
    switch (typeCode) {
      case code.object:
      case code.array:
        return this.#container(typeCode, data, depth);
      case code.literal:
        return literal(reader.uint8());
      case code.int64:
        return BigInt.asIntN(64, reader.uint64LE());
      case code.uint64:
        return reader.uint64LE();
      case code.float64:
        return reader.doubleLE();
      case code.string:
        return counted(reader).toString();
      case code.opaque: {
        const type = reader.uint8();
        return `base64:type${type}:${counted(reader).toString('base64')}`;
      }
      case code.date:
        return dateText(unpackJsonTime(reader.uint64LE()));
      case code.datetime:
      case code.timestamp:
        return timeText(unpackJsonTime(reader.uint64LE()), 6);
      case code.duration:
        return durationText(BigInt.asIntN(64, reader.uint64LE()), 6);
      default:
        throw new BinlogError('MALFORMED', `${typeCode} is no JSON type code`);
    }
  }

  #container(typeCode: number, data: Buffer, depth: number): Tree {
    const reader = new ByteReader(data);
    const count = reader.uint32LE();
    const size = reader.uint32LE();
    const isObject = typeCode === code.object;
    const entrySize = valueEntrySize + (isObject ? keyEntrySize : 0);
    const body = headerSize + count * entrySize;
    if (size > data.length || body > size) {
      throw new BinlogError(
        'MALFORMED',
        `a JSON container of ${count} elements in ${size} bytes, of which ${data.length} are here`,
      );
    }
    const within = data.subarray(0, size);
    const keys: string[] = [];
    for (let i = 0; isObject && i < count; i++) {
      const offset = reader.uint32LE();
      const length = reader.uint16LE();
      if (offset < body || offset + length > size)
        throw new BinlogError('MALFORMED', `a JSON key at ${offset} of ${size} bytes`);
      keys.push(within.toString('utf8', offset, offset + length));
    }
    const values: Tree[] = [];
    for (let i = 0; i < count; i++) {
      const type = reader.uint8();
      const offset = reader.uint32LE();
      if (type === code.literal) {
        values.push(literal(offset & 0xff));
        continue;
      }
      if (offset < body || offset > size)
        throw new BinlogError('MALFORMED', `a JSON value at ${offset} of ${size} bytes`);
      values.push(this.value(type, within.subarray(offset), depth + 1));
    }
    return isObject ? new Map(keys.map((key, i) => [key, values[i] ?? null])) : values;
  }
}

function literal(index: number): null | boolean {
  const value = literals[index];
  if (value === undefined) throw new BinlogError('MALFORMED', `${index} is no JSON literal`);
  return value;
}

function counted(reader: ByteReader): Buffer {
  const length = reader.uvarint();
  if (length > BigInt(reader.remaining))
    throw new BinlogError('MALFORMED', `a JSON string of ${length} bytes, ${reader.remaining} are left`);
  return reader.take(Number(length));
}
