import { BinlogError } from '../errors.js';

/** How the generated code gives and takes 64-bit numbers: two halves. */
interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;
const zero: Halves = { low: 0, high: 0, unsigned: false };

function halves(value: bigint, unsigned: boolean): Halves {
  const low = Number(BigInt.asUintN(32, value)) | 0;
  const high = Number(BigInt.asUintN(32, value >> 32n)) | 0;
  return { low, high, unsigned };
}

/** For the generated encoder. `field` names the field in the error of a number that does not fit. */
export function int64(value: bigint, field: string): Halves {
  if (value === 0n) return zero;
  if (value < minInt64 || value > maxInt64) {
    throw new BinlogError('INVALID_VALUE', `${field} is ${value}, which does not fit a signed 64-bit number`);
  }
  return halves(value, false);
}

/** As {@link int64}, for an unsigned field. */
export function uint64(value: bigint, field: string): Halves {
  if (value < 0n || value > maxUint64) {
    throw new BinlogError('INVALID_VALUE', `${field} is ${value}, which does not fit an unsigned 64-bit number`);
  }
  return halves(value, true);
}

/** From the generated decoder: a Long, or a number where a default stands in the prototype. */
export function fromInt64(value: Halves | number | null | undefined): bigint {
  if (typeof value === 'number') return BigInt(value);
  if (value === null || value === undefined || (value.low === 0 && value.high === 0)) return 0n;
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}

/** As {@link fromInt64}, for an unsigned field. */
export function fromUint64(value: Halves | number | null | undefined): bigint {
  return BigInt.asUintN(64, fromInt64(value));
}
