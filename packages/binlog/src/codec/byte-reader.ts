import { BinlogError } from '../errors.js';

/** Reads numbers and slices off a buffer from front to back. Reading past the end is `MALFORMED`, never undefined. */
export class ByteReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  /** The next byte, which stays unread; -1 at the end. */
  peek(): number {
    return this.#bytes[this.position] ?? -1;
  }

  uint8(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw this.#short(1);
    this.position++;
    return byte;
  }

  uint16LE(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  uint32LE(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  uint64BE(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }

  uint64LE(): bigint {
    return this.#bytes.readBigUInt64LE(this.#advance(8));
  }

  doubleLE(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  /** A view of the next `length` bytes. */
  take(length: number): Buffer {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A little-endian base-128 number of up to 64 bits. */
  uvarint(): bigint {
    // Most numbers are short; plain numbers are several times faster than bigint for them.
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(value);
      scale *= 0x80;
    }
    let big = BigInt(value);
    for (let shift = 49n; shift < 64n; shift += 7n) {
      const byte = this.uint8();
      if (shift === 63n && byte > 1) break;
      big |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return big;
    }
    throw new BinlogError('MALFORMED', `a varint at byte ${this.position} does not fit 64 bits`);
  }

  /** A zigzag number of up to 64 bits. */
  varint(): bigint {
    const short = this.#shortVarint();
    return short === undefined ? this.#longVarint() : BigInt(short);
  }

  /** As {@link varint}, for a number that has to be small: one beyond 2^53 is not exact. */
  varintNumber(): number {
    return this.#shortVarint() ?? Number(this.#longVarint());
  }

  /** A zigzag length. One that is negative or passes the end is `MALFORMED` before anything is allocated. */
  length(): number {
    const value = this.varintNumber();
    if (value < 0 || value > this.remaining) {
      throw new BinlogError(
        'MALFORMED',
        `a length of ${value} at byte ${this.position}, but ${this.remaining} are left`,
      );
    }
    return value;
  }

  /** A zigzag number of up to 28 bits, as nearly all are; undefined, and nothing read, for a longer one. */
  #shortVarint(): number | undefined {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = this.#bytes[this.position + count];
      if (byte === undefined) return undefined;
      value |= (byte & 0x7f) << (count * 7);
      if (byte < 0x80) {
        this.position += count + 1;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    return undefined;
  }

  #longVarint(): bigint {
    const value = this.uvarint();
    return (value & 1n) === 0n ? value >> 1n : ~(value >> 1n);
  }

  #advance(length: number): number {
    const start = this.position;
    if (length > this.remaining) throw this.#short(length);
    this.position += length;
    return start;
  }

  #short(length: number): BinlogError {
    return new BinlogError(
      'MALFORMED',
      `the value ends too early: ${length} bytes wanted at byte ${this.position}, ${this.remaining} are left`,
    );
  }
}
