import { SqlError } from '../errors.js';
import type { EvaluationSession } from '../functions/context.js';

/** Error 1235 for what has no effect, as in TiDB, unless `tidb_enable_noop_functions` lets it pass. */
export function refuseNoop(what: string, session: Pick<EvaluationSession, 'systemVariable' | 'warn'>): void {
  const setting = session.systemVariable('session', 'tidb_enable_noop_functions');
  if (setting === 'ON') return;
  const message = `function ${what} has only noop implementation in tidb now, use tidb_enable_noop_functions to enable these functions`;
  if (setting !== 'WARN') throw new SqlError(1235, message);
  session.warn('Warning', 1235, message);
}
