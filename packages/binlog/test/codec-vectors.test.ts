import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/codec/byte-reader.js';
import { ByteWriter } from '../src/codec/byte-writer.js';
import {
  ColumnType,
  type Datum,
  dateText,
  decimalOf,
  decodeDatums,
  decodeRow,
  decodeTableKey,
  durationText,
  encodeIndexKey,
  encodeKey,
  encodeMetaKey,
  encodeRow,
  encodeRowKey,
  encodeRowV2,
  encodeValue,
  handleOf,
  indexPrefix,
  Json,
  nullDatum,
  packTime,
  parseDuration,
  parseTime,
  readRowV2,
  type TableInfo,
  tablePrefix,
  timeText,
  unpackTime,
} from '../src/codec/index.js';
import { readRowV1, writeRowV1 } from '../src/codec/row-v1.js';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/real-tidb/${name}.json`, import.meta.url), 'utf8'));
const hex = (text: string) => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');

interface ValueVector {
  kind: string;
  text: string;
  encode_key?: string;
  encode_value: string;
  row_v1_single_column_1: string;
  row_v2_single_column_1: string;
}
const codec = read('codec') as {
  values: ValueVector[];
  rows: {
    columns: { id: number; kind: string; text: string }[] | string;
    row_v1: string;
    row_v2: string;
    length?: number;
    row_v2_prefix_64?: string;
    suffix_8?: string;
  }[];
  keys: {
    what: string;
    table_id?: number;
    handle?: string;
    index_id?: number;
    key: string;
    hash?: string;
    field_hex?: string;
  }[];
};

function datumOf(kind: string, text: string): Datum {
  switch (kind) {
    case 'null':
      return nullDatum;
    case 'int64':
      return { kind: 'int', value: BigInt(text) };
    case 'uint64':
      return { kind: 'uint', value: BigInt(text) };
    case 'float32':
      return { kind: 'float', value: Math.fround(Number(text)) };
    case 'float64':
      return { kind: 'float', value: Number(text) };
    case 'bytes':
      return { kind: 'bytes', value: hex(text) };
    case 'decimal':
      return { kind: 'decimal', value: decimalOf(text) };
    case 'time(6)':
      return { kind: 'int', value: parseDuration(text) };
    case 'date':
    case 'datetime(6)':
      return { kind: 'uint', value: packTime(parseTime(text)) };
    case 'json':
      return { kind: 'json', value: Json.parse(text) };
    default:
      throw new Error(`the vectors have a new kind: ${kind}`);
  }
}

function rowV1(cells: { columnId: number; datum: Datum }[]): string {
  const writer = new ByteWriter();
  writeRowV1(writer, cells);
  return writer.finish().toString('hex');
}

describe('each kind of datum, as the real codec writes it', () => {
  it.each(codec.values)('$kind $text', (vector) => {
    const datum = datumOf(vector.kind, vector.text);
    expect(encodeValue(datum).toString('hex')).toBe(vector.encode_value);
    if (vector.encode_key !== undefined) expect(encodeKey(datum).toString('hex')).toBe(vector.encode_key);
    expect(rowV1([{ columnId: 1, datum }])).toBe(vector.row_v1_single_column_1);
    expect(encodeRowV2([{ columnId: 1, datum }]).toString('hex')).toBe(vector.row_v2_single_column_1);
    for (const form of [vector.encode_value, vector.encode_key ?? vector.encode_value]) {
      const [decoded] = decodeDatums(hex(form));
      expect(encodeValue(...(decoded === undefined ? [] : [decoded])).toString('hex')).toBe(vector.encode_value);
    }
  });

  it('whole rows of both formats', () => {
    expect(codec.rows.length).toBeGreaterThan(5);
    for (const row of codec.rows) {
      if (typeof row.columns === 'string') {
        expect(row.columns).toBe("id 1 = 70000 times 'x', id 2 = int 5");
        const large = encodeRowV2([
          { columnId: 1, datum: { kind: 'bytes', value: Buffer.alloc(70_000, 'x') } },
          { columnId: 2, datum: { kind: 'int', value: 5n } },
        ]);
        expect(large.toString('hex', 0, 64)).toBe(row.row_v2_prefix_64);
        expect(large.toString('hex', large.length - 8)).toBe(row.suffix_8);
        expect(large.length).toBe(row.length);
        continue;
      }
      const cells = row.columns.map(({ id, kind, text }) => ({ columnId: id, datum: datumOf(kind, text) }));
      expect(rowV1(cells)).toBe(row.row_v1);
      expect(encodeRowV2(cells).toString('hex')).toBe(row.row_v2);
      expect(rowV1(readRowV1(new ByteReader(hex(row.row_v1))))).toBe(row.row_v1);
      expect(readRowV2(hex(row.row_v2)).map(({ columnId }) => columnId)).toHaveLength(cells.length);
    }
  });

  it.each([
    ['', '0000000000000000f7'],
    ['010203', '0102030000000000fa'],
    ['0102030405060708', '0102030405060708ff0000000000000000f7'],
  ])('bytes %s in a key', (bytes, encoded) => {
    expect(encodeKey({ kind: 'bytes', value: hex(bytes) }).toString('hex')).toBe(`01${encoded}`);
  });

  it('keys of rows, indexes and meta data', () => {
    for (const vector of codec.keys) {
      const key = hex(vector.key);
      const tableId = BigInt(vector.table_id ?? 0);
      const values: Datum[] = [
        { kind: 'int', value: 7n },
        { kind: 'bytes', value: Buffer.from('abc') },
      ];
      const indexId = BigInt(vector.index_id ?? 0);
      switch (vector.what) {
        case 'row key':
          expect(encodeRowKey(tableId, BigInt(vector.handle ?? 0))).toEqual(key);
          expect(decodeTableKey(key)).toEqual({ kind: 'row', tableId, handle: BigInt(vector.handle ?? 0) });
          break;
        case 'row key, common handle (int 7, string abc)':
          expect(encodeRowKey(tableId, values)).toEqual(key);
          expect(decodeTableKey(key)).toEqual({ kind: 'row', tableId, handle: values });
          break;
        case 'table prefix':
          expect(tablePrefix(tableId)).toEqual(key);
          break;
        case 'index prefix':
          expect(indexPrefix(tableId, indexId)).toEqual(key);
          break;
        case 'index seek key (int 7, string abc)':
          expect(encodeIndexKey(tableId, indexId, values)).toEqual(key);
          expect(decodeTableKey(key)).toEqual({ kind: 'index', tableId, indexId, values });
          break;
        default:
          expect(vector.what).toBe('meta hash data key');
          expect(encodeMetaKey('hash-data', Buffer.from(vector.hash ?? ''), hex(vector.field_hex ?? ''))).toEqual(key);
      }
    }
  });

  it.each([
    ['80 00 01 00 00 00 01 01 00 02', [{ columnId: 1, datum: { kind: 'int', value: 2n } }]],
    [
      '80 01 01 00 00 00 2c 01 00 00 00 00 00 00',
      [{ columnId: 300, datum: { kind: 'bytes', value: Buffer.alloc(0) } }],
    ],
    [
      '80 00 01 00 01 00 02 01 01 00 02',
      [
        { columnId: 1, datum: nullDatum },
        { columnId: 2, datum: { kind: 'int', value: 2n } },
      ],
    ],
  ] as [string, { columnId: number; datum: Datum }[]][])('the second row format: %s', (bytes, cells) => {
    expect(encodeRowV2(cells)).toEqual(hex(bytes));
  });

  it('times pack and unpack', () => {
    expect(packTime(parseTime('2011-11-10 11:11:11.999999'))).toBe(1840446893366133311n);
    expect(timeText(unpackTime(1840446893366133311n), 6)).toBe('2011-11-10 11:11:11.999999');
    expect(dateText(unpackTime(0n))).toBe('0000-00-00');
    expect(parseDuration('4:00:00')).toBe(14400000000000n);
    expect(durationText(-1_000_000_001_000n, 6)).toBe('-00:16:40.000001');
  });
});

interface StoredTable {
  table: string;
  kvs: { key: string; value: string }[];
  table_info: string;
  rows_order_by_1: unknown[][];
}
const stored = (read('kv-tables') as { tables: StoredTable[] }).tables;
const collationKey = (text: string) => Buffer.from(text.trimEnd().toUpperCase(), 'utf16le').swap16();

describe('rows in the store of a real TiDB', () => {
  it.each(stored)(
    '$table: each row decodes, and encodes to the same key and value',
    ({ kvs, table_info, rows_order_by_1 }) => {
      const table = JSON.parse(table_info) as TableInfo;
      const columns = (table.cols ?? []).filter((column) => (column.generated_expr_string ?? '') === '');
      const selected = rows_order_by_1.map((cells) => cells.map((cell, at) => shown(cell, columns[at]?.type.Tp)));
      for (const { key, value } of kvs) {
        const decoded = decodeTableKey(hex(key));
        if (decoded.kind !== 'row') continue;
        const row = decodeRow(table, hex(value), { handle: decoded.handle });
        expect(encodeRow(table, row).toString('hex')).toBe(value);
        const handle = handleOf(table, row, { collationKey }) ?? decoded.handle;
        expect(encodeRowKey(decoded.tableId, handle).toString('hex')).toBe(key);
        // The first format holds the same row.
        expect(decodeRow(table, encodeRow(table, row, { format: 'v1' }), { handle })).toEqual(row);
        const columnsOfRow = columns.map((column) => shown(row[column.name.O] ?? null, column.type.Tp));
        expect(selected).toContainEqual(columnsOfRow);
      }
    },
  );
});

/** The rows of SELECT were recorded through a driver: bits as bytes, JSON parsed, timestamps without a zone. */
function shown(cell: unknown, tp: number | undefined): string {
  if (cell === null && tp !== ColumnType.Json) return 'NULL';
  if (tp === ColumnType.Json) return JSON.stringify(cell);
  if (tp === ColumnType.Bit && typeof cell === 'bigint') return cell.toString(16).padStart(2, '0');
  if (tp === ColumnType.Timestamp) return String(cell).replace('Z', '');
  if (typeof cell === 'object' && cell !== null && 'data' in cell) {
    const digits = Buffer.from(cell.data as number[]).toString('hex');
    return tp === ColumnType.Bit ? BigInt(`0x${digits}`).toString(16).padStart(2, '0') : digits;
  }
  return Buffer.isBuffer(cell) ? cell.toString('hex') : String(cell);
}
