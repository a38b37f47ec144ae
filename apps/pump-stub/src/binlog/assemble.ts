import { type BinlogFields, binlogType } from './fields.js';

// Takes one bigint apart into two halves.
const halves = new Uint32Array(2);
const joined = new BigInt64Array(halves.buffer);

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
