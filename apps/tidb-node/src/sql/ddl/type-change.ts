import { SqlError } from '../errors.js';
import { typeText } from '../show/type-text.js';
import { type FieldType, isStringType, Tp } from '../types/field-type.js';

const DATES: ReadonlySet<number> = new Set([Tp.Date, Tp.DateTime, Tp.Timestamp]);
const TIMES: ReadonlySet<number> = new Set([...DATES, Tp.Duration, Tp.Year]);
const FRACTIONS: ReadonlySet<number> = new Set([Tp.NewDecimal, Tp.Float, Tp.Double]);
const LISTS: ReadonlySet<number> = new Set([Tp.Enum, Tp.Set]);

/** Refuses the changes of a column's type whose values TiDB does not convert. Error 8200. */
export function checkTypeChange(from: FieldType, to: FieldType): void {
  const refused =
    (to.Tp === Tp.Bit && (isStringType(from) || TIMES.has(from.Tp) || from.Tp === Tp.Json)) ||
    (LISTS.has(to.Tp) && (TIMES.has(from.Tp) || FRACTIONS.has(from.Tp) || from.Tp === Tp.Json || from.Tp === Tp.Bit)) ||
    (DATES.has(to.Tp) && (LISTS.has(from.Tp) || FRACTIONS.has(from.Tp) || from.Tp === Tp.Bit)) ||
    (to.Tp === Tp.Duration && (LISTS.has(from.Tp) || from.Tp === Tp.Bit));
  if (!refused) return;
  const change = `change from original type ${typeText(from)} to ${typeText(to)}`;
  throw new SqlError(
    8200,
    `Unsupported modify column: [ddl:8200]Unsupported modify column: ${change} is currently unsupported yet`,
  );
}
