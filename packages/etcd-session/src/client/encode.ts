import type { ICompare, IDeleteRangeRequest, IPutRequest, IRangeRequest, IRequestOp, ITxnRequest } from 'etcd3';
import { EtcdError } from './errors.js';
import { toBuffer, toKeyRange } from './key-selector.js';
import type { Bytes, Compare, DeleteOptions, KeySelector, Op, PutOptions, RangeOptions, Txn } from './types.js';

// Enums travel as numbers: etcd3's codec takes an unknown name for 0 without a word, which would turn a fence on the
// create revision into "version equals".
const compareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;
const compareResult = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const;
const sortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;
const sortOrder = { ascend: 1, descend: 2 } as const;

function rangeEnd(end: Buffer | undefined): { range_end?: Buffer } {
  return end === undefined ? {} : { range_end: end };
}

/** A number that stands for something must be one of etcd's 64-bit ones. */
export function int64(value: bigint, what: string): string {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
    throw new EtcdError('INVALID_ARGUMENT', `${what} is ${String(value)}: it must be a bigint of 64 bits`);
  }
  return value.toString();
}

export function encodeRange(selector: KeySelector, options: RangeOptions): IRangeRequest {
  const { key, rangeEnd: end } = toKeyRange(selector);
  const request: IRangeRequest = { key, ...rangeEnd(end) };
  if (options.limit !== undefined) {
    if (!Number.isSafeInteger(options.limit) || options.limit < 0) {
      throw new EtcdError('INVALID_ARGUMENT', `limit is ${options.limit}: it must be a whole number, 0 for no limit`);
    }
    request.limit = options.limit;
  }
  if (options.revision !== undefined) request.revision = int64(options.revision, 'revision');
  if (options.sortBy !== undefined || options.order !== undefined) {
    request.sort_target = sortTarget[options.sortBy ?? 'key'];
    request.sort_order = sortOrder[options.order ?? 'ascend'];
  }
  if (options.serializable) request.serializable = true;
  if (options.keysOnly) request.keys_only = true;
  if (options.countOnly) request.count_only = true;
  if (options.minModRevision !== undefined) request.min_mod_revision = int64(options.minModRevision, 'minModRevision');
  if (options.maxModRevision !== undefined) request.max_mod_revision = int64(options.maxModRevision, 'maxModRevision');
  if (options.minCreateRevision !== undefined) {
    request.min_create_revision = int64(options.minCreateRevision, 'minCreateRevision');
  }
  if (options.maxCreateRevision !== undefined) {
    request.max_create_revision = int64(options.maxCreateRevision, 'maxCreateRevision');
  }
  return request;
}

export function encodePut(key: Bytes, value: Bytes, options: PutOptions): IPutRequest {
  const request: IPutRequest = { key: toKeyRange(key).key };
  if (options.ignoreValue) request.ignore_value = true;
  else request.value = toBuffer(value);
  if (options.ignoreLease) request.ignore_lease = true;
  else if (options.lease !== undefined) request.lease = int64(options.lease, 'lease');
  if (options.prevKv) request.prev_kv = true;
  return request;
}

export function encodeDelete(selector: KeySelector, options: DeleteOptions): IDeleteRangeRequest {
  const { key, rangeEnd: end } = toKeyRange(selector);
  return { key, ...rangeEnd(end), ...(options.prevKv ? { prev_kv: true } : {}) };
}

function encodeCompare(compare: Compare): ICompare {
  const { key, rangeEnd: end } = toKeyRange(compare.key);
  const head = {
    target: compareTarget[compare.target],
    result: compareResult[compare.result],
    key,
    ...rangeEnd(end),
  };
  if (head.target === undefined || head.result === undefined) {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `a compare on ${String(compare.target)} by ${String(compare.result)}: build it with \`compare\``,
    );
  }
  if (compare.target === 'value') {
    if (typeof compare.value === 'bigint') {
      throw new EtcdError('INVALID_ARGUMENT', 'a compare on the value takes a string or bytes, not a bigint');
    }
    return { ...head, value: toBuffer(compare.value) };
  }
  if (typeof compare.value !== 'bigint') {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `a compare on ${compare.target} takes a bigint, not ${typeof compare.value}`,
    );
  }
  const value = int64(compare.value, `the ${compare.target} of a compare`);
  switch (compare.target) {
    case 'version':
      return { ...head, version: value };
    case 'create':
      return { ...head, create_revision: value };
    case 'mod':
      return { ...head, mod_revision: value };
    case 'lease':
      return { ...head, lease: value };
  }
}

function encodeOp(op: Op): IRequestOp {
  switch (op.kind) {
    case 'range':
      return { request_range: encodeRange(op.key, op.options) };
    case 'put':
      return { request_put: encodePut(op.key, op.value, op.options) };
    case 'delete':
      return { request_delete_range: encodeDelete(op.key, op.options) };
    case 'txn':
      return { request_txn: encodeTxn(op.txn) };
  }
}

export function encodeTxn(txn: Txn): ITxnRequest {
  return {
    compare: (txn.compare ?? []).map(encodeCompare),
    success: (txn.success ?? []).map(encodeOp),
    failure: (txn.failure ?? []).map(encodeOp),
  };
}
