import type { BinlogFields } from '../binlog/fields.js';

/** Where a record stands: the number of its file and the byte at which it begins there. */
export interface Pointer {
  readonly fileId: number;
  readonly offset: number;
}

/** A record of the log as the index and the sorter look at it. */
export interface LoggedRecord extends Pick<BinlogFields, 'type' | 'startTs' | 'commitTs'> {
  readonly pointer: Pointer;
}

/** Bytes of an encoded pointer. */
export const pointerBytes = 12;

/** File number as u32, offset as i64, both little endian: the form in which a Pump's index keeps it. */
export function encodePointer(pointer: Pointer): Buffer {
  const bytes = Buffer.allocUnsafe(pointerBytes);
  bytes.writeUInt32LE(pointer.fileId, 0);
  bytes.writeUInt32LE(pointer.offset >>> 0, 4);
  bytes.writeUInt32LE(Math.floor(pointer.offset / 2 ** 32), 8);
  return bytes;
}

/** @returns undefined for bytes that are no pointer. */
export function decodePointer(bytes: Buffer): Pointer | undefined {
  if (bytes.length !== pointerBytes) return undefined;
  return { fileId: bytes.readUInt32LE(0), offset: bytes.readUInt32LE(4) + bytes.readUInt32LE(8) * 2 ** 32 };
}

/** Negative when `a` stands before `b`. */
export function comparePointers(a: Pointer, b: Pointer): number {
  return a.fileId === b.fileId ? a.offset - b.offset : a.fileId - b.fileId;
}
