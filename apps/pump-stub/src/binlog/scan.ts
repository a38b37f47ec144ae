import { PumpError } from '../errors.js';
import { assembleBinlog } from './assemble.js';
import type { BinlogFields } from './fields.js';

const fieldNames = [
  '',
  'Tp',
  'StartTs',
  'CommitTs',
  'PrewriteKey',
  'PrewriteValue',
  'DdlQuery',
  'DdlJobId',
  'DdlSchemaState',
];
/** Bits of the fields that the Go marshaller writes even when they are zero. */
const alwaysWritten = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 7) | (1 << 8);

// Joins two halves into one bigint with a single allocation.
const halves = new Uint32Array(2);
const joined = new BigInt64Array(halves.buffer);

/**
 * Reads protobuf scalars and complains with the words of Go's generated code, which users of Pumps know. There is one of
 * it: a scan runs to its end before another begins.
 */
class Scanner {
  bytes: Buffer = Buffer.alloc(0);
  offset = 0;
  /** Whether every varint so far took no more bytes than it needed. */
  minimal = true;

  varint(): bigint {
    const first = this.bytes[this.offset];
    if (first !== undefined && first < 0x80) {
      this.offset++;
      halves[0] = first;
      halves[1] = 0;
    } else this.#longVarint();
    return joined[0] as bigint;
  }

  /** Leaves the two halves in `halves`. */
  #longVarint(): void {
    const { bytes } = this;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = bytes[this.offset];
      if (byte === undefined) throw malformed('unexpected EOF');
      this.offset++;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        if (byte === 0 && index > 0) this.minimal = false;
        halves[0] = low;
        halves[1] = high;
        return;
      }
    }
    throw malformed('proto: integer overflow');
  }

  /** A tag; small ones, which are nearly all, without a detour over 64 bits. */
  tag(): { readonly field: number; readonly wireType: number } {
    const first = this.bytes[this.offset];
    if (first !== undefined && first < 0x80) {
      this.offset++;
      return { field: first >> 3, wireType: first & 7 };
    }
    const tag = this.varint();
    return { field: Number(BigInt.asIntN(32, tag >> 3n)), wireType: Number(tag & 7n) };
  }

  /** Steps over a length-delimited field, and says where its content begins; it ends at `offset`. */
  stepOver(): number {
    const length = this.varint();
    if (length < 0n) throw malformed('proto: negative length found during unmarshaling');
    const begin = this.offset;
    const end = begin + Number(length);
    if (end > this.bytes.length) throw malformed('unexpected EOF');
    this.offset = end;
    return begin;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.stepOver();
    else if (wireType === 5) this.#advance(4);
    else if (wireType === 3) this.#skipGroup();
    else throw malformed(`proto: illegal wireType ${wireType}`);
  }

  #advance(count: number): void {
    this.offset += count;
    if (this.offset > this.bytes.length) throw malformed('unexpected EOF');
  }

  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const wireType = Number(this.varint() & 7n);
      if (wireType === 3) depth++;
      else if (wireType === 4) depth--;
      else this.skip(wireType);
    }
  }
}

const scanner = new Scanner();

function malformed(message: string): PumpError {
  return new PumpError('MALFORMED_BINLOG', message);
}

/** A binlog whose slices are made when they are asked for: the write path needs none of them. */
class ScannedBinlog implements BinlogFields {
  type = 0;
  startTs = 0n;
  commitTs = 0n;
  ddlJobId = 0n;
  ddlSchemaState = 0n;
  payload: Buffer;
  unknown: Buffer | undefined = undefined;
  keyBegin = -1;
  keyEnd = 0;
  valueBegin = -1;
  valueEnd = 0;
  queryBegin = -1;
  queryEnd = 0;

  constructor(payload: Buffer) {
    this.payload = payload;
  }

  get prewriteKey(): Buffer | undefined {
    return this.keyBegin < 0 ? undefined : this.payload.subarray(this.keyBegin, this.keyEnd);
  }

  get prewriteValue(): Buffer | undefined {
    return this.valueBegin < 0 ? undefined : this.payload.subarray(this.valueBegin, this.valueEnd);
  }

  get ddlQuery(): Buffer | undefined {
    return this.queryBegin < 0 ? undefined : this.payload.subarray(this.queryBegin, this.queryEnd);
  }
}

/**
 * Takes a marshalled binlog apart. An empty payload is a binlog of defaults.
 *
 * @throws PumpError `MALFORMED_BINLOG` with the text that a Go program would give.
 */
export function scanBinlog(bytes: Buffer): BinlogFields {
  const binlog = new ScannedBinlog(bytes);
  if (scanInto(binlog, bytes)) return binlog;
  // What the Go marshaller would not have written so is marshalled again: the log holds one form only.
  const marshalled = new ScannedBinlog(assembleBinlog(binlog));
  scanInto(marshalled, marshalled.payload);
  return marshalled;
}

/** As {@link scanBinlog}, for bytes off the disk: undefined for what is no binlog. */
export function tryScanBinlog(bytes: Buffer): BinlogFields | undefined {
  try {
    return scanBinlog(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Whether a stored payload is a Prewrite, by its first bytes: enough where a scan would be spent on a record that is
 * passed over.
 */
export function isStoredPrewrite(payload: Buffer): boolean {
  return payload[0] === 0x08 && payload[1] === 0x00;
}

/**
 * Whether a payload that stands at `offset` is the Prewrite of the transaction `startTs`, by its first two fields: no Commit
 * passes for one by a damaged byte, since its own start_ts is another than the commit_ts under which it is looked up.
 */
export function isPrewriteOf(startTs: bigint, bytes: Buffer, offset: number): boolean {
  if (bytes[offset] !== 0x08 || bytes[offset + 1] !== 0x00 || bytes[offset + 2] !== 0x10) return false;
  joined[0] = startTs;
  let low = halves[0] as number;
  let high = halves[1] as number;
  let at = offset + 3;
  while (high !== 0 || low > 0x7f) {
    if (bytes[at++] !== ((low & 0x7f) | 0x80)) return false;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return bytes[at] === low;
}

/** @returns whether the bytes stand in the form of the Go writers. */
function scanInto(binlog: ScannedBinlog, bytes: Buffer): boolean {
  scanner.bytes = bytes;
  scanner.offset = 0;
  scanner.minimal = true;
  let unknown: Buffer[] | undefined;
  let ascending = true;
  let last = 0;
  let seen = 0;
  while (scanner.offset < bytes.length) {
    const begin = scanner.offset;
    const { field, wireType } = scanner.tag();
    if (wireType === 4) throw malformed('proto: Binlog: wiretype end group for non-group');
    if (field <= 0) throw malformed(`proto: Binlog: illegal tag ${field} (wire type ${wireType})`);
    if (field > 8) {
      scanner.skip(wireType);
      unknown ??= [];
      unknown.push(bytes.subarray(begin, scanner.offset));
      last = 9;
      continue;
    }
    const expected = field >= 4 && field <= 6 ? 2 : 0;
    if (wireType !== expected) throw malformed(`proto: wrong wireType = ${wireType} for field ${fieldNames[field]}`);
    if (field <= last) ascending = false;
    last = field;
    seen |= 1 << field;
    if (expected === 2) takeSlice(binlog, field);
    else takeNumber(binlog, field);
  }
  if (unknown) binlog.unknown = unknown.length === 1 ? unknown[0] : Buffer.concat(unknown);
  return ascending && scanner.minimal && (seen & alwaysWritten) === alwaysWritten;
}

function takeSlice(binlog: ScannedBinlog, field: number): void {
  const begin = scanner.stepOver();
  const end = scanner.offset;
  if (field === 4) {
    binlog.keyBegin = begin;
    binlog.keyEnd = end;
  } else if (field === 5) {
    binlog.valueBegin = begin;
    binlog.valueEnd = end;
  } else {
    binlog.queryBegin = begin;
    binlog.queryEnd = end;
  }
}

function takeNumber(binlog: ScannedBinlog, field: number): void {
  const value = scanner.varint();
  if (field === 1) binlog.type = Number(BigInt.asIntN(32, value));
  else if (field === 2) binlog.startTs = value;
  else if (field === 3) binlog.commitTs = value;
  else if (field === 7) binlog.ddlJobId = value;
  else binlog.ddlSchemaState = BigInt.asIntN(32, value);
}
