import type { ScopeColumn } from '../plan/scope.js';
import { dateTimeType, type FieldType, INT_TYPE, makeType, stringType, Tp } from '../types/field-type.js';
import { toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';

/** A result that is made whole: of SHOW and ADMIN. */
export interface ShowResult {
  readonly columns: readonly ScopeColumn[];
  readonly rows: readonly SqlValue[][];
}

export type ShowColumn = string | readonly [string, 'int' | 'datetime' | FieldType];

/** A SHOW result: text columns are as wide as their widest value, at least five characters, as TiDB describes them. */
export function showResult(columns: readonly ShowColumn[], rows: readonly SqlValue[][]): ShowResult {
  return {
    columns: columns.map((column, index) => {
      const [name, kind] = typeof column === 'string' ? [column, undefined] : column;
      const type = typeOf(kind, index, rows);
      return { db: '', table: '', orgTable: '', name, orgName: name, type: { ...type, Decimal: 0 } };
    }),
    rows,
  };
}

function typeOf(
  kind: 'int' | 'datetime' | FieldType | undefined,
  index: number,
  rows: readonly SqlValue[][],
): FieldType {
  if (kind === 'int') return { ...INT_TYPE, Flag: 0 };
  if (kind === 'datetime') return { ...dateTimeType(0), Flag: 0 };
  if (kind !== undefined) return kind;
  let width = 5;
  for (const row of rows) {
    const value = row[index] ?? null;
    if (value !== null) width = Math.max(width, [...toText(value)].length);
  }
  return stringType(width);
}

export const LEVEL_COLUMNS: readonly ShowColumn[] = [
  ['Level', stringType(64)],
  ['Code', makeType(Tp.Long, { Flag: 32, Flen: 19, Decimal: 0 })],
  ['Message', stringType(64)],
];
