import { compare } from './client/compare.js';
import { toBuffer, toKeyRange } from './client/key-selector.js';
import { op } from './client/op.js';
import type { Bytes, Compare, KeySelector, Op } from './client/types.js';
import type { StmPair } from './stm.js';

interface Write {
  readonly key: Buffer;
  /** Undefined for a deletion. */
  readonly value: Buffer | undefined;
  readonly lease: bigint | undefined;
}

/** What a software transaction is going to write: for each key the last word. */
export class WriteSet {
  readonly #writes = new Map<string, Write>();

  get size(): number {
    return this.#writes.size;
  }

  get(key: Bytes): Write | undefined {
    return this.#writes.get(toBuffer(key).toString('hex'));
  }

  put(key: Bytes, value: Bytes, lease: bigint | undefined): void {
    this.#set({ key: Buffer.from(toBuffer(key)), value: Buffer.from(toBuffer(value)), lease });
  }

  delete(key: Bytes): void {
    this.#set({ key: Buffer.from(toBuffer(key)), value: undefined, lease: undefined });
  }

  /** What was read of a range, as these writes leave it. */
  overlay(selector: KeySelector, pairs: readonly StmPair[]): readonly StmPair[] {
    const seen = new Map<string, StmPair>();
    for (const { key, value } of pairs) seen.set(key.toString('hex'), { key, value });
    for (const [name, { key, value }] of this.#writes) {
      if (!covers(selector, key)) continue;
      if (value === undefined) seen.delete(name);
      else seen.set(name, { key, value });
    }
    return [...seen.values()].sort((a, b) => Buffer.compare(a.key, b.key));
  }

  /** Holds while nobody has written any of these keys after the revision. */
  compares(revision: bigint): Compare[] {
    if (revision === 0n) return [];
    return [...this.#writes.values()].map(({ key }) => compare.mod(key, '<', revision + 1n));
  }

  operations(): Op[] {
    return [...this.#writes.values()].map(({ key, value, lease }) => {
      if (value === undefined) return op.delete(key);
      return op.put(key, value, lease === undefined ? {} : { lease });
    });
  }

  #set(write: Write): void {
    this.#writes.set(write.key.toString('hex'), write);
  }
}

function covers(selector: KeySelector, candidate: Buffer): boolean {
  const { key, rangeEnd } = toKeyRange(selector);
  if (rangeEnd === undefined) return candidate.equals(key);
  const toTheLast = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return Buffer.compare(candidate, key) >= 0 && (toTheLast || Buffer.compare(candidate, rangeEnd) < 0);
}
