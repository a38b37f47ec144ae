import type {
  IDeleteRangeResponse,
  IKeyValue,
  IPutResponse,
  IRangeResponse,
  IResponseHeader,
  IResponseOp,
  ITxnResponse,
} from 'etcd3';
import { EtcdError } from './errors.js';
import type { DeleteResult, KeyValue, OpResult, PutResult, RangeResult, TxnResult } from './types.js';

export function decodeKeyValue(kv: IKeyValue): KeyValue {
  return {
    key: kv.key,
    value: kv.value,
    createRevision: BigInt(kv.create_revision),
    modRevision: BigInt(kv.mod_revision),
    version: BigInt(kv.version),
    lease: BigInt(kv.lease),
  };
}

// The answers inside a transaction carry a header of their own only in part of etcd's versions: then the outer one counts.
function revisionOf(header: IResponseHeader | null | undefined, outer: bigint): bigint {
  const own = header?.revision;
  return own === undefined || own === '0' ? outer : BigInt(own);
}

export function decodeRange(response: IRangeResponse, outer = 0n): RangeResult {
  return {
    kind: 'range',
    kvs: response.kvs.map(decodeKeyValue),
    more: response.more,
    count: BigInt(response.count),
    revision: revisionOf(response.header, outer),
  };
}

export function decodePut(response: IPutResponse, outer = 0n): PutResult {
  return {
    kind: 'put',
    prevKv: response.prev_kv ? decodeKeyValue(response.prev_kv) : undefined,
    revision: revisionOf(response.header, outer),
  };
}

export function decodeDelete(response: IDeleteRangeResponse, outer = 0n): DeleteResult {
  return {
    kind: 'delete',
    deleted: BigInt(response.deleted),
    prevKvs: response.prev_kvs.map(decodeKeyValue),
    revision: revisionOf(response.header, outer),
  };
}

export function decodeTxn(response: ITxnResponse, outer = 0n): TxnResult {
  const revision = revisionOf(response.header, outer);
  return {
    kind: 'txn',
    succeeded: response.succeeded,
    results: response.responses.map((each) => decodeOp(each, revision)),
    revision,
  };
}

/** One answer of a transaction; `outer` is the transaction's revision. */
export function decodeOp(response: Partial<IResponseOp>, outer: bigint): OpResult {
  if (response.response_range) return decodeRange(response.response_range, outer);
  if (response.response_put) return decodePut(response.response_put, outer);
  if (response.response_delete_range) return decodeDelete(response.response_delete_range, outer);
  if (response.response_txn) return decodeTxn(response.response_txn, outer);
  throw new EtcdError('UNKNOWN', 'etcd answered an operation of a transaction with nothing this client knows');
}
