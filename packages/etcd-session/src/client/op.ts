import type { Bytes, DeleteOptions, KeySelector, Op, PutOptions, RangeOptions, Txn } from './types.js';

type OpOf<Kind extends Op['kind']> = Extract<Op, { readonly kind: Kind }>;

/** Operations of a transaction; each takes what the client's call of that name takes. */
export const op = {
  range: (key: KeySelector, options: RangeOptions = {}): OpOf<'range'> => ({ kind: 'range', key, options }),
  get: (key: Bytes, options: RangeOptions = {}): OpOf<'range'> => ({ kind: 'range', key, options }),
  put: (key: Bytes, value: Bytes, options: PutOptions = {}): OpOf<'put'> => ({ kind: 'put', key, value, options }),
  delete: (key: KeySelector, options: DeleteOptions = {}): OpOf<'delete'> => ({ kind: 'delete', key, options }),
  txn: (txn: Txn): OpOf<'txn'> => ({ kind: 'txn', txn }),
} as const;
