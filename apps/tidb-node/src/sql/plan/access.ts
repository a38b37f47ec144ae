import {
  type Datum,
  encodeIndexKey,
  encodeKey,
  encodeRowKey,
  type Handle,
  indexPrefix,
  rowPrefix,
} from '@tidb-js/binlog/codec';
import type { ColumnInfo, IndexInfo } from '@tidb-js/ddl-jobs';
import type { KeyRange } from '../../storage/types.js';
import type { Evaluation } from '../functions/context.js';
import type { IndexHint } from '../parse/ast.js';
import { indexDatum } from '../table/index-entry.js';
import type { TableLayout } from '../table/layout.js';
import { isStringType } from '../types/field-type.js';
import type { SqlValue } from '../types/value.js';
import type { ColumnCondition } from './column-condition.js';

/** How a table's rows are found. What it finds may be more than what the conditions hold for, never less. */
export type Access =
  | { readonly kind: 'handles'; readonly handles: readonly Handle[] }
  | { readonly kind: 'uniqueKeys'; readonly index: IndexInfo; readonly keys: readonly Buffer[]; readonly info: string }
  | { readonly kind: 'rows'; readonly ranges: readonly KeyRange[]; readonly full: boolean }
  | { readonly kind: 'index'; readonly index: IndexInfo; readonly ranges: readonly KeyRange[] };

/** At most so many keys are made of IN lists. */
const MAX_POINTS = 1000;

/** The first key after all that begin with a prefix. */
export function prefixEnd(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0;
    if (byte !== 0xff) {
      end[at] = byte + 1;
      return end.subarray(0, at + 1);
    }
  }
  return Buffer.from([0xff]);
}

/** All rows of a table. */
export function allRows(layout: TableLayout): KeyRange {
  const start = rowPrefix(BigInt(layout.physicalId));
  return { start, end: prefixEnd(start) };
}

/** Chooses the way to a table's rows: its handle, a unique index, the index with most conditions, else all of it. */
export function chooseAccess(
  layout: TableLayout,
  conditions: ReadonlyMap<number, ColumnCondition>,
  hints: readonly IndexHint[],
  c: Evaluation,
): Access {
  const full: Access = { kind: 'rows', ranges: [allRows(layout)], full: true };
  const ignored = new Set(
    hints.filter((hint) => hint.action === 'ignore').flatMap((hint) => hint.indexes.map((each) => each.toLowerCase())),
  );
  const wanted = hints
    .filter((hint) => hint.action !== 'ignore')
    .flatMap((hint) => hint.indexes.map((each) => each.toLowerCase()));
  const allowed = (index: string) => !ignored.has(index) && (wanted.length === 0 || wanted.includes(index));
  if (conditions.size === 0) return full;
  if (allowed('primary')) {
    const byHandle = handleAccess(layout, conditions, c);
    if (byHandle?.kind === 'handles') return byHandle;
    const point = uniqueAccess(layout, conditions, c, allowed);
    if (point !== undefined) return point;
    if (byHandle !== undefined) return byHandle;
  }
  return uniqueAccess(layout, conditions, c, allowed) ?? indexAccess(layout, conditions, c, allowed) ?? full;
}

function handleAccess(
  layout: TableLayout,
  conditions: ReadonlyMap<number, ColumnCondition>,
  c: Evaluation,
): Access | undefined {
  const { handleColumn, clustered, physicalId } = layout;
  const tableId = BigInt(physicalId);
  if (handleColumn !== undefined) {
    const condition = conditions.get(handleColumn.offset);
    if (condition === undefined) return undefined;
    if (condition.equals !== undefined) {
      const handles = condition.equals
        .filter((each) => typeof each === 'bigint')
        .map((each) => BigInt.asIntN(64, each));
      return { kind: 'handles', handles: [...new Set(handles)].sort(compareBigint) };
    }
    // Unsigned handles beyond the signed range are stored as negative ones: their ranges are left to the filter.
    if ((handleColumn.type.Flag & 32) !== 0) return undefined;
    const low = condition.low?.value;
    const high = condition.high?.value;
    const all = allRows(layout);
    const start =
      typeof low === 'bigint'
        ? encodeRowKey(tableId, clampHandle(condition.low?.inclusive === true ? low : low + 1n))
        : all.start;
    const end =
      typeof high === 'bigint'
        ? afterHandle(tableId, clampHandle(condition.high?.inclusive === true ? high : high - 1n))
        : all.end;
    if (typeof low !== 'bigint' && typeof high !== 'bigint') return undefined;
    return { kind: 'rows', ranges: Buffer.compare(start, end) < 0 ? [{ start, end }] : [], full: false };
  }
  if (clustered.length === 0) return undefined;
  const points = equalPrefix(clustered, conditions, c);
  if (points.depth === clustered.length && clustered.every(({ length }) => length < 0)) {
    return { kind: 'handles', handles: points.datums };
  }
  if (points.depth === 0) return undefined;
  const ranges = points.datums.map((datums) => {
    const start = Buffer.concat([rowPrefix(tableId), encodeKey(...datums)]);
    return { start, end: prefixEnd(start) };
  });
  return { kind: 'rows', ranges, full: false };
}

const LOWEST = -(1n << 63n);
const HIGHEST = (1n << 63n) - 1n;

function clampHandle(value: bigint): bigint {
  return value < LOWEST ? LOWEST : value > HIGHEST ? HIGHEST : value;
}

function afterHandle(tableId: bigint, handle: bigint): Buffer {
  return Buffer.concat([encodeRowKey(tableId, handle), Buffer.from([0])]);
}

function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface KeyPart {
  readonly column: ColumnInfo;
  readonly length: number;
}

/** The keys that the leading parts' equalities make: one for each combination of their values. */
function equalPrefix(
  parts: readonly KeyPart[],
  conditions: ReadonlyMap<number, ColumnCondition>,
  c: Evaluation,
): { readonly depth: number; readonly datums: readonly (readonly Datum[])[] } {
  let datums: readonly (readonly Datum[])[] = [[]];
  let depth = 0;
  for (const { column, length } of parts) {
    const values = conditions.get(column.offset)?.equals;
    if (values === undefined || values.length * datums.length > MAX_POINTS) break;
    const next = values.map((value) => indexDatum(value, column, length, c.session.timeZone));
    datums = datums.flatMap((prefix) => next.map((datum) => [...prefix, datum]));
    depth++;
  }
  return { depth, datums };
}

function partsOf(layout: TableLayout, index: IndexInfo): KeyPart[] {
  return index.idx_cols.flatMap(({ offset, length }) => {
    const column = layout.table.cols[offset];
    return column === undefined ? [] : [{ column, length }];
  });
}

function uniqueAccess(
  layout: TableLayout,
  conditions: ReadonlyMap<number, ColumnCondition>,
  c: Evaluation,
  allowed: (index: string) => boolean,
): Access | undefined {
  for (const index of layout.readable) {
    if (!index.is_unique || !allowed(index.idx_name.L) || (index.is_primary && layout.table.is_common_handle)) continue;
    const parts = partsOf(layout, index);
    const { depth, datums } = equalPrefix(parts, conditions, c);
    if (depth !== parts.length || parts.some(({ length }) => length >= 0)) continue;
    if (datums.some((each) => each.some(({ kind }) => kind === 'null'))) continue;
    const keys = datums.map((each) => encodeIndexKey(BigInt(layout.physicalId), BigInt(index.id), each));
    return {
      kind: 'uniqueKeys',
      index,
      keys,
      info: `${index.idx_name.O}(${parts.map(({ column }) => column.name.O).join(', ')})`,
    };
  }
  return undefined;
}

function indexAccess(
  layout: TableLayout,
  conditions: ReadonlyMap<number, ColumnCondition>,
  c: Evaluation,
  allowed: (index: string) => boolean,
): Access | undefined {
  let best: { readonly score: number; readonly access: Access } | undefined;
  for (const index of layout.readable) {
    if (!allowed(index.idx_name.L) || (index.is_primary && layout.table.is_common_handle)) continue;
    const parts = partsOf(layout, index);
    const { depth, datums } = equalPrefix(parts, conditions, c);
    const next = parts[depth];
    const range = next === undefined ? undefined : conditions.get(next.column.offset);
    // A range over a prefix or over text whose keys are not the text itself is left to the filter.
    const ranged =
      range !== undefined &&
      next !== undefined &&
      next.length < 0 &&
      (range.low !== undefined || range.high !== undefined);
    const score = depth * 2 + (ranged ? 1 : 0);
    if (score === 0 || (best !== undefined && best.score >= score)) continue;
    const ranges = datums.map((prefix): KeyRange => {
      const start = encodeIndexKey(BigInt(layout.physicalId), BigInt(index.id), prefix);
      if (!ranged || next === undefined || range === undefined) return { start, end: prefixEnd(start) };
      return boundedRange(start, prefix, layout, index, next, range, c);
    });
    best = {
      score,
      access: { kind: 'index', index, ranges: ranges.filter(({ start, end }) => Buffer.compare(start, end) < 0) },
    };
  }
  return best?.access;
}

function boundedRange(
  prefixKey: Buffer,
  prefix: readonly Datum[],
  layout: TableLayout,
  index: IndexInfo,
  part: KeyPart,
  range: ColumnCondition,
  c: Evaluation,
): KeyRange {
  const keyOf = (value: SqlValue) =>
    encodeIndexKey(BigInt(layout.physicalId), BigInt(index.id), [
      ...prefix,
      indexDatum(value, part.column, part.length, c.session.timeZone),
    ]);
  // NULL sorts before all values and no range holds for it: begin behind its one byte.
  const afterNull = Buffer.concat([prefixKey, Buffer.from([1])]);
  const loose = isStringType(part.column.type);
  const low = range.low === undefined ? afterNull : keyOf(range.low.value);
  const start = range.low !== undefined && !range.low.inclusive && !loose ? prefixEnd(low) : low;
  const high = range.high === undefined ? undefined : keyOf(range.high.value);
  const end =
    high === undefined ? prefixEnd(prefixKey) : range.high?.inclusive === true || loose ? prefixEnd(high) : high;
  return { start, end };
}

/** All entries of an index. */
export function allEntries(layout: TableLayout, index: IndexInfo): KeyRange {
  const start = indexPrefix(BigInt(layout.physicalId), BigInt(index.id));
  return { start, end: prefixEnd(start) };
}
