import { BinlogError } from '../errors.js';

/** A field that a message knows: the name Go's errors use for it, and its wire type (0 varint, 2 bytes). */
export interface KnownField {
  readonly name: string;
  readonly wireType: 0 | 2;
  /** A repeated number, which a reader must also take in packed form. */
  readonly packable?: boolean;
}

/** A message's name and fields, by field number. */
export interface MessageShape {
  readonly name: string;
  readonly fields: Readonly<Record<number, KnownField>>;
  /** A field whose slices are wanted (a nested message). */
  readonly nested?: number;
}

/** What a walk over the fields found. */
export interface WalkedFields {
  /** The fields that the shape does not know, with their tags, as they stood; undefined when there are none. */
  readonly unknown: Buffer | undefined;
  /** The bytes of each occurrence of the nested field, in order. */
  readonly nested: readonly Buffer[];
}

const none: readonly Buffer[] = [];

/** A view of the same memory. The generated decoder reads fastest from a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Walks over the fields of a message before it is decoded, because the generated code neither keeps what it does not know
 * nor checks the wire type of what it knows. Error texts are those of the Go decoder, since pump clients show them.
 */
export function walkFields(bytes: Buffer, shape: MessageShape): WalkedFields {
  const walk = new Walk(bytes);
  let unknown: Buffer[] | undefined;
  let nested: Buffer[] | undefined;
  while (walk.position < bytes.length) {
    const start = walk.position;
    // As a plain number: V8 of Node 20 dies compiling 64-bit operations on what varint() returns once both are in one function.
    const tag = Number(walk.varint());
    // No writer pads a tag, and the generated decoder would misread one that is.
    if (walk.position - start > 5) throw malformed('proto: integer overflow');
    const wireType = tag % 8;
    const number = Math.floor(tag / 8) | 0;
    if (wireType === 4) throw malformed(`proto: ${shape.name}: wiretype end group for non-group`);
    if (number <= 0) throw malformed(`proto: ${shape.name}: illegal tag ${number} (wire type ${tag})`);
    const field = shape.fields[number];
    if (field === undefined) {
      walk.skip(wireType);
      unknown ??= [];
      unknown.push(bytes.subarray(start, walk.position));
      continue;
    }
    const packed = field.packable === true && wireType === 2;
    if (wireType !== field.wireType && !packed)
      throw malformed(`proto: wrong wireType = ${wireType} for field ${field.name}`);
    const value = walk.skip(wireType);
    if (number === shape.nested) {
      nested ??= [];
      nested.push(value);
    }
  }
  return { unknown: unknown === undefined ? undefined : Buffer.concat(unknown), nested: nested ?? none };
}

function malformed(message: string): BinlogError {
  return new BinlogError('MALFORMED', message);
}

class Walk {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): bigint {
    const first = this.#byte();
    if (first < 0x80) return BigInt(first);
    let value = BigInt(first & 0x7f);
    for (let shift = 7n; shift < 64n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed('proto: integer overflow');
  }

  /** Steps over a field's value and returns its bytes (without the length, for a field that has one). */
  skip(wireType: number): Buffer {
    const start = this.position;
    switch (wireType) {
      case 0:
        this.#skipVarint();
        return this.#bytes.subarray(start, this.position);
      case 1:
        return this.#take(8n);
      case 2:
        return this.#take(this.varint());
      case 3:
        this.#skipGroup();
        return this.#bytes.subarray(start, this.position);
      case 5:
        return this.#take(4n);
      default:
        throw malformed(`proto: illegal wireType ${wireType}`);
    }
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) if (this.#byte() < 0x80) return;
    throw malformed('proto: integer overflow');
  }

  #byte(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw malformed('unexpected EOF');
    this.position++;
    return byte;
  }

  #take(length: bigint): Buffer {
    if (length >= 2n ** 63n) throw malformed('proto: negative length found during unmarshaling');
    if (length > BigInt(this.#bytes.length - this.position)) throw malformed('unexpected EOF');
    const start = this.position;
    this.position += Number(length);
    return this.#bytes.subarray(start, this.position);
  }

  // Groups nest; a counter instead of recursion, so that a hostile message cannot exhaust the stack.
  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const wireType = Number(this.varint() & 7n);
      if (wireType === 3) depth++;
      else if (wireType === 4) depth--;
      else this.skip(wireType);
    }
  }
}
