import { Duration } from './duration.js';
import type { DateTime } from './time.js';

/** A time as JSON holds it: a date as it is, any other with all six digits of its second. */
export function timeInJson(value: DateTime | Duration): string {
  if (value instanceof Duration) return new Duration(value.micros, 6).toString();
  return value.kind === 'date' ? value.toString() : value.as(value.kind, 6).toString();
}
