import type { Client, ServiceDefinition } from '@grpc/grpc-js';
import { Etcd3, type ICallable } from 'etcd3';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeResult } from '../src/client/decode.js';
import { encodeOp, encodeTogether } from '../src/client/encode.js';
import { compare, type KeySelector, type Op, op } from '../src/index.js';

/** The general codec of etcd3, made from etcd's own .proto files: what it reads of ours, and writes for us to read, is the measure. */
async function reference(): Promise<ServiceDefinition> {
  const etcd3 = new Etcd3({ hosts: '127.0.0.1:1' });
  const callable = Reflect.get(etcd3.kv, 'client') as ICallable<unknown>;
  const client: Client = await callable.withConnection('KV', (connection) => connection.client);
  const { service } = client.constructor as unknown as { readonly service: ServiceDefinition };
  etcd3.close();
  return service;
}

const service = await reference();
const method = (name: string) => {
  const found = service[name];
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const methods = { range: 'Range', put: 'Put', delete: 'DeleteRange', txn: 'Txn' } as const;

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const key: fc.Arbitrary<KeySelector> = fc.oneof(
  bytes,
  fc.record({ key: bytes, end: bytes }),
  fc.record({ prefix: bytes }),
);
const optional = { requiredKeys: [] };
const simple = fc.oneof(
  fc.tuple(bytes, bytes, fc.record({ lease: int64, prevKv: fc.boolean() }, optional)).map((args) => op.put(...args)),
  fc.tuple(key, fc.record({ prevKv: fc.boolean() }, optional)).map((args) => op.delete(...args)),
  fc
    .tuple(
      key,
      fc.record(
        {
          limit: fc.maxSafeNat(),
          revision: int64,
          sortBy: fc.constantFrom('key', 'version', 'create', 'mod', 'value'),
          order: fc.constantFrom('ascend', 'descend'),
          serializable: fc.boolean(),
          keysOnly: fc.boolean(),
          countOnly: fc.boolean(),
          minModRevision: int64,
          maxCreateRevision: int64,
        },
        optional,
      ),
    )
    .map((args) => op.range(...args)),
);
const condition = fc.oneof(
  fc.tuple(key, fc.constantFrom('=', '>', '<', '!='), int64).map((args) => compare.mod(...args)),
  fc.tuple(key, fc.constantFrom('=', '>', '<', '!='), int64).map((args) => compare.lease(...args)),
  fc.tuple(key, fc.constantFrom('=', '!='), bytes).map((args) => compare.value(...args)),
);
const anyOp: fc.Arbitrary<Op> = fc.letrec<{ op: Op }>((tie) => ({
  op: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    fc
      .record({
        compare: fc.array(condition, { maxLength: 3 }),
        success: fc.array(tie('op'), { maxLength: 3 }),
        failure: fc.array(tie('op'), { maxLength: 3 }),
      })
      .map((txn) => op.txn(txn)),
  ),
})).op;

/** A message that the reference read and writes again has the form in which it would have written it at once. */
function canonical(name: string, message: Buffer): Buffer {
  const { requestDeserialize, requestSerialize } = method(name);
  return requestSerialize(requestDeserialize(message));
}

it('requests say to the general codec what was meant, whatever they hold', () => {
  fc.assert(
    fc.property(anyOp, (request) => {
      const name = methods[request.kind];
      const encoded = encodeOp(request);
      const again = canonical(name, encoded);
      // The reference writes fields by number and leaves zeros out: read once more, nothing may differ.
      expect(method(name).requestDeserialize(again)).toEqual(method(name).requestDeserialize(encoded));
    }),
  );
});

it('numbers, enums, keys and values arrive as they were', () => {
  const read = (request: Op) => method(methods[request.kind]).requestDeserialize(encodeOp(request));
  const put = op.put('k', 'v'.repeat(200), { lease: -1n, prevKv: true });
  expect(read(put)).toMatchObject({
    key: Buffer.from('k'),
    value: Buffer.from('v'.repeat(200)),
    lease: '-1',
    prev_kv: true,
  });
  const largest = 2n ** 63n - 1n;
  expect(
    read(op.range({ prefix: 'a' }, { revision: largest, sortBy: 'mod', order: 'descend', limit: 2 ** 40 })),
  ).toMatchObject({
    range_end: Buffer.from('b'),
    revision: String(largest),
    sort_target: 'Mod',
    sort_order: 'Descend',
    limit: String(2 ** 40),
  });
  const fence = op.txn({
    compare: [compare.create({ prefix: 'q' }, '<', 5n)],
    success: [op.delete('x')],
    failure: [op.get('y')],
  });
  expect(read(fence)).toMatchObject({
    compare: [{ target: 'Create', result: 'Less', create_revision: '5', range_end: Buffer.from('r') }],
    success: [{ request_delete_range: { key: Buffer.from('x') } }],
    failure: [{ request_range: { key: Buffer.from('y') } }],
  });
});

it('requests put together are the operations of one transaction, in their order', () => {
  fc.assert(
    fc.property(fc.array(anyOp, { minLength: 1, maxLength: 5 }), (requests) => {
      const together = encodeTogether(requests.map((each) => ({ op: each, bytes: encodeOp(each) })));
      const { Txn } = service;
      expect(Txn?.requestDeserialize(together)).toEqual(
        Txn?.requestDeserialize(encodeOp(op.txn({ success: requests }))),
      );
    }),
  );
});

it('answers of the general codec are read as it wrote them, with numbers of 64 bits', () => {
  const kv = fc.record({
    key: bytes,
    value: bytes,
    create_revision: int64.map(String),
    mod_revision: int64.map(String),
    version: int64.map(String),
    lease: int64.map(String),
  });
  fc.assert(
    fc.property(fc.array(kv, { maxLength: 4 }), fc.boolean(), fc.maxSafeNat(), (kvs, more, count) => {
      const header = {
        cluster_id: '18446744073709551615',
        member_id: '1',
        revision: '9007199254740993',
        raft_term: '3',
      };
      const range = { header, kvs, more, count: String(count) };
      const inner = { responses: [{ response_range: range }, { response_put: {} }], succeeded: true };
      const txn = {
        header,
        succeeded: false,
        responses: [{ response_txn: inner }, { response_delete_range: { deleted: '7' } }],
      };
      const decoded = decodeResult('txn', method('Txn').responseSerialize(txn));
      const revision = 9007199254740993n;
      const expected = kvs.map((each) => ({
        key: each.key,
        value: each.value,
        createRevision: BigInt(each.create_revision),
        modRevision: BigInt(each.mod_revision),
        version: BigInt(each.version),
        lease: BigInt(each.lease),
      }));
      expect(decoded).toEqual({
        kind: 'txn',
        succeeded: false,
        revision,
        results: [
          {
            kind: 'txn',
            succeeded: true,
            revision,
            results: [
              { kind: 'range', kvs: expected, more, count: BigInt(count), revision },
              { kind: 'put', prevKv: undefined, revision },
            ],
          },
          { kind: 'delete', deleted: 7n, prevKvs: [], revision },
        ],
      });
    }),
  );
});

it('an answer that ends too early, or is none, is an error', () => {
  const whole = method('Put').responseSerialize({ header: { revision: '7' }, prev_kv: { key: Buffer.from('key') } });
  expect(decodeResult('put', whole)).toMatchObject({ revision: 7n });
  expect(() => decodeResult('put', whole.subarray(0, -2))).toThrow(RangeError);
  expect(() => decodeResult('put', Buffer.alloc(12, 0xff))).toThrow(RangeError);
});
