import { describe, expect, it } from 'vitest';
import { type Datum, encodeRowV2, readRowV2 } from '../src/codec/index.js';
import { BinlogError } from '../src/index.js';

const int = (value: bigint): Datum => ({ kind: 'int', value });
const uint = (value: bigint): Datum => ({ kind: 'uint', value });

function valueBytes(datum: Datum): Buffer | undefined {
  return readRowV2(encodeRowV2([{ columnId: 1, datum }]))[0]?.bytes;
}

describe('a row of the second format', () => {
  it.each<[Datum, string]>([
    [int(127n), '7f'],
    [int(128n), '8000'],
    [int(-128n), '80'],
    [int(-129n), '7fff'],
    [int(32_767n), 'ff7f'],
    [int(32_768n), '00800000'],
    [int(-32_768n), '0080'],
    [int(-32_769n), 'ff7fffff'],
    [int(2n ** 31n - 1n), 'ffffff7f'],
    [int(2n ** 31n), '0000008000000000'],
    [int(-(2n ** 31n)), '00000080'],
    [int(-(2n ** 31n) - 1n), 'ffffff7fffffffff'],
    [int(-(2n ** 63n)), '0000000000000080'],
    [int(2n ** 53n + 1n), '0100000000002000'],
    [uint(255n), 'ff'],
    [uint(256n), '0001'],
    [uint(65_535n), 'ffff'],
    [uint(65_536n), '00000100'],
    [uint(2n ** 32n - 1n), 'ffffffff'],
    [uint(2n ** 32n), '0000000001000000'],
    [uint(2n ** 64n - 1n), 'ffffffffffffffff'],
  ])('holds a number in the fewest of 1, 2, 4 and 8 bytes: $value', (datum, hex) => {
    expect(valueBytes(datum)?.toString('hex')).toBe(hex);
  });

  it('is large from the first id above 255 or the first byte of values above 65535', () => {
    const bytesOf = (columnId: number, length: number) => {
      const value = Buffer.alloc(length, 7);
      const row = encodeRowV2([
        { columnId, datum: { kind: 'bytes', value } },
        { columnId: 1, datum: { kind: 'null' } },
      ]);
      expect(readRowV2(row)).toEqual([
        { columnId, bytes: value },
        { columnId: 1, bytes: undefined },
      ]);
      return row;
    };
    // Version, flags, two counts; then ids and ends of one byte and two, or of four each.
    const small = 6 + 2 + 2;
    const large = 6 + 8 + 4;
    expect(bytesOf(255, 65_535)).toHaveLength(small + 65_535);
    expect(bytesOf(255, 65_536)).toHaveLength(large + 65_536);
    expect(bytesOf(256, 1)).toHaveLength(large + 1);
  });

  it('that is cut anywhere before its values end is MALFORMED', () => {
    const row = encodeRowV2([
      { columnId: 2, datum: int(300n) },
      { columnId: 1, datum: uint(1n) },
    ]);
    expect(row.toString('hex')).toBe('80000200000001020100030001' + '2c01');
    for (let length = 0; length < row.length; length++) {
      let caught: unknown;
      try {
        readRowV2(row.subarray(0, length));
      } catch (error) {
        caught = error;
      }
      expect(BinlogError.is(caught) && caught.code).toBe('MALFORMED');
    }
  });
});
