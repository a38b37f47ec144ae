import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { PumpError } from '../errors.js';

/**
 * The gRPC status of a failure. What a real Pump refuses with an error of Go it sends as UNKNOWN with the bare text, and
 * clients look at the text; so do we. Codes of our own stand only where a real Pump is silent.
 */
export function statusOf(failure: unknown): StatusObject {
  const error = PumpError.from(failure);
  return { code: codeOf(error), details: error.message, metadata: new Metadata() };
}

/** The number alone, as the stream of many writes sends it. */
export function codeOf(error: PumpError): number {
  if (error.code === 'POSITION_COLLECTED') return status.OUT_OF_RANGE;
  if (error.code === 'CORRUPTED') return status.DATA_LOSS;
  if (error.code === 'CLOSED') return status.UNAVAILABLE;
  return status.UNKNOWN;
}
