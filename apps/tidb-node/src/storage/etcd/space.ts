import type { EtcdClient, KeyValue, OpResult, RangeResult, TxnResult } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import type { Lock } from '../store.js';
import type { Layout } from './layout.js';
import { decodeLock } from './record.js';

/** The piece of etcd a store works in. */
export interface Space {
  readonly client: EtcdClient;
  readonly layout: Layout;
}

/** The answer of the `at`-th operation of a transaction, which was a range. */
export function rangeAt(results: readonly OpResult[], at: number): RangeResult {
  const result = results[at];
  if (result?.kind !== 'range') {
    throw new StorageError(
      'CORRUPT',
      `etcd answered operation ${at} with ${result?.kind ?? 'nothing'} instead of a range`,
    );
  }
  return result;
}

/** The first pair of a range's answer. */
export function firstOf(results: readonly OpResult[], at: number): KeyValue | undefined {
  return rangeAt(results, at).kvs[0];
}

/** A lock out of the pair it lies in. */
export function lockOf(layout: Layout, kv: KeyValue, answer: TxnResult | RangeResult): Lock {
  return {
    ...decodeLock(kv.value),
    key: layout.parseLock(kv.key),
    modRevision: kv.modRevision,
    seenRevision: answer.revision,
  };
}
