import { type FieldType, Tp } from './field-type.js';
import type { SqlValue } from './value.js';

/** The double with the fewest digits that is the same 32-bit float: 0.1 for what a FLOAT keeps as 0.10000000149011612. */
export function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}

/** A value as its text shows it: a FLOAT by the digits of a float. */
export function asShown<T extends SqlValue>(value: T, type: FieldType): T | number {
  return typeof value === 'number' && type.Tp === Tp.Float ? shortestFloat(value) : value;
}
