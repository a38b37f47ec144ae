/** Thrown for a packet that does not follow the protocol: it ends its own connection only. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket';
}

/** Reads the fields of one payload; running over its end is a {@link MalformedPacket}. */
export class PayloadReader {
  #at = 0;
  constructor(readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || length > this.remaining) {
      throw new MalformedPacket(
        `a field of ${length} bytes does not fit in the ${this.remaining} bytes left of the packet`,
      );
    }
    this.#at += length;
    return at;
  }

  uint8(): number {
    return this.bytes.readUInt8(this.#take(1));
  }
  uint16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }
  uint32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }
  int8(): number {
    return this.bytes.readInt8(this.#take(1));
  }
  int16(): number {
    return this.bytes.readInt16LE(this.#take(2));
  }
  int32(): number {
    return this.bytes.readInt32LE(this.#take(4));
  }
  int64(): bigint {
    return this.bytes.readBigInt64LE(this.#take(8));
  }
  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }
  float(): number {
    return this.bytes.readFloatLE(this.#take(4));
  }
  double(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  take(length: number): Buffer {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  rest(): Buffer {
    return this.take(this.remaining);
  }

  /** Up to the next zero byte, or to the end where there is none (older clients leave the last one out). */
  nullTerminated(): Buffer {
    const end = this.bytes.indexOf(0, this.#at);
    if (end === -1) return this.rest();
    const text = this.take(end - this.#at);
    this.#take(1);
    return text;
  }

  /** A length-encoded integer that counts something in this packet. */
  lenencLength(): number {
    const first = this.uint8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.uint16();
    if (first === 0xfd) return this.bytes.readUIntLE(this.#take(3), 3);
    if (first === 0xfe) {
      const length = this.uint64();
      if (length > BigInt(this.remaining)) {
        throw new MalformedPacket(`a length of ${length} passes the ${this.remaining} bytes left of the packet`);
      }
      return Number(length);
    }
    throw new MalformedPacket(`0x${first.toString(16)} does not begin a length`);
  }

  lenencBytes(): Buffer {
    return this.take(this.lenencLength());
  }
}

/** Builds one payload; grows as needed. */
export class PayloadWriter {
  #bytes: Buffer;
  #length = 0;
  constructor(capacity = 128) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  #reserve(length: number): number {
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = at + length;
    return at;
  }

  uint8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }
  uint16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16LE(value & 0xffff, at);
    return this;
  }
  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value >>> 0, at);
    return this;
  }
  uint64(value: bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    return this;
  }
  float(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeFloatLE(value, at);
    return this;
  }
  double(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
    return this;
  }
  zeros(length: number): this {
    const at = this.#reserve(length);
    this.#bytes.fill(0, at, at + length);
    return this;
  }
  raw(value: Uint8Array | string): this {
    if (typeof value === 'string') {
      const length = Buffer.byteLength(value);
      const at = this.#reserve(length);
      this.#bytes.write(value, at, 'utf8');
    } else {
      const at = this.#reserve(value.length);
      this.#bytes.set(value, at);
    }
    return this;
  }
  nullTerminated(value: string): this {
    return this.raw(value).uint8(0);
  }
  lenenc(value: number | bigint): this {
    if (value < 0xfb) return this.uint8(Number(value));
    if (value <= 0xffff) return this.uint8(0xfc).uint16(Number(value));
    if (value <= 0xffffff) {
      const at = this.uint8(0xfd).#reserve(3);
      this.#bytes.writeUIntLE(Number(value), at, 3);
      return this;
    }
    return this.uint8(0xfe).uint64(BigInt(value));
  }
  lenencBytes(value: Uint8Array | string): this {
    return this.lenenc(typeof value === 'string' ? Buffer.byteLength(value) : value.length).raw(value);
  }

  /** The bytes written so far; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
