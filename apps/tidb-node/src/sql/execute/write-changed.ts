import type { Handle } from '@tidb-js/binlog/codec';
import { SqlError } from '../errors.js';
import type { Row } from '../types/value.js';
import type { RowWriter } from './row-writer.js';
import type { WriteStatement } from './statement.js';

/** Writes a changed row; with IGNORE a taken key leaves the row as it was, with a warning. */
export async function writeChanged(
  writer: RowWriter,
  before: Row,
  after: Row,
  handle: Handle,
  ignore: boolean,
  s: WriteStatement,
): Promise<boolean> {
  const mark = s.txn.savepoint();
  const binlogMark = s.mutations.savepoint();
  try {
    await writer.update(before, after, handle);
    return true;
  } catch (error) {
    if (!ignore || !SqlError.is(error) || error.errno !== 1062) throw error;
    s.txn.rollbackTo(mark);
    s.mutations.rollbackTo(binlogMark);
    s.warn('Warning', 1062, error.message);
    return false;
  }
}
