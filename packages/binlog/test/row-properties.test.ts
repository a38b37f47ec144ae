import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ColumnInfo,
  type ColumnValue,
  type Datum,
  dateText,
  decimalOf,
  decodeRow,
  decodeTableKey,
  durationText,
  encodeRow,
  encodeRowKey,
  Json,
  type TableInfo,
  timeText,
} from '../src/codec/index.js';
import { decodeChanges, MutationBuffer } from '../src/index.js';
import { decodePrewriteValue } from '../src/wire/index.js';

const elements = ['a', 'b', 'c'];
let nextId = 0;

interface Kind {
  readonly column: ColumnInfo;
  readonly values: fc.Arbitrary<ColumnValue>;
}

function kind(Tp: number, values: fc.Arbitrary<ColumnValue>, type: Partial<ColumnInfo['type']> = {}): Kind {
  const id = ++nextId;
  const name = { O: `c${id}`, L: `c${id}` };
  const full = { Tp, Flag: 0, Flen: -1, Decimal: -1, Charset: 'binary', Collate: 'binary', Elems: elements, ...type };
  return { column: { id, name, offset: id - 1, state: 5, type: full }, values: fc.option(values, { freq: 8 }) };
}

const text = { Charset: 'utf8mb4', Collate: 'utf8mb4_bin' };
const unsigned = { Flag: 32 };
const parts = fc.record({
  year: fc.nat(9999),
  month: fc.nat(12),
  day: fc.nat(31),
  hour: fc.nat(23),
  minute: fc.nat(59),
  second: fc.nat(59),
  micro: fc.nat(999_999),
});
const scaled = fc.bigInt({ min: 1n - 10n ** 65n, max: 10n ** 65n - 1n }).map((value) => {
  const digits = String(value < 0n ? -value : value).padStart(31, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -30)}.${digits.slice(-30)}`;
});
const limit = 838n * 3_600_000_000n;
const document = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('-0'));

const kinds: readonly Kind[] = [
  kind(1, fc.integer({ min: -128, max: 127 })),
  kind(2, fc.integer({ min: 0, max: 65_535 }), unsigned),
  kind(9, fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 })),
  kind(3, fc.integer({ min: 0, max: 2 ** 32 - 1 }), unsigned),
  kind(8, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  kind(8, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), unsigned),
  kind(
    4,
    fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  ),
  kind(
    5,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  ),
  kind(246, scaled, { Flen: 65, Decimal: 30 }),
  kind(15, fc.string({ unit: 'grapheme-composite', maxLength: 10 }), { ...text, Flen: 400 }),
  kind(252, fc.string({ unit: 'grapheme', minLength: 100, maxLength: 300 }), text),
  kind(
    15,
    fc.uint8Array({ maxLength: 30 }).map((value) => Buffer.from(value)),
    { Flen: 30 },
  ),
  kind(10, parts.map(dateText)),
  kind(
    12,
    parts.map((time) => timeText(time, 6)),
    { Decimal: 6 },
  ),
  kind(
    7,
    parts.filter(({ year }) => year > 0).map((time) => `${timeText(time, 6)}Z`),
    { Decimal: 6 },
  ),
  kind(
    11,
    fc.bigInt({ min: -limit, max: limit }).map((micros) => durationText(micros * 1000n, 6)),
    { Decimal: 6 },
  ),
  kind(13, fc.integer({ min: 1901, max: 2155 })),
  kind(16, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { Flen: 64 }),
  kind(247, fc.constantFrom('', ...elements)),
  kind(
    248,
    fc.subarray(elements).map((some) => some.join(',')),
  ),
  kind(
    245,
    document.map((value) => Json.parse(JSON.stringify(value))),
  ),
];
const table: TableInfo = {
  id: 1,
  name: { O: 't', L: 't' },
  pk_is_handle: false,
  cols: kinds.map(({ column }) => column),
};
const row = fc.tuple(...kinds.map(({ values }) => values)).map((values) => {
  return Object.fromEntries(kinds.map(({ column }, index) => [column.name.O, values[index] ?? null]));
});

describe('any row of any types', () => {
  it('is read as it was written, in both formats', () => {
    fc.assert(
      fc.property(row, fc.constantFrom('v1' as const, 'v2' as const), (values, format) => {
        expect(decodeRow(table, encodeRow(table, values, { format }))).toEqual(values);
      }),
    );
  });

  it('comes out of a binlog as it went in, inserted, updated and deleted', () => {
    const handle = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(row, row, handle, (before, after, id) => {
        const buffer = new MutationBuffer();
        buffer.insert(table, before, id);
        buffer.update(table, before, after, id);
        buffer.delete(table, after, id);
        const [mutation] = decodePrewriteValue(buffer.encode(1n) ?? Buffer.alloc(0)).mutations;
        expect(mutation && decodeChanges(table, mutation)).toEqual([
          { type: 'insert', after: before, handle: id },
          { type: 'update', before, after, handle: id },
          { type: 'delete', before: after, handle: id },
        ]);
      }),
    );
  });
});

it('any clustered primary key comes out of a row key as it went in', () => {
  const part = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Datum => ({ kind: 'int', value })),
    fc.uint8Array({ maxLength: 20 }).map((value): Datum => ({ kind: 'bytes', value: Buffer.from(value) })),
    fc.integer().map((value): Datum => ({ kind: 'decimal', value: decimalOf(String(value)) })),
    fc.bigInt({ min: -limit, max: limit }).map((value): Datum => ({ kind: 'duration', value })),
  );
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 62n }),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      (tableId, handle) => {
        expect(decodeTableKey(encodeRowKey(tableId, handle))).toEqual({ kind: 'row', tableId, handle });
      },
    ),
  );
});
