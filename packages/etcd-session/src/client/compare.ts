import type { Bytes, Compare, KeySelector } from './types.js';

type CompareTarget = Compare['target'];
type CompareResult = Compare['result'];

function revisionCompare(target: CompareTarget) {
  return (key: KeySelector, result: CompareResult, value: bigint): Compare => ({ target, key, result, value });
}

/**
 * Conditions of a transaction. A key that does not exist has version, create revision, mod revision and lease 0, and no
 * value: a compare of its value never holds. A range holds when every key in it does.
 *
 * @example
 * // only if the key does not exist yet
 * compare.create('jobs/7', '=', 0n)
 */
export const compare = {
  version: revisionCompare('version'),
  create: revisionCompare('create'),
  mod: revisionCompare('mod'),
  lease: revisionCompare('lease'),
  value: (key: KeySelector, result: CompareResult, value: Bytes): Compare => ({ target: 'value', key, result, value }),
} as const;
