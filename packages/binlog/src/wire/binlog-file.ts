import { crc32c } from '@node-rs/crc32';
import { BinlogError } from '../errors.js';
import { asBuffer } from './fields.js';

const magic = 471_532_804;
const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(magic);
/** Magic u32 and payload length u64, little endian. */
const headBytes = 12;
/** CRC-32C of the payload, u32 little endian. */
const tailBytes = 4;

/** One record of a file that a Drainer (or a Pump before 2018) wrote. */
export interface BinlogFileRecord {
  /** Where it begins. */
  readonly offset: number;
  /** Where it ends, which is where the next begins: what a reader that goes on later has to keep. */
  readonly end: number;
  /** For a Drainer's file the bytes of a {@link PbBinlog}; a view into the file's bytes. */
  readonly payload: Buffer;
}

export interface ReadBinlogFileOptions {
  /** Called with the bounds of each damaged stretch, after which reading goes on with the next whole record. */
  readonly onDamage?: (from: number, to: number) => void;
}

/** A record as it stands in a Drainer's file: magic, length, payload, checksum. Records follow each other without a gap. */
export function encodeBinlogFileRecord(payload: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(headBytes + payload.length + tailBytes);
  record.writeUInt32LE(magic, 0);
  record.writeBigUInt64LE(BigInt(payload.length), 4);
  record.set(payload, headBytes);
  record.writeUInt32LE(crc32c(asBuffer(payload)), headBytes + payload.length);
  return record;
}

/**
 * The records of a Drainer's file, in order. A torn record at the end (its writer was stopped, or is still writing) ends the
 * records without an error.
 *
 * @throws BinlogError `MALFORMED`, naming the offset, at bytes that are no record while whole ones follow or the bytes do not
 * look torn; with `onDamage` they are passed over instead.
 */
export function* readBinlogFile(
  file: Uint8Array,
  { onDamage }: ReadBinlogFileOptions = {},
): Generator<BinlogFileRecord, void, void> {
  const bytes = asBuffer(file);
  for (let offset = 0; offset < bytes.length; ) {
    const record = recordAt(bytes, offset);
    if (record !== undefined) {
      yield record;
      offset = record.end;
      continue;
    }
    const next = nextRecord(bytes, offset + 1);
    if (next === undefined && isTorn(bytes, offset)) return;
    if (onDamage === undefined) {
      throw new BinlogError(
        'MALFORMED',
        `no whole record at byte ${offset} of ${bytes.length}; give onDamage to go on after the damage`,
      );
    }
    onDamage(offset, next ?? bytes.length);
    offset = next ?? bytes.length;
  }
}

function recordAt(bytes: Buffer, offset: number): BinlogFileRecord | undefined {
  if (offset + headBytes + tailBytes > bytes.length || bytes.readUInt32LE(offset) !== magic) return undefined;
  const length = bytes.readBigUInt64LE(offset + 4);
  if (length > BigInt(bytes.length - offset - headBytes - tailBytes)) return undefined;
  const start = offset + headBytes;
  const payload = bytes.subarray(start, start + Number(length));
  const checksumAt = start + payload.length;
  if (crc32c(payload) !== bytes.readUInt32LE(checksumAt)) return undefined;
  return { offset, end: checksumAt + tailBytes, payload };
}

/** The magic may stand inside a payload, so what follows it must be a whole record too. */
function nextRecord(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(magicBytes, from); at >= 0; at = bytes.indexOf(magicBytes, at + 1)) {
    if (recordAt(bytes, at) !== undefined) return at;
  }
  return undefined;
}

/** Whether these last bytes are the front of a record whose rest was never written. */
function isTorn(bytes: Buffer, offset: number): boolean {
  const left = bytes.length - offset;
  const front = Math.min(left, magicBytes.length);
  if (!bytes.subarray(offset, offset + front).equals(magicBytes.subarray(0, front))) return false;
  return left < headBytes || bytes.readBigUInt64LE(offset + 4) > BigInt(left - headBytes - tailBytes);
}
