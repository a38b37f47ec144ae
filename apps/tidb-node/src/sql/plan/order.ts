import type { Compiled } from '../functions/function.js';
import { compareValues } from '../types/compare.js';
import type { Row } from '../types/value.js';

/** One expression of ORDER BY. */
export interface SortKey {
  readonly compiled: Compiled;
  readonly descending: boolean;
}

/** Sorts rows by the values that stand from `from` on in each of them. NULL sorts first; equal rows keep their order. */
export function sortRows(rows: Row[], keys: readonly SortKey[], from: number): Row[] {
  return rows.sort((left, right) => {
    for (const [index, { compiled, descending }] of keys.entries()) {
      const a = left[from + index] ?? null;
      const b = right[from + index] ?? null;
      if (a === null && b === null) continue;
      const order = a === null ? -1 : b === null ? 1 : compareValues(a, b, compiled.type.Collate, () => undefined);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}
