import type { IKeyValue } from 'etcd3';
import { EtcdError } from './errors.js';
import { ProtoReader } from './protobuf.js';
import type { DeleteResult, KeyValue, Op, OpResult, PutResult, RangeResult, TxnResult } from './types.js';

/** The result of an operation, by its kind. */
export type ResultOf<Kind extends Op['kind']> = Extract<OpResult, { readonly kind: Kind }>;

type Decoder<Kind extends Op['kind']> = (bytes: Buffer, outer: bigint) => ResultOf<Kind>;

const decoders: { readonly [Kind in Op['kind']]: Decoder<Kind> } = {
  range: decodeRange,
  put: decodePut,
  delete: decodeDelete,
  txn: decodeTxn,
};
/** The kinds of operations by their fields in a ResponseOp. */
const kinds: readonly (Op['kind'] | undefined)[] = [undefined, 'range', 'put', 'delete', 'txn'];

/** A pair of a watch, which comes through etcd3's codec. */
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

/**
 * The answer of the KV method that an operation of this kind is asked by. `outer` counts where the answer tells no
 * revision of its own, as inside a transaction in part of etcd's versions.
 */
export function decodeResult<Kind extends Op['kind']>(kind: Kind, bytes: Buffer, outer = 0n): ResultOf<Kind> {
  return decoders[kind](bytes, outer);
}

/** The answers of a transaction that was made of other requests, in their order, each with its revision. */
export function decodeApart(bytes: Buffer): readonly OpResult[] {
  const { results, revision } = decodeTxn(bytes, 0n);
  return results.map((result) => ({ ...result, revision }));
}

/** The answers of reads that travelled flat: each takes as many results as it has ranges. */
export function decodeFlat(bytes: Buffer, reads: readonly { readonly op: Op; readonly ranges: number }[]): OpResult[] {
  const { results, revision } = decodeTxn(bytes, 0n);
  let at = 0;
  return reads.map(({ op, ranges }): OpResult => {
    const own = results.slice(at, at + ranges);
    at += ranges;
    const [first] = own;
    if (own.length < ranges || first === undefined) {
      throw new EtcdError('UNKNOWN', `etcd answered ${results.length} of the ranges of a transaction: too few`);
    }
    return op.kind === 'txn' ? { kind: 'txn', succeeded: true, results: own, revision } : { ...first, revision };
  });
}

function decodeRange(bytes: Buffer, outer: bigint): RangeResult {
  const reader = new ProtoReader(bytes);
  const kvs: KeyValue[] = [];
  let revision = outer;
  let more = false;
  let count = 0n;
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.bytes(), outer);
    else if (reader.field === 2) kvs.push(readKeyValue(reader.bytes()));
    else if (reader.field === 3) more = reader.uint() === 1;
    else if (reader.field === 4) count = reader.int64();
    else reader.skip();
  }
  return { kind: 'range', kvs, more, count, revision };
}

function decodePut(bytes: Buffer, outer: bigint): PutResult {
  const reader = new ProtoReader(bytes);
  let revision = outer;
  let prevKv: KeyValue | undefined;
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.bytes(), outer);
    else if (reader.field === 2) prevKv = readKeyValue(reader.bytes());
    else reader.skip();
  }
  return { kind: 'put', prevKv, revision };
}

function decodeDelete(bytes: Buffer, outer: bigint): DeleteResult {
  const reader = new ProtoReader(bytes);
  const prevKvs: KeyValue[] = [];
  let revision = outer;
  let deleted = 0n;
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.bytes(), outer);
    else if (reader.field === 2) deleted = reader.int64();
    else if (reader.field === 3) prevKvs.push(readKeyValue(reader.bytes()));
    else reader.skip();
  }
  return { kind: 'delete', deleted, prevKvs, revision };
}

function decodeTxn(bytes: Buffer, outer: bigint): TxnResult {
  const reader = new ProtoReader(bytes);
  const responses: Buffer[] = [];
  let revision = outer;
  let succeeded = false;
  while (reader.next()) {
    if (reader.field === 1) revision = readRevision(reader.bytes(), outer);
    else if (reader.field === 2) succeeded = reader.uint() === 1;
    else if (reader.field === 3) responses.push(reader.bytes());
    else reader.skip();
  }
  return {
    kind: 'txn',
    succeeded,
    results: responses.map((response) => decodeResponseOp(response, revision)),
    revision,
  };
}

function decodeResponseOp(bytes: Buffer, outer: bigint): OpResult {
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    const kind = kinds[reader.field];
    if (kind !== undefined) return decodeResult(kind, reader.bytes(), outer);
    reader.skip();
  }
  throw new EtcdError('UNKNOWN', 'etcd answered an operation of a transaction with nothing this client knows');
}

/** The revision in a response's header; `outer` when there is none. */
function readRevision(header: Buffer, outer: bigint): bigint {
  const reader = new ProtoReader(header);
  while (reader.next()) {
    if (reader.field === 3) return reader.int64() || outer;
    reader.skip();
  }
  return outer;
}

const none: Buffer = Buffer.alloc(0);

function readKeyValue(bytes: Buffer): KeyValue {
  const reader = new ProtoReader(bytes);
  let [key, value, createRevision, modRevision, version, lease] = [none, none, 0n, 0n, 0n, 0n];
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes();
    else if (reader.field === 2) createRevision = reader.int64();
    else if (reader.field === 3) modRevision = reader.int64();
    else if (reader.field === 4) version = reader.int64();
    else if (reader.field === 5) value = reader.bytes();
    else if (reader.field === 6) lease = reader.int64();
    else reader.skip();
  }
  return { key, value, createRevision, modRevision, version, lease };
}
