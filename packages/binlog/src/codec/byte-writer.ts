/** Appends numbers and bytes to a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.length));
  }

  uint8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  uint16LE(value: number): this {
    const at = this.#grow(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  uint32LE(value: number): this {
    const at = this.#grow(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  uint64BE(value: bigint): this {
    const at = this.#grow(8);
    this.#bytes.writeBigUInt64BE(value, at);
    return this;
  }

  uint64LE(value: bigint): this {
    const at = this.#grow(8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  doubleLE(value: number): this {
    const at = this.#grow(8);
    this.#bytes.writeDoubleLE(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Leaves room for bytes that are patched later. */
  skip(length: number): void {
    this.#grow(length);
  }

  /** Overwrites a byte that was written before. */
  patchUint8(value: number, at: number): void {
    this.#bytes[at] = value;
  }

  /** Overwrites 4 bytes that were written before. */
  patchUint32LE(value: number, at: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  /** A little-endian base-128 number of up to 64 bits. */
  uvarint(value: bigint): this {
    if (value <= 0xffff_ffffn) return this.#smallUvarint(Number(value));
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.uint8(Number(rest & 0x7fn) | 0x80);
    return this.uint8(Number(rest));
  }

  /** A zigzag number of up to 64 bits. */
  varint(value: bigint): this {
    return this.uvarint(value < 0n ? (-value << 1n) - 1n : value << 1n);
  }

  /** A length as a zigzag number. */
  size(value: number): this {
    return this.#smallUvarint(value * 2);
  }

  #smallUvarint(value: number): this {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.uint8((rest % 0x80) | 0x80);
    return this.uint8(rest);
  }

  #grow(by: number): number {
    const start = this.length;
    this.length += by;
    if (this.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    return start;
  }
}
