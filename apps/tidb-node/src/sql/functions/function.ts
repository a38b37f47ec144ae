import type { FieldType } from '../types/field-type.js';
import type { SqlValue } from '../types/value.js';
import type { Evaluation } from './context.js';

/** A value that is not NULL. */
export type Present = Exclude<SqlValue, null>;

/** An expression that is ready to run: its type, and how it is computed from a row. */
export interface Compiled {
  readonly type: FieldType;
  /** True when it reads no row. */
  readonly constant: boolean;
  /** True for a value that stands in the statement and is not NULL. */
  readonly present?: boolean;
  readonly evaluate: (row: readonly SqlValue[], c: Evaluation) => SqlValue;
  /** As errors quote it. */
  readonly text: string;
}

interface Definition {
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number];
  readonly type: (args: readonly FieldType[], compiled: readonly Compiled[]) => FieldType;
  /** Its value changes between calls, so that it is no constant. */
  readonly volatile?: boolean;
}

/** A function whose result is NULL when an argument is. */
export interface StrictFunction extends Definition {
  /** `collate` is the collation that its texts are compared by. */
  readonly evaluate: (args: readonly Present[], c: Evaluation, text: string, collate: string) => SqlValue;
}

/** A function that looks at NULL arguments itself. */
export interface NullableFunction extends Definition {
  readonly evaluateNulls: (args: readonly SqlValue[], c: Evaluation, text: string, collate: string) => SqlValue;
}

export type SqlFunction = StrictFunction | NullableFunction;

export type FunctionTable = Readonly<Record<string, SqlFunction>>;

/** The argument at a place; functions check their arity before they run. */
export function at<T>(args: readonly T[], index: number): T {
  const value = args[index];
  if (value === undefined) throw new RangeError(`argument ${index} is missing`);
  return value;
}
