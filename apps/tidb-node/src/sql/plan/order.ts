import type { Compiled } from '../functions/function.js';
import { compareValues } from '../types/compare.js';
import type { Row, SqlValue } from '../types/value.js';

/** One expression of ORDER BY. */
export interface SortKey {
  readonly compiled: Compiled;
  readonly descending: boolean;
}

/** The order of two values; NULL comes first. */
export function compareNullable(a: SqlValue, b: SqlValue, collate: string): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compareValues(a, b, collate, () => undefined);
}

/** The order of two rows by the values that stand from `from` on in each of them. */
export function compareKeys(
  left: readonly SqlValue[],
  right: readonly SqlValue[],
  keys: readonly SortKey[],
  from = 0,
): number {
  for (const [index, { compiled, descending }] of keys.entries()) {
    const order = compareNullable(left[from + index] ?? null, right[from + index] ?? null, compiled.type.Collate);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

/** Sorts rows by the values that stand from `from` on in each of them; equal rows keep their order. */
export function sortRows(rows: Row[], keys: readonly SortKey[], from: number): Row[] {
  return rows.sort((left, right) => compareKeys(left, right, keys, from));
}
