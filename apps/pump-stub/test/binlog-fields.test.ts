import { decodeBinlog, encodeBinlog } from '@tidb-js/binlog/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeBinlog, mergeCommit } from '../src/binlog/assemble.js';
import { scanBinlog } from '../src/binlog/scan.js';
import { PumpError } from '../src/errors.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('a commit is given the changes and the DDL of its prewrite, byte for byte as a Go Pump gives it', () => {
  const prewrite = scanBinlog(
    encodeBinlog({
      type: 0,
      startTs: 42n,
      prewriteKey: Buffer.from('PrewriteKey'),
      prewriteValue: Buffer.from('PrewriteValue'),
      ddlQuery: Buffer.from('create table t(a int);'),
      ddlJobId: 6n,
      ddlSchemaState: 5,
    }),
  );
  const commit = scanBinlog(hex('08 01 10 2a 18 32 38 00 40 00'));
  const tail = `2a 0d ${Buffer.from('PrewriteValue').toString('hex')} 32 16 ${Buffer.from('create table t(a int);').toString('hex')} 38 06 40 05`;
  expect(mergeCommit(commit, prewrite).toString('hex')).toBe(hex(`08 01 10 2a 18 32 ${tail}`).toString('hex'));
});

test('a fake binlog has the bytes of a Go Pump', () => {
  expect(fakeBinlog(42n).payload.toString('hex')).toBe('0802102a182a38004000');
});

test('an odd but readable encoding is stored in the Go form, with unknown fields at the end', () => {
  expect(scanBinlog(hex('10 2a 08 01 52 01 78')).payload.toString('hex')).toBe('0801102a180038004000520178');
});

test('broken payloads are refused with the words of Go', () => {
  expect(() => scanBinlog(hex('08 00 10 82 80 b0'))).toThrow('unexpected EOF');
  expect(() => scanBinlog(hex('30 00'))).toThrow('proto: wrong wireType = 0 for field DdlQuery');
});

test('any bytes are either a binlog whose stored form reads the same, or malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        const once = scanBinlog(Buffer.from(bytes));
        expect(scanBinlog(once.payload).payload.equals(once.payload)).toBe(true);
      } catch (error) {
        expect(PumpError.is(error) && error.code).toBe('MALFORMED_BINLOG');
      }
    }),
    { numRuns: 2000 },
  );
});

test('timestamps of 64 bits and every field survive', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      (startTs, commitTs) => {
        const payload = encodeBinlog({ type: 1, startTs, commitTs, prewriteKey: Buffer.from('k') });
        const fields = scanBinlog(payload);
        expect([fields.startTs, fields.commitTs]).toEqual([startTs, commitTs]);
        expect(fields.payload.equals(payload)).toBe(true);
        expect(decodeBinlog(fields.payload).startTs).toBe(startTs);
      },
    ),
  );
});
