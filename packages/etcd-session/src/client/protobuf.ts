/**
 * The part of protobuf's wire format that etcd's key-value messages are made of, with 64-bit numbers as bigint. The general codecs for
 * JavaScript know no bigint, and their detour over objects, strings and defaults costs more than the request itself once
 * a hundred of them travel together.
 */

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** What 32 bits cannot hold goes by arithmetic, which is exact up to 2^53. */
const twoTo32 = 2 ** 32;
const twoTo49 = 2 ** 49;

/** Writes one message, field by field. Zeros and empty bytes are written too: leave out what shall be absent. */
export class ProtoWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(expectedBytes = 128) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes);
  }

  int64(field: number, value: bigint): void {
    this.#reserve(16);
    this.#tag(field, varint);
    if (value >= 0n && value <= Number.MAX_SAFE_INTEGER) {
      this.#varint(Number(value));
      return;
    }
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  /** An unsigned number below 2^53, an enum's number or a boolean. */
  uint(field: number, value: number | boolean): void {
    this.#reserve(16);
    this.#tag(field, varint);
    this.#varint(Number(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(16 + value.length);
    this.#tag(field, lengthDelimited);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Begins a message within the message; its fields follow, and then {@link close} with what this returns. */
  open(field: number): number {
    this.#reserve(16);
    this.#tag(field, lengthDelimited);
    return ++this.#at;
  }

  close(from: number): void {
    const length = this.#at - from;
    // One byte was left for the length; a longer one moves the message.
    const more = lengthOfVarint(length) - 1;
    this.#reserve(more);
    if (more > 0) this.#bytes.copyWithin(from + more, from, this.#at);
    this.#at = from - 1;
    this.#varint(length);
    this.#at += length;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= twoTo32; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Reads one message, field by field: `while (reader.next()) switch (reader.field) …`, where every case reads or skips. */
export class ProtoReader {
  field = 0;
  #type = 0;
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.uint();
    this.field = Math.floor(tag / 8);
    this.#type = tag % 8;
    return true;
  }

  /** A tag, a length, an enum's number or a boolean. */
  uint(): number {
    let value = 0;
    for (let factor = 1; factor < twoTo49; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a protobuf number that is larger than it can be');
  }

  int64(): bigint {
    let value = 0;
    // Seven bytes stay exact in a double.
    for (let i = 0, factor = 1; i < 7; i++, factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(value);
    }
    let large = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      large |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, large);
    }
    throw new RangeError('a protobuf number of more than ten bytes');
  }

  /** Bytes, or the message within the message; not a copy. */
  bytes(): Buffer {
    const length = this.uint();
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** Passes over a field that is not known. */
  skip(): void {
    if (this.#type === varint) this.int64();
    else if (this.#type === fixed64) this.#skip(8);
    else if (this.#type === lengthDelimited) this.#skip(this.uint());
    else if (this.#type === fixed32) this.#skip(4);
    else throw new RangeError(`a protobuf field of type ${this.#type}`);
  }

  #skip(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new RangeError('a protobuf message that ends too early');
    this.#at = from + count;
    return from;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('a protobuf message that ends too early');
    return byte;
  }
}
