// Rates of the codec and the wire beside a floor: copying the same bytes.
import { readFileSync } from 'node:fs';
import { decodeRow, encodeRow, type Row, type TableInfo } from '../src/codec/index.js';
import { decodeChanges, MutationBuffer } from '../src/index.js';
import { decodeBinlog, decodePrewriteValue, encodeBinlog } from '../src/wire/index.js';

const vectors = JSON.parse(
  readFileSync(new URL('../test/fixtures/real-tidb/dml-binlogs.json', import.meta.url), 'utf8'),
) as { tables: Record<string, { table_info: string }> };

function tableOf(name: string): TableInfo {
  return JSON.parse(vectors.tables[name]?.table_info ?? '') as TableInfo;
}

/** Runs for about a second and prints how often a second. */
function rate(name: string, run: () => unknown): void {
  for (let i = 0; i < 2_000; i++) run();
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < 1_000; count += 100) for (let i = 0; i < 100; i++) run();
  const perSecond = (count / (performance.now() - began)) * 1_000;
  console.log(`${name.padEnd(44)} ${Math.round(perSecond).toLocaleString('en').padStart(12)} /s`);
}

const rows: [string, TableInfo, Row][] = [
  ['3 columns', tableOf('int_pk'), { id: 7, name: 'abcdefgh', age: 42 }],
  [
    '15 integers',
    tableOf('ints'),
    Object.fromEntries((tableOf('ints').cols ?? []).map(({ name, type }) => [name.O, type.Tp === 13 ? 2000 : 1])),
  ],
];
for (const [name, table, row] of rows) {
  const [v1, v2] = [encodeRow(table, row, { format: 'v1' }), encodeRow(table, row)];
  rate(`floor: copy a row of ${name}`, () => Buffer.from(v2));
  rate(`encode v1, ${name}`, () => encodeRow(table, row, { format: 'v1' }));
  rate(`encode v2, ${name}`, () => encodeRow(table, row));
  rate(`decode v1, ${name}`, () => decodeRow(table, v1, { handle: 7n }));
  rate(`decode v2, ${name}`, () => decodeRow(table, v2, { handle: 7n }));
}

const short = tableOf('int_pk');
const wide = (short.cols ?? []).map((column) => ({ ...column, type: { ...column.type, Flen: 100 } }));
const table = { ...short, cols: wide };
const buffer = new MutationBuffer();
for (let id = 0; id < 10; id++) buffer.insert(table, { id, name: 'x'.repeat(80), age: id });
const prewriteValue = buffer.encode(1n);
const payload = encodeBinlog({ type: 0, startTs: 1n << 58n, prewriteValue });
rate(`floor: copy a binlog of ${payload.length} bytes`, () => Buffer.from(payload));
rate('encode a binlog', () => encodeBinlog({ type: 0, startTs: 1n << 58n, prewriteValue }));
rate('decode a binlog', () => decodeBinlog(payload));
rate('decode a binlog and its 10 rows', () => {
  const { prewriteValue: value } = decodeBinlog(payload);
  for (const mutation of decodePrewriteValue(value ?? Buffer.alloc(0)).mutations) decodeChanges(table, mutation);
});
