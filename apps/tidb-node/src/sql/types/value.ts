import type { Decimal } from './decimal.js';
import type { Duration } from './duration.js';
import type { JsonDocument } from './json.js';
import type { DateTime } from './time.js';

/**
 * A BIT value, or a literal in hexadecimal or binary: a byte string that counts as an unsigned big-endian number where a
 * number is wanted.
 */
export class BinaryLiteral {
  constructor(readonly bytes: Buffer) {}

  static fromBigInt(value: bigint, width: number): BinaryLiteral {
    const bytes = Buffer.alloc(Math.max(width, 1));
    let rest = value;
    for (let at = bytes.length - 1; at >= 0; at--) {
      bytes[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return new BinaryLiteral(bytes);
  }

  toBigInt(): bigint {
    let value = 0n;
    for (const byte of this.bytes) value = (value << 8n) | BigInt(byte);
    return value;
  }
}

/** A value of an ENUM column: 1-based index into the elements; 0 is the empty error value. */
export class EnumValue {
  constructor(
    readonly index: number,
    readonly name: string,
  ) {}
}

/** A value of a SET column: one bit an element, and the elements' names joined by commas. */
export class SetValue {
  constructor(
    readonly bits: bigint,
    readonly names: string,
  ) {}
}

/**
 * A value as SQL sees it. Integers are bigint whatever their width; whether one is unsigned is said by its type.
 * Character strings are JavaScript strings, byte strings are Buffers.
 */
export type SqlValue =
  | null
  | bigint
  | number
  | string
  | Buffer
  | Decimal
  | DateTime
  | Duration
  | EnumValue
  | SetValue
  | BinaryLiteral
  | JsonDocument;

/** One row: a value a column, in the order of the columns. */
export type Row = SqlValue[];
