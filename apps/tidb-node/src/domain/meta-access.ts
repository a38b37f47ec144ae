import { Meta } from '@tidb-js/ddl-jobs';
import { StorageError } from '../storage/errors.js';
import type { Snapshot, StoreCallOptions, Transaction } from '../storage/types.js';

/** The metadata as a reader of the store sees it; what is written goes to `writer`, and without one nothing can be. */
export function metaOf(reader: Snapshot, options: StoreCallOptions, writer?: Transaction): Meta {
  const writable = () => {
    if (writer === undefined) throw new StorageError('INVALID', 'a snapshot of the metadata cannot be written to');
    return writer;
  };
  return new Meta({
    get: (key) => reader.get(key, options),
    scan: async (range, scanOptions = {}) => {
      const pairs = [];
      for await (const pair of reader.scan(range, { ...options, ...scanOptions })) pairs.push(pair);
      return pairs;
    },
    set: (key, value) => writable().set(key, value),
    delete: (key) => writable().delete(key),
  });
}
