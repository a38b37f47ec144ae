import type { Op, RangeOptions } from './types.js';

/** An answer with more pairs keeps its neighbours waiting. */
const fewKeys = 16;

/**
 * How many ranges a request adds to a transaction of nothing but ranges; 0 when it cannot travel so: it writes, has conditions, asks for many
 * keys, for the past, or for what one member holds at present.
 */
export function flatReads(op: Op): number {
  if (op.kind === 'range') return isQuick(op) ? 1 : 0;
  if (op.kind !== 'txn') return 0;
  const { compare = [], success = [], failure = [] } = op.txn;
  if (compare.length > 0 || failure.length > 0) return 0;
  return success.every((each) => each.kind === 'range' && isQuick(each)) ? success.length : 0;
}

function isQuick({ key, options }: Extract<Op, { readonly kind: 'range' }>): boolean {
  if (options.serializable === true || options.revision !== undefined) return false;
  return typeof key === 'string' || key instanceof Uint8Array || isFew(options);
}

function isFew({ limit = 0, countOnly = false }: RangeOptions): boolean {
  return countOnly || (limit > 0 && limit <= fewKeys);
}
