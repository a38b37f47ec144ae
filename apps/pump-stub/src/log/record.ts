import { crc32c } from '@node-rs/crc32';

/** First bytes of a record, little endian. */
export const recordMagic = 0x823a56e8;
/** magic u32, payload length u64, CRC-32C of the payload u32, all little endian; then the payload. */
export const recordHeaderBytes = 16;
/** A finished file ends with its largest timestamp (i64) and a magic (u32). */
export const footerBytes = 12;
const footerMagic = 0x123ab922;
/** A length above this is taken for damage: gRPC cannot carry more. */
const maxPayloadBytes = 2 ** 31;

/** Writes a record at `offset` of `out`, and says where it ends. */
export function writeRecord(out: Buffer, offset: number, payload: Buffer): number {
  out.writeUInt32LE(recordMagic, offset);
  out.writeUInt32LE(payload.length, offset + 4);
  out.writeUInt32LE(0, offset + 8);
  out.writeUInt32LE(crc32c(payload), offset + 12);
  payload.copy(out, offset + recordHeaderBytes);
  return offset + recordHeaderBytes + payload.length;
}

/** What stands at the head of a record. */
export interface RecordHeader {
  readonly payloadBytes: number;
  readonly checksum: number;
}

/** @returns undefined when no record begins there. The caller sees to it that 16 bytes are present. */
export function readRecordHeader(bytes: Buffer, offset: number): RecordHeader | undefined {
  if (bytes.readUInt32LE(offset) !== recordMagic) return undefined;
  const payloadBytes = bytes.readUInt32LE(offset + 4) + bytes.readUInt32LE(offset + 8) * 2 ** 32;
  if (payloadBytes > maxPayloadBytes) return undefined;
  return { payloadBytes, checksum: bytes.readUInt32LE(offset + 12) };
}

/** Whether the payload is the one that was written. */
export function checksumFits(header: RecordHeader, payload: Buffer): boolean {
  return crc32c(payload) === header.checksum;
}

const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(recordMagic);

/** Where the next record may begin, after damage; -1 when there is none in these bytes. */
export function findRecordMagic(bytes: Buffer, from: number): number {
  return bytes.indexOf(magicBytes, from);
}

export function encodeFooter(maxTs: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(footerBytes);
  bytes.writeBigInt64LE(maxTs, 0);
  bytes.writeUInt32LE(footerMagic, 8);
  return bytes;
}

/** @returns the largest timestamp of the file, or undefined when these are not the last bytes of a finished file. */
export function decodeFooter(bytes: Buffer): bigint | undefined {
  if (bytes.length !== footerBytes || bytes.readUInt32LE(8) !== footerMagic) return undefined;
  return bytes.readBigInt64LE(0);
}
