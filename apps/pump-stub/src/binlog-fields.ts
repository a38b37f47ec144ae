import { PumpError } from './errors.js';

/** Types of a binlog that a Pump tells apart; the two obsolete DDL types count as an end of a transaction. */
export const binlogType = { prewrite: 0, commit: 1, rollback: 2 } as const;

/** A binlog taken apart as far as a Pump needs it. The slices point into the bytes that were scanned. */
export interface BinlogFields {
  readonly type: number;
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly prewriteKey: Buffer | undefined;
  readonly prewriteValue: Buffer | undefined;
  readonly ddlQuery: Buffer | undefined;
  readonly ddlJobId: bigint;
  readonly ddlSchemaState: bigint;
  /** Fields this version does not know, as they came; they stay at the end. */
  readonly unknown: Buffer | undefined;
  /** The whole in the Go writers' form: ascending fields, and 1, 2, 3, 7 and 8 always there. */
  readonly payload: Buffer;
}

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

/** Reads protobuf scalars and complains with the words of Go's generated code, which users of Pumps know. */
class Scanner {
  offset = 0;
  /** Whether the last varint took no more bytes than it needed. */
  minimal = true;

  constructor(readonly bytes: Buffer) {}

  varint(): bigint {
    let low = 0;
    let high = 0;
    let byte = 0;
    for (let index = 0; index < 10; index++) {
      const next = this.bytes[this.offset];
      if (next === undefined) throw malformed('unexpected EOF');
      this.offset++;
      byte = next;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.minimal = byte !== 0 || index === 0;
        halves[0] = low;
        halves[1] = high;
        return joined[0] as bigint;
      }
    }
    throw malformed('proto: integer overflow');
  }

  /** A length-delimited field's content. */
  slice(): Buffer {
    const length = this.varint();
    if (length < 0n) throw malformed('proto: negative length found during unmarshaling');
    const end = this.offset + Number(length);
    if (end > this.bytes.length) throw malformed('unexpected EOF');
    const content = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return content;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.slice();
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

function malformed(message: string): PumpError {
  return new PumpError('MALFORMED_BINLOG', message);
}

/**
 * Takes a marshalled binlog apart. An empty payload is a binlog of defaults.
 *
 * @throws PumpError `MALFORMED_BINLOG` with the text that a Go program would give.
 */
export function scanBinlog(bytes: Buffer): BinlogFields {
  const scanner = new Scanner(bytes);
  let type = 0;
  let startTs = 0n;
  let commitTs = 0n;
  let prewriteKey: Buffer | undefined;
  let prewriteValue: Buffer | undefined;
  let ddlQuery: Buffer | undefined;
  let ddlJobId = 0n;
  let ddlSchemaState = 0n;
  let unknown: Buffer[] | undefined;
  let canonical = true;
  let last = 0;
  let seen = 0;
  while (scanner.offset < bytes.length) {
    const begin = scanner.offset;
    const tag = scanner.varint();
    canonical &&= scanner.minimal;
    const field = Number(BigInt.asUintN(32, tag) >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 4) throw malformed('proto: Binlog: wiretype end group for non-group');
    if (field === 0) throw malformed(`proto: Binlog: illegal tag ${field} (wire type ${tag})`);
    if (field > 8) {
      scanner.skip(wireType);
      unknown ??= [];
      unknown.push(bytes.subarray(begin, scanner.offset));
      last = 9;
      continue;
    }
    const expected = field >= 4 && field <= 6 ? 2 : 0;
    if (wireType !== expected) throw malformed(`proto: wrong wireType = ${wireType} for field ${fieldNames[field]}`);
    if (field <= last) canonical = false;
    last = field;
    seen |= 1 << field;
    if (expected === 2) {
      const content = scanner.slice();
      if (field === 4) prewriteKey = content;
      else if (field === 5) prewriteValue = content;
      else ddlQuery = content;
    } else {
      const value = scanner.varint();
      if (field === 1) type = Number(BigInt.asIntN(32, value));
      else if (field === 2) startTs = value;
      else if (field === 3) commitTs = value;
      else if (field === 7) ddlJobId = value;
      else ddlSchemaState = BigInt.asIntN(32, value);
    }
    canonical &&= scanner.minimal;
  }
  canonical &&= (seen & alwaysWritten) === alwaysWritten;
  const fields = { type, startTs, commitTs, prewriteKey, prewriteValue, ddlQuery, ddlJobId, ddlSchemaState };
  const rest = unknown && (unknown.length === 1 ? unknown[0] : Buffer.concat(unknown));
  return { ...fields, unknown: rest, payload: canonical ? bytes : assembleBinlog({ ...fields, unknown: rest }) };
}

/** As {@link scanBinlog}, for bytes off the disk: undefined for what is no binlog. */
export function tryScanBinlog(bytes: Buffer): BinlogFields | undefined {
  try {
    return scanBinlog(bytes);
  } catch {
    return undefined;
  }
}

/** Marshals a binlog as the Go writers do. */
export function assembleBinlog(fields: Omit<BinlogFields, 'payload'>): Buffer {
  const slices = [fields.prewriteKey, fields.prewriteValue, fields.ddlQuery];
  let size = 5 * 11 + (fields.unknown?.length ?? 0);
  for (const slice of slices) size += slice === undefined ? 0 : slice.length + 6;
  const out = Buffer.allocUnsafe(size);
  let offset = writeField(out, 0, 0x08, BigInt(fields.type));
  offset = writeField(out, offset, 0x10, fields.startTs);
  offset = writeField(out, offset, 0x18, fields.commitTs);
  for (const [index, slice] of slices.entries()) {
    if (slice === undefined) continue;
    offset = writeField(out, offset, 0x22 + 8 * index, BigInt(slice.length));
    offset += slice.copy(out, offset);
  }
  offset = writeField(out, offset, 0x38, fields.ddlJobId);
  offset = writeField(out, offset, 0x40, fields.ddlSchemaState);
  if (fields.unknown) offset += fields.unknown.copy(out, offset);
  return out.subarray(0, offset);
}

/**
 * What a reader is given for a Commit: its own type, timestamps and key, with the changes and the DDL of its Prewrite
 * (spec: real Pumps answer so, and Drainers rely on it, since a Commit carries no changes).
 */
export function mergeCommit(commit: BinlogFields, prewrite: BinlogFields): Buffer {
  return assembleBinlog({
    type: commit.type,
    startTs: commit.startTs,
    commitTs: commit.commitTs,
    prewriteKey: commit.prewriteKey,
    prewriteValue: prewrite.prewriteValue,
    ddlQuery: prewrite.ddlQuery,
    ddlJobId: prewrite.ddlJobId,
    ddlSchemaState: prewrite.ddlSchemaState,
    unknown: commit.unknown ?? prewrite.unknown,
  });
}

/** A fake binlog: it holds no change and says "complete up to `ts`". */
export function fakeBinlog(ts: bigint): BinlogFields {
  return madeHere({ type: binlogType.rollback, startTs: ts, commitTs: ts, prewriteKey: undefined });
}

/** The Commit that a Pump writes by itself when the storage says that the transaction is committed. */
export function settledCommit(startTs: bigint, commitTs: bigint, prewriteKey: Buffer | undefined): BinlogFields {
  return madeHere({ type: binlogType.commit, startTs, commitTs, prewriteKey });
}

function madeHere(own: Pick<BinlogFields, 'type' | 'startTs' | 'commitTs' | 'prewriteKey'>): BinlogFields {
  const fields = {
    ...own,
    prewriteValue: undefined,
    ddlQuery: undefined,
    ddlJobId: 0n,
    ddlSchemaState: 0n,
    unknown: undefined,
  };
  return { ...fields, payload: assembleBinlog(fields) };
}

/** Whether it is a fake binlog by its shape, whoever wrote it. */
export function isFake(fields: Pick<BinlogFields, 'startTs' | 'commitTs'>): boolean {
  return fields.startTs === fields.commitTs && fields.startTs > 0n;
}

/** The larger of its timestamps. */
export function latestTs(fields: Pick<BinlogFields, 'startTs' | 'commitTs'>): bigint {
  if (fields.commitTs > fields.startTs) return fields.commitTs;
  return fields.startTs;
}

/** The timestamp under which it stands in the index: a Prewrite under start_ts, everything else under commit_ts. */
export function indexTs(fields: Pick<BinlogFields, 'type' | 'startTs' | 'commitTs'>): bigint {
  return fields.type === binlogType.prewrite ? fields.startTs : fields.commitTs;
}

function writeField(out: Buffer, at: number, tag: number, value: bigint): number {
  let offset = at;
  out[offset++] = tag;
  joined[0] = value;
  let low = halves[0] as number;
  let high = halves[1] as number;
  while (high !== 0 || low > 0x7f) {
    out[offset++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  out[offset++] = low;
  return offset;
}
