import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BinlogError,
  type ColumnInfo,
  type Datum,
  decimalOf,
  decodeDatums,
  decodeRow,
  decodeTableKey,
  encodeKey,
  encodeRow,
  encodeValue,
  Json,
  type JsonValue,
  nullDatum,
  packTime,
  type TableInfo,
  unpackTime,
} from '../src/codec/index.js';
import { decodeDeletedRow, decodeInsertedRow, decodeUpdatedRow } from '../src/mutations/row-layout.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));
const double = fc.double({ noNaN: true });
const decimalText = fc
  .tuple(fc.boolean(), fc.stringMatching(/^[1-9]\d{0,34}$/), fc.stringMatching(/^\d{0,30}$/))
  .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`);
const datum: fc.Arbitrary<Datum> = fc.oneof(
  fc.constant(nullDatum),
  int64.map((value): Datum => ({ kind: 'int', value })),
  uint64.map((value): Datum => ({ kind: 'uint', value })),
  double.map((value): Datum => ({ kind: 'float', value: value === 0 ? 0 : value })),
  bytes.map((value): Datum => ({ kind: 'bytes', value })),
  int64.map((value): Datum => ({ kind: 'duration', value })),
  decimalText.map((text): Datum => ({ kind: 'decimal', value: decimalOf(text) })),
);

describe('round trips', () => {
  it('datums in values and in keys', () => {
    fc.assert(
      fc.property(fc.array(datum, { maxLength: 6 }), (datums) => {
        expect(decodeDatums(encodeValue(...datums))).toEqual(datums);
        expect(decodeDatums(encodeKey(...datums))).toEqual(datums);
      }),
    );
  });

  it('JSON, with integers and doubles kept apart', () => {
    const value = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        int64,
        double.filter(Number.isFinite).map((n) => (n === 0 ? 0 : n)),
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (input) => {
        const json = Json.from(input, { numbers: 'exact' });
        const again = json.toValue({ numbers: 'exact' });
        expect(Json.from(again, { numbers: 'exact' }).equals(json)).toBe(true);
        expect(decodeDatums(encodeValue({ kind: 'json', value: json }, nullDatum))).toEqual([
          { kind: 'json', value: json },
          nullDatum,
        ]);
      }),
    );
  });

  it('any time', () => {
    const parts = fc.record({
      year: fc.nat(9999),
      month: fc.nat(12),
      day: fc.nat(31),
      hour: fc.nat(23),
      minute: fc.nat(59),
      second: fc.nat(59),
      micro: fc.nat(999_999),
    });
    fc.assert(fc.property(parts, (time) => void expect(unpackTime(packTime(time))).toEqual(time)));
  });
});

describe('keys sort as values do', () => {
  const sameSign = (a: number, b: number) => Math.sign(a) === Math.sign(b);
  const order = <T extends bigint | number>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);

  it.each([
    ['int', int64],
    ['uint', uint64],
    ['float', double],
  ] as const)('%s', (kind, values) => {
    fc.assert(
      fc.property(values as fc.Arbitrary<bigint | number>, values as fc.Arbitrary<bigint | number>, (a, b) => {
        const key = (value: bigint | number) => encodeKey({ kind, value } as Datum);
        expect(sameSign(Buffer.compare(key(a), key(b)), order(a, b))).toBe(true);
      }),
    );
  });

  it('bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const key = (value: Buffer) => encodeKey({ kind: 'bytes', value });
        expect(sameSign(Buffer.compare(key(a), key(b)), Buffer.compare(a, b))).toBe(true);
      }),
    );
  });

  it('decimals of one type', () => {
    const scaled = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    const key = (value: bigint) => {
      const digits = String(value < 0n ? -value : value).padStart(11, '0');
      const text = `${value < 0n ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`;
      return encodeKey({ kind: 'decimal', value: { text, precision: 31, fraction: 10 } });
    };
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        expect(sameSign(Buffer.compare(key(a), key(b)), order(a, b))).toBe(true);
      }),
    );
  });
});

describe('bytes that nobody wrote', () => {
  const column = (id: number, Tp: number): ColumnInfo => ({
    id,
    name: { O: `c${id}`, L: `c${id}` },
    offset: id - 1,
    state: 5,
    type: { Tp, Flag: 0, Flen: 20, Decimal: 2, Charset: 'utf8mb4', Collate: 'utf8mb4_bin', Elems: ['a', 'b'] },
  });
  const types = [3, 5, 7, 8, 10, 11, 12, 13, 15, 16, 245, 246, 247, 248, 252];
  const table: TableInfo = {
    id: 1,
    name: { O: 't', L: 't' },
    pk_is_handle: false,
    cols: types.map((tp, index) => column(index + 1, tp)),
  };
  const good = encodeRow(table, { c1: 1, c9: 'text', c11: '{"a":[1,2.5,{"b":null}]}', c12: '1.25' });

  it('make no decoder crash, hang, or throw anything but MALFORMED', () => {
    const decoders: ((input: Uint8Array) => unknown)[] = [
      decodeDatums,
      decodeTableKey,
      (input) => decodeRow(table, input),
      (input) => decodeInsertedRow(table, input),
      (input) => decodeUpdatedRow(table, input),
      (input) => decodeDeletedRow(table, input),
      (input) => new Json(input[0] ?? 0, input.subarray(1)).toValue(),
    ];
    const flipped = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(good);
      copy[at] = byte;
      return new Uint8Array(copy);
    });
    const inputs = fc.oneof(fc.uint8Array({ maxLength: 80 }), flipped);
    fc.assert(
      fc.property(inputs, fc.constantFrom(...decoders), (input, decode) => {
        try {
          decode(input);
        } catch (error) {
          expect(BinlogError.is(error) ? error.code : error).toBe('MALFORMED');
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('a small JSON whose values overlap is refused before it grows', () => {
    // Arrays of two elements each, both pointing at the next: 2^n values if they were followed.
    const levels = 60;
    const size = 18;
    const data = Buffer.alloc(levels * size);
    for (let level = 0; level < levels; level++) {
      const at = level * size;
      data.writeUInt32LE(level === levels - 1 ? 0 : 2, at);
      data.writeUInt32LE(data.length - at, at + 4);
      for (const entry of [8, 13]) {
        if (level === levels - 1) continue;
        data[at + entry] = 3;
        data.writeUInt32LE(size, at + entry + 1);
      }
    }
    expect(() => new Json(3, data).toValue()).toThrow(/overlap or nest too deep/);
  });
});
