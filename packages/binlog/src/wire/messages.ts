import { BinlogError } from '../errors.js';
import { asBuffer } from './fields.js';

/** Runs a generated decoder; what it throws becomes `MALFORMED`, named after the message. */
export function decodeMessage<T>(name: string, bytes: Uint8Array, decode: (bytes: Buffer) => T): T {
  try {
    return decode(asBuffer(bytes));
  } catch (error) {
    const text =
      error instanceof RangeError ? 'unexpected EOF' : error instanceof Error ? error.message : String(error);
    throw new BinlogError('MALFORMED', `${name}: ${text}`, { cause: error });
  }
}
