import { SqlError } from '../errors.js';
import type { ColumnDefinition } from '../parse/ddl-ast.js';
import { typeText } from '../show/type-text.js';
import { type FieldType, Flag, isStringType, Tp } from '../types/field-type.js';

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

/** Error 8200 for what CHANGE and MODIFY cannot add to a column. */
export function refuseConstraints({ options }: ColumnDefinition): void {
  for (const { kind } of options) {
    const constraint = kind === 'unique' ? 'UNIQUE KEY' : kind === 'primaryKey' ? 'PRIMARY KEY' : undefined;
    if (constraint !== undefined) throw new SqlError(8200, `can't change column constraint (${constraint})`);
    if (kind === 'references' || kind === 'check')
      throw new SqlError(8200, `Unsupported modify column: can't modify with ${kind}`);
  }
}

/** Error 8200 for a column that gets AUTO_INCREMENT, since its values were not counted, or loses it unasked. */
export function checkAutoIncrement(from: FieldType, to: FieldType, canRemove: boolean): void {
  const [had, has] = [from, to].map((type) => (type.Flag & Flag.AutoIncrement) !== 0);
  if (has && !had) throw new SqlError(8200, "Unsupported modify column: can't set auto_increment");
  if (had && !has && !canRemove) {
    throw new SqlError(
      8200,
      "Unsupported modify column: can't remove auto_increment without @@tidb_allow_remove_auto_inc enabled",
    );
  }
}
