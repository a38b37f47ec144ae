import { describe, expect, it } from 'vitest';
import { type ColumnInfo, type ColumnValue, decodeRow, encodeRow, type TableInfo } from '../src/codec/index.js';

function column(id: number, type: Partial<ColumnInfo['type']> & { Tp: number }, more: Partial<ColumnInfo> = {}) {
  const info: ColumnInfo = {
    id,
    name: { O: `c${id}`, L: `c${id}` },
    offset: id - 1,
    state: 5,
    type: { Flag: 1, Flen: 10, Decimal: 0, Charset: 'binary', Collate: 'binary', ...type },
    default: null,
    ...more,
  };
  return info;
}

function table(...cols: ColumnInfo[]): TableInfo {
  return { id: 1, name: { O: 't', L: 't' }, cols, index_info: [], pk_is_handle: false, is_common_handle: false };
}

const key = column(1, { Tp: 3 });

// What a TiDB v6.6 writes as the first value of ADD COLUMN … NOT NULL without a default.
describe('a row from before a column shows the first value that the column had', () => {
  it.each<[string, ColumnInfo, ColumnValue]>([
    ['int', column(2, { Tp: 3 }, { origin_default: '0' }), 0],
    ['varchar(5)', column(2, { Tp: 15, Charset: 'utf8mb4' }, { origin_default: '' }), ''],
    ['binary(3)', column(2, { Tp: 254, Flen: 3 }, { origin_default: '' }), Buffer.alloc(3)],
    ['decimal(5,2)', column(2, { Tp: 246, Flen: 5, Decimal: 2 }, { origin_default: '0' }), '0.00'],
    ['bit(3)', column(2, { Tp: 16, Flen: 3 }, { origin_default: '', origin_default_bit: '' }), 0n],
    ['year', column(2, { Tp: 13 }, { origin_default: '0000' }), 0],
    ['datetime', column(2, { Tp: 12 }, { origin_default: '0000-00-00 00:00:00' }), '0000-00-00 00:00:00'],
  ])('%s', (_, added, expected) => {
    const before = encodeRow(table(key), { c1: 5 });
    expect(decodeRow(table(key, added), before)).toEqual({ c1: 5, c2: expected });
  });

  it('and a NULL that was written since stays one, though the default is NULL by now', () => {
    const whole = table(key, column(2, { Tp: 3, Flag: 0 }, { origin_default: '5' }));
    expect(decodeRow(whole, encodeRow(whole, { c1: 5, c2: null }))).toEqual({ c1: 5, c2: null });
    expect(decodeRow(whole, encodeRow(table(key), { c1: 5 }))).toEqual({ c1: 5, c2: 5 });
  });
});
