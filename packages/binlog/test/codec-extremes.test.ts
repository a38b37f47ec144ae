import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type ColumnInfo,
  decodeDatums,
  decodeRow,
  decodeTableKey,
  encodeIndexKey,
  encodeKey,
  encodeRow,
  encodeRowKey,
  encodeValue,
  fromDatum,
  generalCiKey,
  handleOf,
  Json,
  type TableInfo,
  toDatum,
} from '../src/codec/index.js';
import { MutationBuffer } from '../src/index.js';

const vectors = JSON.parse(
  readFileSync(new URL('./fixtures/real-tidb/codec-extremes.json', import.meta.url), 'utf8'),
) as {
  json: { text: string; value: string }[];
  json_parsed: { in: string; text: string; value: string }[];
  json_refused: string[];
  time_in_clustered_key: { text: string; key: string; value: string }[];
  decimals: { flen: number; frac: number; text: string; shown: string; value: string; key: string }[];
  general_ci_sha256_of_keys_from_1_to_1ffff: string;
};
const hex = (text: string) => Buffer.from(text, 'hex');

function column(name: string, Tp: number, Flen: number, Decimal: number, collate = 'binary'): ColumnInfo {
  const type = { Tp, Flag: 3, Flen, Decimal, Charset: collate.split('_')[0] ?? '', Collate: collate };
  return { id: 1, name: { O: name, L: name }, offset: 0, state: 5, type };
}

function clusteredBy(key: ColumnInfo): TableInfo {
  const index = { id: 1, idx_name: { O: 'PRIMARY', L: 'primary' }, is_unique: true, is_primary: true, state: 5 };
  return {
    id: 70,
    name: { O: 't', L: 't' },
    cols: [key],
    pk_is_handle: false,
    is_common_handle: true,
    common_handle_version: 1,
    index_info: [{ ...index, idx_cols: [{ name: key.name, offset: 0, length: -1 }] }],
  };
}

describe('JSON of every kind, dates, times and opaque values included', () => {
  it.each(vectors.json)('$text', ({ text, value }) => {
    const [datum] = decodeDatums(hex(value));
    if (datum?.kind !== 'json') throw new Error('no JSON');
    expect(datum.value.toString()).toBe(text);
    expect(encodeValue(datum).toString('hex')).toBe(value);
  });

  it.each(vectors.json_parsed)('parsed from $in', ({ in: source, text, value }) => {
    const json = Json.parse(source);
    expect(encodeValue({ kind: 'json', value: json }).toString('hex')).toBe(value);
    expect(json.toString()).toBe(text);
  });

  it.each(vectors.json_refused)('refused: %j', (source) => {
    expect(() => Json.parse(source)).toThrowError(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it('larger than 64 KiB, in values, in keys and in number', () => {
    const big = {
      text: 'x'.repeat(70_000),
      ['k'.repeat(65_535)]: 1,
      list: Array.from({ length: 70_000 }, (_, index) => index),
    };
    const [datum] = decodeDatums(encodeValue({ kind: 'json', value: Json.from(big) }));
    expect(datum?.kind === 'json' && datum.value.toValue()).toEqual(big);
    expect(() => Json.from({ ['k'.repeat(65_536)]: 1 })).toThrow('65,535 are possible');
  });
});

describe('decimals', () => {
  it.each(vectors.decimals)('DECIMAL($flen,$frac) $text', ({ flen, frac, text, shown, value, key }) => {
    const decimal = column('d', 246, flen, frac);
    const datum = toDatum(decimal, text);
    expect(encodeValue(datum).toString('hex')).toBe(value);
    expect(encodeKey(datum).toString('hex')).toBe(key);
    const [again] = decodeDatums(hex(value));
    expect(again && fromDatum(decimal, again)).toBe(shown);
  });
});

describe('clustered primary keys', () => {
  it.each(vectors.time_in_clustered_key)('of a TIME $text', ({ text, key, value }) => {
    const table = clusteredBy(column('at', 11, 17, 6));
    const handle = handleOf(table, { at: text });
    if (typeof handle !== 'object') throw new Error('no clustered key');
    expect(encodeRowKey(70n, handle).toString('hex')).toMatch(new RegExp(`5f72${key}$`));
    expect(encodeValue(...handle).toString('hex')).toBe(value);
    expect(decodeRow(table, Buffer.from([0]), { handle: decodeDatums(hex(value)) })).toEqual({ at: text });
  });

  it('of fewer than nine bytes are filled up in keys, since eight bytes are a number', () => {
    for (const precision of [1, 5, 11]) {
      const table = clusteredBy(column('d', 246, precision, 0));
      const handle = handleOf(table, { d: '3' });
      const key = encodeRowKey(70n, handle ?? 0n);
      expect(key.length).toBe(20);
      expect(decodeTableKey(key)).toEqual({ kind: 'row', tableId: 70n, handle });
      expect(encodeIndexKey(70n, 2n, [], handle).subarray(-9)).toEqual(key.subarray(-9));
    }
  });

  it('of a text whose collation ignores case and accents', () => {
    const table = clusteredBy(column('name', 15, 40, 0, 'utf8mb4_general_ci'));
    expect(handleOf(table, { name: 'Straße' })).toEqual([
      { kind: 'bytes', value: Buffer.from('STRASE', 'utf16le').swap16() },
    ]);
    expect(handleOf(table, { name: 'ñandú  ' })).toEqual(handleOf(table, { name: 'NANDU' }));
    const unicode = clusteredBy(column('name', 15, 40, 0, 'utf8mb4_unicode_ci'));
    expect(() => handleOf(unicode, { name: 'a' })).toThrow('give collationKey to make sort keys of utf8mb4_unicode_ci');
  });

  it('have the sort key of the real collation for every character', () => {
    const digest = createHash('sha256');
    for (let code = 1; code < 0x20000; code++) {
      if (code < 0xd800 || code >= 0xe000) digest.update(generalCiKey(String.fromCodePoint(code)));
    }
    expect(digest.digest('hex')).toBe(vectors.general_ci_sha256_of_keys_from_1_to_1ffff);
  });
});

describe('what a column has no room for is refused by name', () => {
  const table = (one: ColumnInfo): TableInfo => ({ ...clusteredBy(one), is_common_handle: false });

  it.each<[string, ColumnInfo, string | Buffer, string]>([
    [
      'a longer text',
      column('v', 15, 3, 0, 'utf8mb4_bin'),
      'éàüö',
      'column v: 4 characters are refused: it has room for 3',
    ],
    ['more bytes', column('v', 15, 3, 0), Buffer.from('four'), '4 bytes are refused: it has room for 3'],
    ['a longer TINYTEXT', column('v', 249, 255, 0, 'utf8mb4_bin'), 'é'.repeat(128), '256 bytes are refused'],
  ])('%s', (_, one, value, message) => {
    expect(() => encodeRow(table(one), { v: value })).toThrow(message);
  });

  it('characters are counted, not bytes', () => {
    const one = table(column('v', 254, 3, 0, 'utf8mb4_bin'));
    expect(decodeRow(one, encodeRow(one, { v: '𝄞éa' }))).toEqual({ v: '𝄞éa' });
  });

  it('a column that the table lacks', () => {
    const one = table(column('price', 3, 11, 0));
    expect(() => encodeRow(one, { prise: 1 })).toThrow(
      'table t has no column prise: names are as its TableInfo spells',
    );
    const buffer = new MutationBuffer();
    expect(() => buffer.update(one, { price: 1 }, { Price: 2 }, 1n)).toThrow('no column Price');
    expect(buffer.size).toBe(0);
  });

  it("ENUM's error value is told from an element that is an empty text", () => {
    const of = (...Elems: string[]): ColumnInfo => {
      const one = column('e', 247, 10, 0, 'utf8mb4_bin');
      return { ...one, type: { ...one.type, Elems } };
    };
    const error = { kind: 'uint', value: 0n } as const;
    expect([fromDatum(of('a'), error), fromDatum(of('', 'a'), error)]).toEqual(['', 0]);
    expect([toDatum(of('', 'a'), 0), toDatum(of('', 'a'), ''), toDatum(of('a'), '')]).toMatchObject([
      error,
      { value: 1n },
      error,
    ]);
  });
});
