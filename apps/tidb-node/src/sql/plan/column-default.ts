import type { ColumnInfo } from '@tidb-js/ddl-jobs';
import type { Evaluation } from '../functions/context.js';
import { now } from '../functions/time-conversion.js';
import { parseExpressionText } from '../parse/index.js';
import { storedDefault } from '../table/layout.js';
import { isNotNull } from '../types/column-cast.js';
import { Flag } from '../types/field-type.js';
import { DateTime } from '../types/time.js';
import type { SqlValue } from '../types/value.js';
import { compile } from './compile.js';
import type { Planner } from './planner.js';
import { EMPTY_SCOPE } from './scope.js';

/** How a column's default is computed for a row; it gives undefined when there is none. */
export function columnDefault(
  column: ColumnInfo,
  s: { readonly evaluation: Evaluation; readonly planner: Pick<Planner, 'context'> },
): () => SqlValue | undefined {
  const raw = column.default;
  if (typeof raw === 'string' && /^current_timestamp/i.test(raw) && (column.type.Tp === 7 || column.type.Tp === 12)) {
    return () =>
      now(s.evaluation, Math.max(column.type.Decimal, 0)).as(column.type.Tp === 7 ? 'timestamp' : 'datetime');
  }
  if (column.default_is_expr && typeof raw === 'string') {
    const compiled = compile(parseExpressionText(raw), s.planner.context(EMPTY_SCOPE, 'default'));
    return () => compiled.evaluate([], s.evaluation);
  }
  const value = storedDefault(column, 'default');
  if (value !== null) {
    const zone = s.evaluation.session.timeZone;
    return () => (column.type.Tp === 7 && value instanceof DateTime ? zone.fromUtc(value) : value);
  }
  const none = (column.type.Flag & Flag.NoDefaultValue) !== 0 || isNotNull(column.type);
  return () => (none ? undefined : null);
}
