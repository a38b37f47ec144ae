import { BinlogError } from '../errors.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

const signBit = 1n << 63n;
const group = 8;

/** A signed number as 8 bytes that sort as the numbers do: big-endian, sign bit flipped. */
export function comparableInt(value: bigint): bigint {
  return BigInt.asUintN(64, value) ^ signBit;
}

/** Undoes {@link comparableInt}. */
export function intOfComparable(bits: bigint): bigint {
  return BigInt.asIntN(64, bits ^ signBit);
}

const scratch = new DataView(new ArrayBuffer(8));

/** A double as 64 bits that sort as the numbers do: the sign bit set if it is not negative, else all bits inverted. */
export function comparableFloat(value: number): bigint {
  // -0 and 0 are one value to SQL, and one key.
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const bits = scratch.getBigUint64(0);
  return (bits & signBit) === 0n ? bits | signBit : BigInt.asUintN(64, ~bits);
}

/** Undoes {@link comparableFloat}. */
export function floatOfComparable(bits: bigint): number {
  scratch.setBigUint64(0, (bits & signBit) === 0n ? BigInt.asUintN(64, ~bits) : bits & ~signBit);
  return scratch.getFloat64(0);
}

/** Bytes that sort as the originals do and tell where they end: groups of 8 filled up with zeros, each followed by 255 − fill. */
export function writeComparableBytes(writer: ByteWriter, value: Uint8Array): void {
  for (let at = 0; at <= value.length; at += group) {
    const part = value.subarray(at, at + group);
    writer.bytes(part);
    for (let fill = part.length; fill < group; fill++) writer.uint8(0);
    writer.uint8(0xff - (group - part.length));
  }
}

/**
 * Undoes {@link writeComparableBytes}.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readComparableBytes(reader: ByteReader): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const part = reader.take(group);
    const fill = 0xff - reader.uint8();
    if (fill > group || part.subarray(group - fill).some((byte) => byte !== 0)) {
      throw new BinlogError(
        'MALFORMED',
        `a group of encoded bytes before byte ${reader.position} is not filled up with zeros`,
      );
    }
    parts.push(part.subarray(0, group - fill));
    if (fill > 0) return Buffer.concat(parts);
  }
}
