import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BinlogError,
  type BinlogInit,
  decodeBinlog,
  decodePrewriteValue,
  decodePullBatchesResponse,
  decodePullBinlogReq,
  decodePullBinlogResp,
  decodeWriteBinlogReq,
  decodeWriteBinlogsRequest,
  decodeWriteBinlogsResponse,
  encodeBinlog,
  encodePrewriteValue,
  encodePullBatchesResponse,
  encodePullBinlogReq,
  encodePullBinlogResp,
  encodeWriteBinlogReq,
  encodeWriteBinlogsRequest,
  encodeWriteBinlogsResponse,
} from '../src/wire/index.js';

const hex = (text: string) => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');
const utf8 = (text: string) => Buffer.from(text);
const pump = JSON.parse(readFileSync(new URL('./fixtures/real-tidb/pump.json', import.meta.url), 'utf8')) as {
  writes: { name: string; sent?: string }[];
  pulled: { payload: string }[];
};
const dml = JSON.parse(readFileSync(new URL('./fixtures/real-tidb/dml-binlogs.json', import.meta.url), 'utf8')) as {
  cases: { name: string; binlogs: { raw: string }[] }[];
};

const query = utf8('create table t(a int);');

describe('the bytes of a Go writer', () => {
  it.each<[string, BinlogInit, string]>([
    [
      'a prewrite',
      {
        type: 0,
        startTs: 42n,
        prewriteKey: utf8('PrewriteKey'),
        prewriteValue: utf8('PrewriteValue'),
        ddlQuery: query,
        ddlJobId: 6n,
        ddlSchemaState: 5,
      },
      '0800102a1800220b507265777269746 54b65792a0d507265777269746556616c75653216637265617465207461626c652074286120696e74293b38064005',
    ],
    ['a commit without a key', { type: 1, startTs: 42n, commitTs: 50n }, '08 01 10 2a 18 32 38 00 40 00'],
    ['a fake', { type: 2, startTs: 42n, commitTs: 42n }, '08 02 10 2a 18 2a 38 00 40 00'],
    [
      'present but empty byte strings',
      { type: 0, prewriteKey: utf8(''), prewriteValue: utf8(''), ddlQuery: utf8('') },
      '08001000180022002a0032003800 4000',
    ],
    [
      'negative numbers',
      { type: 0, startTs: -1n, ddlSchemaState: -1 },
      '080010ffffffffffffffffff0118003800 40ffffffffffffffffff01',
    ],
  ])('%s', (_, binlog, bytes) => {
    expect(encodeBinlog(binlog).toString('hex')).toBe(hex(bytes).toString('hex'));
    expect(encodeBinlog(decodeBinlog(hex(bytes)))).toEqual(hex(bytes));
  });

  it('a prewrite value with all of its lists', () => {
    const bytes = hex(
      '08 05 12 2c | 08 32 | 12 06 08 02 08 04 08 02 | 1a 10 08 02 08 06 08 04 08 04 08 02 08 06 08 04 08 06 | 32 08 08 02 08 02 08 04 08 02 | 38 04 38 00 38 01',
    );
    const value = decodePrewriteValue(bytes);
    expect(value.schemaVersion).toBe(5n);
    expect(value.mutations[0]).toMatchObject({ tableId: 50n, sequence: [4, 0, 1] });
    expect(encodePrewriteValue(value)).toEqual(bytes);
    expect(encodePrewriteValue({ schemaVersion: 0n, mutations: [{ tableId: 0n }] }).toString('hex')).toBe(
      '080012020800',
    );
    expect(encodePrewriteValue({ schemaVersion: 1n, mutations: [{ tableId: 1n, deletedIds: [1n] }] })).toEqual(
      hex('0801 12 04 0801 2001'),
    );
  });

  it('the messages of the Pump service', () => {
    const fake = hex('08 02 10 2a 18 2a 38 00 40 00');
    expect(encodeWriteBinlogReq({ clusterId: 1n, payload: fake })).toEqual(Buffer.concat([hex('0801120a'), fake]));
    expect(encodeWriteBinlogReq({ clusterId: 0n, payload: Buffer.alloc(0) })).toHaveLength(0);
    const from = (offset: bigint) => encodePullBinlogReq({ clusterId: 1n, startFrom: { suffix: 0n, offset } });
    expect(from(0n)).toEqual(hex('08 01 12 00'));
    expect(from(42n)).toEqual(hex('08 01 12 02 10 2a'));
    expect(decodePullBinlogReq(hex('08 01')).startFrom).toEqual({ suffix: 0n, offset: 0n });
    const payload = hex(
      '0801102a18322a0d507265777269746556616c75653216637265617465207461626c652074286120696e74293b38064005',
    );
    const entity = { pos: { suffix: 0n, offset: 0n }, payload, startTs: 42n, commitTs: 50n };
    const response = Buffer.concat([hex('0a3b 0a00 1231'), payload, hex('2204082a1032')]);
    expect(encodePullBinlogResp({ entity })).toEqual(response);
    expect(decodePullBinlogResp(response)).toEqual({ entity });
  });

  it.each(dml.cases)('the binlogs of a real TiDB come back the same: $name', ({ binlogs }) => {
    for (const { raw } of binlogs) {
      const binlog = decodeBinlog(hex(raw));
      expect(encodeBinlog(binlog).toString('hex')).toBe(raw);
      if (binlog.prewriteValue === undefined) continue;
      const value = decodePrewriteValue(binlog.prewriteValue);
      expect(encodePrewriteValue(value)).toEqual(Buffer.from(binlog.prewriteValue));
    }
  });

  it('an older writer sends no zeros, and a real Pump stores them with zeros: so does encodeBinlog', () => {
    const sent = (name: string) => pump.writes.find((write) => write.name === name)?.sent ?? '';
    const fake = encodeBinlog(decodeBinlog(hex(sent('fake'))));
    expect(fake.toString('hex')).toBe(pump.pulled[3]?.payload);
  });
});

describe('what is not understood is kept', () => {
  it('unknown fields of a binlog, a prewrite value and a mutation come back at the end', () => {
    const unknown = hex('4a03616263 5001 5d01020304 590102030405060708 63 0801 64');
    const bytes = Buffer.concat([hex('0801'), unknown, hex('102a18323800 4000')]);
    const binlog = decodeBinlog(bytes);
    expect(binlog).toMatchObject({ type: 1, startTs: 42n, unknownFields: unknown });
    expect(encodeBinlog(binlog)).toEqual(Buffer.concat([hex('0801102a183238004000'), unknown]));
    const value = hex('0805 12 05 0832 4a01ff 1a01aa');
    expect(encodePrewriteValue(decodePrewriteValue(value))).toEqual(value);
  });

  it('an unknown type stays the number that it is', () => {
    expect(decodeBinlog(encodeBinlog({ type: 9 })).type).toBe(9);
  });
});

describe('bad bytes', () => {
  it.each([
    ['0800102a1800220b', 'unexpected EOF'],
    ['08', 'unexpected EOF'],
    ['3000', 'proto: wrong wireType = 0 for field DdlQuery'],
    ['0a00', 'proto: wrong wireType = 2 for field Tp'],
    ['0c', 'proto: Binlog: wiretype end group for non-group'],
    ['00', 'proto: Binlog: illegal tag 0 (wire type 0)'],
    ['4f', 'proto: illegal wireType 7'],
    ['10ffffffffffffffffffff01', 'proto: integer overflow'],
    ['22ffffffffffffffffff01', 'proto: negative length found during unmarshaling'],
    ['22ffffffff7f', 'unexpected EOF'],
    ['4b', 'unexpected EOF'],
  ])('%s is refused with the text of the Go decoder', (bytes, text) => {
    expect(() => decodeBinlog(hex(bytes))).toThrow(text);
  });

  it('empty bytes are a binlog of zeros', () => {
    expect(decodeBinlog(Buffer.alloc(0))).toMatchObject({ type: 0, startTs: 0n, commitTs: 0n, prewriteKey: undefined });
  });

  it('no bytes make a decoder crash, hang or throw anything but MALFORMED', () => {
    const decoders = [
      decodeBinlog,
      decodePrewriteValue,
      decodeWriteBinlogReq,
      decodePullBinlogReq,
      decodePullBinlogResp,
      decodeWriteBinlogsRequest,
      decodeWriteBinlogsResponse,
      decodePullBatchesResponse,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...decoders), (bytes, decode) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(BinlogError.is(error) && error.code).toBe('MALFORMED');
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('a number that does not fit is refused by name', () => {
    expect(() => encodeBinlog({ type: 0, startTs: 2n ** 63n })).toThrow(/startTs is 9223372036854775808/);
  });
});

describe('round trips', () => {
  const bytes = fc.option(
    fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b)),
    { nil: undefined },
  );
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

  it('any binlog', () => {
    const binlog = fc.record({
      type: fc.integer({ min: 0, max: 4 }),
      startTs: int64,
      commitTs: int64,
      prewriteKey: bytes,
      prewriteValue: bytes,
      ddlQuery: bytes,
      ddlJobId: int64,
      ddlSchemaState: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      unknownFields: fc.constantFrom(undefined, hex('5001')),
    });
    fc.assert(fc.property(binlog, (value) => void expect(decodeBinlog(encodeBinlog(value))).toEqual(value)));
  });

  it('the messages of the stream', () => {
    const payload = fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b));
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const request = fc.record({ clusterId: uint64, firstSequence: uint64, payloads: fc.array(payload) });
    fc.assert(
      fc.property(
        request,
        (value) => void expect(decodeWriteBinlogsRequest(encodeWriteBinlogsRequest(value))).toEqual(value),
      ),
    );
    const failure = fc.record({ sequence: uint64, code: fc.nat(16), message: fc.string() });
    const response = fc.record({ settledSequence: uint64, failures: fc.array(failure) });
    fc.assert(
      fc.property(response, (v) => void expect(decodeWriteBinlogsResponse(encodeWriteBinlogsResponse(v))).toEqual(v)),
    );
    const pulled = fc.record({ startTs: int64, commitTs: int64, payload });
    const batch = fc.record({ binlogs: fc.array(pulled), watermark: int64 });
    fc.assert(
      fc.property(batch, (v) => void expect(decodePullBatchesResponse(encodePullBatchesResponse(v))).toEqual(v)),
    );
  });
});
