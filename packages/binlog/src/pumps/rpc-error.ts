import { type ServiceError, status } from '@grpc/grpc-js';
import { BinlogError } from '../errors.js';

/** What a refused or failed write means. Pumps written in Go answer every refusal with UNKNOWN and a text. */
export function writeErrorOf(code: number, details: string, cause?: unknown): BinlogError {
  if (code === status.RESOURCE_EXHAUSTED || /ResourceExhausted|received message larger than max/.test(details)) {
    return new BinlogError('TOO_LARGE', `binlog data is too large (${details}); split the transaction`, { cause });
  }
  if (details.includes('cluster ID are mismatch')) {
    return new BinlogError('WRONG_CLUSTER', `${details}; check clusterId`, { cause });
  }
  if (code === status.UNAVAILABLE) {
    // Only a connection that was never made says for sure that nothing was written.
    const outcomeUnknown = !/No connection established|ECONNREFUSED|ENOENT|ENOTFOUND/.test(details);
    return new BinlogError('UNAVAILABLE', details, { cause, outcomeUnknown });
  }
  if (code === status.CANCELLED) return new BinlogError('ABORTED', details, { cause, outcomeUnknown: true });
  const outcomeUnknown = code === status.DEADLINE_EXCEEDED;
  return new BinlogError('WRITE_FAILED', details, { cause, outcomeUnknown });
}

/** As {@link writeErrorOf}, for what grpc-js hands over. */
export function writeErrorOfService(error: ServiceError): BinlogError {
  return writeErrorOf(error.code, error.details, error);
}
