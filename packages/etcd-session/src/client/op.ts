import type { Bytes, DeleteOptions, KeySelector, Op, PutOptions, RangeOptions, Txn } from './types.js';

/** Operations of a transaction; each takes what the client's call of that name takes. */
export const op = {
  range: (key: KeySelector, options: RangeOptions = {}): Op => ({ kind: 'range', key, options }),
  get: (key: Bytes, options: RangeOptions = {}): Op => ({ kind: 'range', key, options }),
  put: (key: Bytes, value: Bytes, options: PutOptions = {}): Op => ({ kind: 'put', key, value, options }),
  delete: (key: KeySelector, options: DeleteOptions = {}): Op => ({ kind: 'delete', key, options }),
  txn: (txn: Txn): Op => ({ kind: 'txn', txn }),
} as const;
