import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableInfo } from '../src/codec/index.js';
import { decodeChanges, MutationBuffer } from '../src/index.js';
import { decodeBinlog, decodePrewriteValue, MutationType, type TableMutation } from '../src/wire/index.js';

const hex = (text: string) => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');
const vectors = JSON.parse(readFileSync(new URL('./fixtures/real-tidb/dml-binlogs.json', import.meta.url), 'utf8')) as {
  tables: Record<string, { table_info: string }>;
  cases: { name: string; binlogs: { raw: string }[] }[];
};
const tables = new Map<bigint, TableInfo>(
  Object.values(vectors.tables).map(({ table_info }) => {
    const table = JSON.parse(table_info) as TableInfo;
    return [BigInt(table.id), table];
  }),
);
const table = (name: string): TableInfo => JSON.parse(vectors.tables[name]?.table_info ?? '') as TableInfo;
const collationKey = (text: string) => Buffer.from(text.trimEnd().toUpperCase(), 'utf16le').swap16();

const dml = vectors.cases.filter(({ binlogs }) => binlogs.some(({ raw }) => decodeBinlog(hex(raw)).prewriteValue));

describe('the binlogs of a real TiDB', () => {
  it.each(dml)('$name: rows decode, and a buffer that is told the same changes gives the same bytes', ({ binlogs }) => {
    for (const { raw } of binlogs) {
      const { prewriteValue } = decodeBinlog(hex(raw));
      if (prewriteValue === undefined) continue;
      const value = decodePrewriteValue(prewriteValue);
      const buffer = new MutationBuffer({ collationKey });
      for (const mutation of value.mutations) {
        const info = tables.get(mutation.tableId);
        if (info === undefined) throw new Error(`the vectors have no table ${mutation.tableId}`);
        for (const change of decodeChanges(info, mutation)) {
          if (change.type === 'insert') buffer.insert(info, change.after, change.handle);
          else if (change.type === 'delete') buffer.delete(info, change.before, change.handle);
          else buffer.update(info, change.before ?? {}, change.after, change.handle);
        }
      }
      expect(buffer.encode(value.schemaVersion)?.toString('hex')).toBe(Buffer.from(prewriteValue).toString('hex'));
    }
  });

  it('values are what the columns say', () => {
    const changes = (name: string) => {
      const raw = vectors.cases.find((entry) => entry.name === name)?.binlogs[0]?.raw ?? '';
      const value = decodePrewriteValue(decodeBinlog(hex(raw)).prewriteValue ?? Buffer.alloc(0));
      return value.mutations.flatMap((mutation) => decodeChanges(tables.get(mutation.tableId) as TableInfo, mutation));
    };
    expect(changes('insert several rows')[1]).toEqual({
      type: 'insert',
      after: { id: 3, name: null, age: 20 },
      handle: 3n,
    });
    expect(changes('unique only update key')).toEqual([
      { type: 'update', before: { id: 2, name: 'xyz' }, after: { id: 5, name: 'xyz' }, handle: 2n },
    ]);
    expect(changes('varchar pk clustered delete')).toEqual([
      { type: 'delete', before: { name: 'def', age: 18 }, handle: undefined },
    ]);
    expect(changes('unsigned bigint pk update delete')[0]).toMatchObject({
      after: { id: 18446744073709551615n, v: 9 },
    });
    expect(changes('times')[0]).toMatchObject({
      after: {
        a: '2018-12-31',
        b: '12:34:56',
        c: '-838:59:59.000000',
        d: '2018-12-31 23:59:59',
        e: '2018-12-31 23:59:59.999999',
        f: '2018-12-31 15:59:59Z',
        g: '2018-12-31 15:59:59.123Z',
        h: 2018,
      },
    });
    expect(changes('reals')[0]).toMatchObject({
      after: { e: '12345678901234567890123456789012345.123456789012345678901234567890', f: '99999999999999999999' },
    });
    expect(
      JSON.parse(JSON.stringify(changes('misc')[0], (_, v) => (typeof v === 'bigint' ? String(v) : v))),
    ).toMatchObject({
      after: { a: 'x', b: 'p,r', c: { a: 1, b: [true, null, 's', 1.5, { c: -1 }] } },
    });
  });
});

describe('the layouts of older TiDBs', () => {
  // (id int primary key, name varchar): the handle is column 1.
  const pk = { ...table('int_pk'), cols: (table('int_pk').cols ?? []).slice(0, 2) };
  const mutation = (lists: Partial<TableMutation>): TableMutation => ({
    tableId: 1n,
    insertedRows: [],
    updatedRows: [],
    deletedIds: [],
    deletedPks: [],
    deletedRows: [],
    sequence: [],
    ...lists,
  });

  it('an insert, an update and a delete by id of 2016, without a sequence', () => {
    const lists = { insertedRows: [hex('08 02 | 08 04 02 06 61 62 63')], deletedIds: [1n] };
    const updatedRows = [hex('08 04 | 08 02 08 04 08 04 02 06 78 79 7a')];
    expect(decodeChanges(pk, mutation({ ...lists, updatedRows }))).toEqual([
      { type: 'insert', after: { id: 1, name: 'abc' }, handle: 1n },
      { type: 'update', before: undefined, after: { id: 2, name: 'xyz' }, handle: 2n },
      { type: 'delete', before: { id: 1 }, handle: 1n },
    ]);
  });

  it('a delete by primary key of 2016', () => {
    const changes = decodeChanges(
      table('varchar_pk_nc'),
      mutation({ deletedPks: [hex('01 64 65 66 00 00 00 00 00 fa')], sequence: [MutationType.DeletePK] }),
    );
    expect(changes).toEqual([{ type: 'delete', before: { name: 'def' }, handle: undefined }]);
  });

  it('an update and a delete of 2017', () => {
    const updatedRows = [hex('08 02 08 04 08 04 02 06 63 64 65 | 08 02 08 04 08 04 02 06 78 79 7a')];
    const deletedRows = [hex('08 02 08 02 08 04 02 06 61 62 63')];
    expect(decodeChanges(pk, mutation({ updatedRows, deletedRows, sequence: [4, 1] }))).toEqual([
      { type: 'delete', before: { id: 1, name: 'abc' }, handle: undefined },
      { type: 'update', before: { id: 2, name: 'cde' }, after: { id: 2, name: 'xyz' }, handle: undefined },
    ]);
  });

  it('a delete since 2018 carries the hidden handle', () => {
    const deletedRows = [hex('08 02 02 06 64 65 66 | 08 04 08 24 | 08 01 08 04')];
    expect(decodeChanges(table('varchar_pk_nc'), mutation({ deletedRows, sequence: [4] }))).toEqual([
      { type: 'delete', before: { name: 'def', age: 18 }, handle: 2n },
    ]);
  });

  it.each([
    [{ sequence: [0] }, 'no row is left for a change of kind 0'],
    [{ deletedIds: [1n], sequence: [7] }, '7 is no kind of change'],
    [{ deletedIds: [1n, 2n], sequence: [2] }, 'a row of kind 2 is not in the sequence'],
    [{ insertedRows: [hex('00')], sequence: [0] }, 'begins with its handle'],
    [{ insertedRows: [hex('0802 0804')], sequence: [0] }, 'the value ends too early'],
    [{ insertedRows: [hex('0802 0804 0a0c')], sequence: [0] }, 'the value ends too early'],
    [{ insertedRows: [hex('0802 0804 0804')], sequence: [0] }, 'column name of type 15: a int where a bytes belongs'],
  ])('a mutation that does not fit is refused: %#', (lists, text) => {
    expect(() => decodeChanges(pk, mutation(lists))).toThrow(text);
  });
});

describe('a mutation buffer', () => {
  it('forgets a failed statement and keeps what was before', () => {
    const buffer = new MutationBuffer();
    buffer.insert(table('two_a'), { id: 3, v: 3 });
    const before = buffer.encode(1n);
    const mark = buffer.savepoint();
    buffer.insert(table('two_a'), { id: 4, v: 4 });
    buffer.delete(table('two_b'), { id: 1, v: 1 });
    buffer.rollbackTo(mark);
    expect(buffer.encode(1n)).toEqual(before);
    expect(buffer.size).toBe(1);
    buffer.rollbackTo(0 as never);
    expect(buffer.encode(1n)).toBeUndefined();
    expect(buffer.bytes).toBe(0);
  });

  it('says what is wrong, and how to mend it', () => {
    const buffer = new MutationBuffer();
    expect(() => buffer.insert(table('no_pk'), { a: 1 })).toThrow(
      /no_pk numbers its rows itself.*give the row's handle/,
    );
    expect(() => buffer.insert(table('int_pk'), { id: 2 ** 31 })).toThrow(/column id: 2147483648 is refused.*32 bits/);
    expect(() => buffer.insert(table('int_pk'), { name: 'x' })).toThrow(/column id is the primary key/);
    expect(() => buffer.insert(table('times'), { d: new Date(0) }, 1n)).toThrow(/column d:.*wall clock/);
    expect(() => buffer.insert(table('times'), { f: '2020-01-01 00:00:00' }, 1n)).toThrow(/column f:.*with a Z/);
    expect(() => buffer.insert(table('times'), { d: '2020-01-01 00:00:00.5' }, 1n)).toThrow(/keeps 0 digits/);
    expect(() => buffer.insert(table('times'), { d: '2020-13-01 00:00:00' }, 1n)).toThrow(/out of its range/);
    expect(() => buffer.insert(table('misc'), { a: 'nope' }, 1n)).toThrow(/the elements are x, y, z/);
    expect(() => buffer.insert(table('misc'), { c: '{"a":' }, 1n)).toThrow(/column c: no JSON/);
    expect(() => buffer.insert(table('reals'), { d: '1.005' }, 1n)).toThrow(/does not fit DECIMAL\(10,2\)/);
    expect(() => buffer.insert(table('reals'), { d: 0.1 }, 1n)).toThrow(/written as a string/);
    expect(buffer.size).toBe(0);
  });
});

it('a recorded binlog with some bytes changed is read, or refused as MALFORMED', () => {
  const recorded = dml.flatMap(({ binlogs }) => binlogs.map(({ raw }) => hex(raw)));
  const changed = fc
    .tuple(fc.constantFrom(...recorded), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([bytes, edits]) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of edits) copy[at % copy.length] = byte;
      return copy;
    });
  fc.assert(
    fc.property(changed, (bytes) => {
      try {
        const { prewriteValue } = decodeBinlog(bytes);
        for (const mutation of prewriteValue === undefined ? [] : decodePrewriteValue(prewriteValue).mutations) {
          const info = tables.get(mutation.tableId);
          if (info !== undefined) decodeChanges(info, mutation);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'MALFORMED' });
      }
    }),
    { numRuns: 2_000 },
  );
});
