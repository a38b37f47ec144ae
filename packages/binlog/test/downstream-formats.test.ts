import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDatums, encodeValue } from '../src/codec/index.js';
import {
  BinlogError,
  DownstreamType,
  decodePbBinlog,
  decodeSecondaryBinlog,
  encodeBinlogFileRecord,
  encodePbBinlog,
  encodeSecondaryBinlog,
  type PbBinlog,
  RowEvent,
  readBinlogFile,
  type SecondaryBinlog,
} from '../src/wire/index.js';

const hex = (text: string) => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');
const utf8 = (text: string) => Buffer.from(text);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

function expectOnlyMalformed(decode: (bytes: Uint8Array) => unknown): void {
  const decodes = (input: Uint8Array) => {
    try {
      decode(input);
    } catch (error) {
      expect(BinlogError.is(error) && error.code).toBe('MALFORMED');
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), decodes), { numRuns: 2_000 });
}

describe('what a Drainer sends to Kafka', () => {
  it.each<[string, SecondaryBinlog, string]>([
    [
      'an update',
      {
        type: DownstreamType.DML,
        commitTs: 300n,
        tables: [
          {
            schemaName: 'd',
            tableName: 't',
            columnInfo: [{ name: 'a', mysqlType: 'int', isPrimaryKey: true, flen: 11, decimal: 0 }],
            mutations: [{ type: RowEvent.Update, row: [{ int64Value: -1n }], changeRow: [{ isNull: true }] }],
            uniqueKeys: [{ name: 'PRIMARY', columnNames: ['a'] }],
          },
        ],
      },
      `0800 10ac02 1a3f 0a3d | 0a0164 120174 | 1a0e 0a0161 1203696e74 1801 200b 2800
       | 2217 0801 120d 0a0b 10ffffffffffffffffff01 1a04 0a02 0801 | 2a0c 0a075052494d415259 120161`,
    ],
    [
      'a schema change',
      {
        type: DownstreamType.DDL,
        commitTs: 42n,
        ddl: { schemaName: 'd', tableName: 't', query: utf8('drop table t') },
        timeZone: 'UTC',
      },
      '0801 102a 2214 0a0164 120174 1a0c64726f70207461626c652074 2a03555443',
    ],
    ['zeros that have no absence', { type: 0, commitTs: 0n }, '0800 1000'],
    [
      'each kind of value, at its bounds',
      {
        type: 0,
        commitTs: 0n,
        tables: [
          {
            columnInfo: [{ name: '', mysqlType: '', isPrimaryKey: false, flen: 0, decimal: -1 }],
            mutations: [
              {
                type: RowEvent.Insert,
                row: [
                  { uint64Value: 2n ** 64n - 1n },
                  { int64Value: 0n },
                  { doubleValue: 1.5 },
                  { bytesValue: hex('aa') },
                  { bytesValue: hex('') },
                  { stringValue: 'é' },
                  { stringValue: '' },
                ],
              },
            ],
            uniqueKeys: [],
          },
        ],
      },
      `0800 1000 1a4c 0a4a | 1a13 0a00 1200 1800 2000 28ffffffffffffffffff01
       | 2233 0800 122f 0a0b 18ffffffffffffffffff01 0a02 1000 0a09 21000000000000f83f 0a03 2a01aa
       0a02 2a00 0a04 3202c3a9 0a02 3200`,
    ],
  ])('%s is the bytes of a Go writer', (_, binlog, expected) => {
    expect(encodeSecondaryBinlog(binlog).toString('hex')).toBe(hex(expected).toString('hex'));
    expect(decodeSecondaryBinlog(hex(expected))).toEqual(binlog);
  });

  it('any message comes back the same', () => {
    const column = fc.oneof(
      fc.record({ isNull: fc.boolean() }),
      fc.record({ int64Value: int64 }),
      fc.record({ uint64Value: uint64 }),
      fc.record({ doubleValue: fc.double() }),
      fc.record({ bytesValue: bytes }),
      fc.record({ stringValue: fc.string() }),
    );
    const row = fc.array(column, { maxLength: 4 });
    const int32 = fc.integer();
    const table = fc.record({
      schemaName: optional(fc.string()),
      tableName: optional(fc.string()),
      columnInfo: fc.array(
        fc.record({
          name: fc.string(),
          mysqlType: fc.string(),
          isPrimaryKey: fc.boolean(),
          flen: int32,
          decimal: int32,
        }),
      ),
      mutations: fc.array(fc.record({ type: fc.nat(2), row, changeRow: optional(row) }), { maxLength: 4 }),
      uniqueKeys: fc.array(fc.record({ name: optional(fc.string()), columnNames: fc.array(fc.string()) })),
    });
    const ddl = fc.record({
      schemaName: optional(fc.string()),
      tableName: optional(fc.string()),
      query: optional(bytes),
    });
    const message = fc.record({
      type: fc.nat(1),
      commitTs: int64,
      tables: optional(fc.array(table, { maxLength: 3 })),
      ddl: optional(ddl),
      timeZone: optional(fc.string()),
    });
    fc.assert(
      fc.property(message, (value) => void expect(decodeSecondaryBinlog(encodeSecondaryBinlog(value))).toEqual(value)),
    );
  });

  it('a number that does not fit is refused by name, and bad bytes are MALFORMED', () => {
    expect(() => encodeSecondaryBinlog({ type: 0, commitTs: 2n ** 63n })).toThrow(/commitTs is 9223372036854775808/);
    // A mutation without its row.
    expect(() => decodeSecondaryBinlog(hex('0800 1000 1a06 0a04 2202 0800'))).toThrow(/\[MALFORMED\].*row/);
    expectOnlyMalformed(decodeSecondaryBinlog);
  });
});

describe('what a Drainer writes to files', () => {
  const insert: PbBinlog = {
    type: DownstreamType.DML,
    commitTs: 300n,
    events: [
      {
        schemaName: 'd',
        tableName: 't',
        type: RowEvent.Insert,
        row: [{ name: 'a', tp: hex('03'), mysqlType: 'int', value: encodeValue({ kind: 'int', value: 1n }) }],
      },
    ],
  };

  it.each<[string, PbBinlog, string]>([
    ['an insert', insert, '0800 10ac02 1a1b 0a19 | 0a0164 120174 1800 220f | 0a0161 120103 1a03696e74 22020802'],
    [
      'a schema change',
      { type: DownstreamType.DDL, commitTs: 42n, ddlQuery: utf8('drop table t') },
      '0801 102a 220c64726f70207461626c652074',
    ],
    [
      'an update, with its new value and no type code',
      {
        type: 0,
        commitTs: 0n,
        events: [
          { type: RowEvent.Update, row: [{ name: '', mysqlType: '', value: hex('00'), changedValue: hex('0802') }] },
        ],
      },
      '0800 1000 1a11 0a0f 1801 220b 0a00 1a00 220100 2a020802',
    ],
  ])('%s is the bytes of a Go writer', (_, binlog, expected) => {
    expect(encodePbBinlog(binlog).toString('hex')).toBe(hex(expected).toString('hex'));
    expect(decodePbBinlog(hex(expected))).toEqual(binlog);
  });

  it('a value is a datum that the codec reads', () => {
    const value = decodePbBinlog(encodePbBinlog(insert)).events?.[0]?.row[0]?.value ?? Buffer.alloc(0);
    expect(decodeDatums(value)).toEqual([{ kind: 'int', value: 1n }]);
  });

  it('any record comes back the same, and bad bytes are MALFORMED', () => {
    const column = fc.record({
      name: fc.string(),
      tp: optional(bytes),
      mysqlType: fc.string(),
      value: optional(bytes),
      changedValue: optional(bytes),
    });
    const event = fc.record({
      schemaName: optional(fc.string()),
      tableName: optional(fc.string()),
      type: fc.nat(2),
      row: fc.array(column),
    });
    const record = fc.record({
      type: fc.nat(1),
      commitTs: int64,
      events: optional(fc.array(event, { maxLength: 4 })),
      ddlQuery: optional(bytes),
    });
    fc.assert(fc.property(record, (value) => void expect(decodePbBinlog(encodePbBinlog(value))).toEqual(value)));
    expectOnlyMalformed(decodePbBinlog);
  });
});

describe('the records of a file', () => {
  const record = hex('04051b1c 0a00000000000000 62696e6c6f6774657374 1e0b0549');
  const file = Buffer.concat([record, encodeBinlogFileRecord(utf8('')), encodeBinlogFileRecord(record)]);
  const payloads = (input: Uint8Array, options?: Parameters<typeof readBinlogFile>[1]) =>
    [...readBinlogFile(input, options)].map(({ payload }) => payload);
  const whole = [utf8('binlogtest'), utf8(''), record];

  it('have the bytes that the Go writer gives', () => {
    expect(encodeBinlogFileRecord(utf8('binlogtest')).toString('hex')).toBe(record.toString('hex'));
  });

  it('come back in order, with where they begin and end', () => {
    expect([...readBinlogFile(file)]).toEqual([
      { offset: 0, end: 26, payload: whole[0] },
      { offset: 26, end: 42, payload: whole[1] },
      { offset: 42, end: 84, payload: whole[2] },
    ]);
    expect(payloads(Buffer.alloc(0))).toEqual([]);
  });

  it('end at a torn one, wherever it was torn', () => {
    // The last payload looks like a record itself, so what is left of it must be too short to hold one.
    for (let length = 42; length < 42 + 12 + 26; length++) {
      expect(payloads(file.subarray(0, length))).toEqual(whole.slice(0, 2));
    }
    for (let length = 0; length < 26; length++) expect(payloads(file.subarray(0, length))).toEqual([]);
  });

  it('stand where a Pump of 2016 had them, over its files of 20 records each', () => {
    const files = Array.from({ length: 10 }, () => Buffer.concat(Array.from({ length: 20 }, () => record)));
    /** Position of the last of `count` records from a position on. */
    const last = (suffix: number, offset: number, count: number) =>
      files
        .flatMap((bytes, at) => [...readBinlogFile(bytes)].map((found) => ({ suffix: at, offset: found.offset })))
        .filter((found) => found.suffix > suffix || (found.suffix === suffix && found.offset >= offset))
        .slice(0, count)
        .at(-1);
    expect(last(0, 0, 11)).toEqual({ suffix: 0, offset: 260 });
    expect(last(0, 286, 11)).toEqual({ suffix: 1, offset: 26 });
    expect(last(1, 52, 18)).toEqual({ suffix: 1, offset: 494 });
    expect(last(5, 26, 20)).toEqual({ suffix: 6, offset: 0 });
    // A file of four records, cut within the third: from byte 26 on there is one whole record left.
    const cut = Buffer.concat([record, record, record, record]).subarray(0, 73);
    expect([...readBinlogFile(cut)].map(({ offset }) => offset).filter((offset) => offset >= 26)).toEqual([26]);
  });

  it('are refused, or passed over when asked, where one is damaged', () => {
    for (let at = 0; at < 26; at++) {
      const damaged = Buffer.from(file);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      expect(() => payloads(damaged)).toThrow(/\[MALFORMED\] no whole record at byte 0 of 84/);
      const passed: number[][] = [];
      expect(payloads(damaged, { onDamage: (from, to) => passed.push([from, to]) })).toEqual(whole.slice(1));
      expect(passed).toEqual([[0, 26]]);
    }
    const garbage = Buffer.concat([file, utf8('garbage')]);
    expect(() => payloads(garbage)).toThrow(/byte 84 of 91/);
    expect(payloads(garbage, { onDamage: () => undefined })).toEqual(whole);
  });
});
