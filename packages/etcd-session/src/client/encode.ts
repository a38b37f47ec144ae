import { EtcdError } from './errors.js';
import { type KeyRange, toBuffer, toKeyRange } from './key-selector.js';
import { ProtoWriter } from './protobuf.js';
import type { Bytes, Compare, DeleteOptions, KeySelector, Op, PutOptions, RangeOptions, Txn } from './types.js';

const compareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;
const compareResult = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;
/** Where a compare's operand stands in the message, by its target. */
const compareOperand = { version: 4, create: 5, mod: 6, value: 7, lease: 8 } as const;
const sortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;
const sortOrder = { ascend: 1, descend: 2 } as const;
/** Where an operation stands in a RequestOp, by its kind. */
const operationField = { range: 1, put: 2, delete: 3, txn: 4 } as const;
const txnField = { compare: 1, success: 2, failure: 3 } as const;

/** An operation, and its message by {@link encodeOp}. */
export interface EncodedOp {
  readonly op: Op;
  readonly bytes: Buffer;
}

/** Room for a message's numbers and tags beside its keys and values. */
const overheadBytes = 64;

/** A number that stands for something must be one of etcd's 64-bit ones. */
export function int64(value: bigint, what: string): bigint {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
    throw new EtcdError('INVALID_ARGUMENT', `${what} is ${String(value)}: it must be a bigint of 64 bits`);
  }
  return value;
}

/**
 * An operation as the message of the KV method of its kind (RangeRequest, PutRequest, DeleteRangeRequest, TxnRequest).
 *
 * @throws EtcdError `INVALID_ARGUMENT` for what cannot work.
 */
export function encodeOp(op: Op): Buffer {
  const expected = op.kind === 'put' ? op.key.length + op.value.length + overheadBytes : undefined;
  const writer = new ProtoWriter(expected);
  writeOp(writer, op);
  return writer.finish();
}

/** Requests that {@link encodeOp} made, as the operations of one transaction, transactions among them nested in it. */
export function encodeTogether(requests: readonly EncodedOp[]): Buffer {
  let expected = 0;
  for (const { bytes } of requests) expected += bytes.length + overheadBytes;
  const writer = new ProtoWriter(expected);
  for (const { op, bytes } of requests) {
    const message = writer.open(txnField.success);
    writer.bytes(operationField[op.kind], bytes);
    writer.close(message);
  }
  return writer.finish();
}

/**
 * Reads that {@link encodeOp} made, as one transaction in which none is nested: etcd takes a nested one for a change, even of nothing but
 * reads, and brings it through its log. Transactions must have no compares, so their messages are lists of operations that can follow each other.
 */
export function encodeFlat(reads: readonly EncodedOp[]): Buffer {
  return Buffer.concat(reads.map((read) => (read.op.kind === 'txn' ? read.bytes : encodeTogether([read]))));
}

function writeOp(writer: ProtoWriter, op: Op): void {
  switch (op.kind) {
    case 'range':
      writeRange(writer, op.key, op.options);
      break;
    case 'put':
      writePut(writer, op.key, op.value, op.options);
      break;
    case 'delete':
      writeDelete(writer, op.key, op.options);
      break;
    case 'txn':
      writeTxn(writer, op.txn);
      break;
  }
}

function writeKeys(writer: ProtoWriter, { key, rangeEnd }: KeyRange): void {
  writer.bytes(1, key);
  if (rangeEnd !== undefined) writer.bytes(2, rangeEnd);
}

function writeRange(writer: ProtoWriter, selector: KeySelector, options: RangeOptions): void {
  writeKeys(writer, toKeyRange(selector));
  const { limit, revision, sortBy, order } = options;
  if (limit !== undefined) {
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new EtcdError('INVALID_ARGUMENT', `limit is ${limit}: it must be a whole number, 0 for no limit`);
    }
    writer.uint(3, limit);
  }
  if (revision !== undefined) writer.int64(4, int64(revision, 'revision'));
  if (sortBy !== undefined || order !== undefined) {
    writer.uint(5, sortOrder[order ?? 'ascend']);
    writer.uint(6, sortTarget[sortBy ?? 'key']);
  }
  if (options.serializable) writer.uint(7, true);
  if (options.keysOnly) writer.uint(8, true);
  if (options.countOnly) writer.uint(9, true);
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = options;
  if (minModRevision !== undefined) writer.int64(10, int64(minModRevision, 'minModRevision'));
  if (maxModRevision !== undefined) writer.int64(11, int64(maxModRevision, 'maxModRevision'));
  if (minCreateRevision !== undefined) writer.int64(12, int64(minCreateRevision, 'minCreateRevision'));
  if (maxCreateRevision !== undefined) writer.int64(13, int64(maxCreateRevision, 'maxCreateRevision'));
}

function writePut(writer: ProtoWriter, key: Bytes, value: Bytes, options: PutOptions): void {
  writer.bytes(1, toKeyRange(key).key);
  if (!options.ignoreValue) writer.bytes(2, toBuffer(value));
  if (!options.ignoreLease && options.lease !== undefined) writer.int64(3, int64(options.lease, 'lease'));
  if (options.prevKv) writer.uint(4, true);
  if (options.ignoreValue) writer.uint(5, true);
  if (options.ignoreLease) writer.uint(6, true);
}

function writeDelete(writer: ProtoWriter, selector: KeySelector, options: DeleteOptions): void {
  writeKeys(writer, toKeyRange(selector));
  if (options.prevKv) writer.uint(3, true);
}

function writeTxn(writer: ProtoWriter, txn: Txn): void {
  for (const compare of txn.compare ?? []) {
    const message = writer.open(txnField.compare);
    writeCompare(writer, compare);
    writer.close(message);
  }
  for (const branch of ['success', 'failure'] as const) {
    for (const op of txn[branch] ?? []) {
      const message = writer.open(txnField[branch]);
      const operation = writer.open(operationField[op.kind]);
      writeOp(writer, op);
      writer.close(operation);
      writer.close(message);
    }
  }
}

function writeCompare(writer: ProtoWriter, compare: Compare): void {
  const target = compareTarget[compare.target];
  const result = compareResult[compare.result];
  if (target === undefined || result === undefined) {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `a compare on ${String(compare.target)} by ${String(compare.result)}: build it with \`compare\``,
    );
  }
  const { key, rangeEnd } = toKeyRange(compare.key);
  writer.uint(1, result);
  writer.uint(2, target);
  writer.bytes(3, key);
  const operand = compareOperand[compare.target];
  if (compare.target === 'value') {
    if (typeof compare.value === 'bigint') {
      throw new EtcdError('INVALID_ARGUMENT', 'a compare on the value takes a string or bytes, not a bigint');
    }
    writer.bytes(operand, toBuffer(compare.value));
  } else {
    if (typeof compare.value !== 'bigint') {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `a compare on ${compare.target} takes a bigint, not ${typeof compare.value}`,
      );
    }
    writer.int64(operand, int64(compare.value, `the ${compare.target} of a compare`));
  }
  if (rangeEnd !== undefined) writer.bytes(64, rangeEnd);
}
