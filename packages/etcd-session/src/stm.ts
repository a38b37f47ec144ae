import type { Bytes, KeySelector } from './client/types.js';

/** Go's four levels, from the strictest to the loosest. */
export type StmIsolation = 'serializable-snapshot' | 'serializable' | 'repeatable-reads' | 'read-committed';

export interface StmOptions {
  /** Default `serializable-snapshot`. */
  readonly isolation?: StmIsolation;
  /** How often the body may run before `CONFLICT`; default 32. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** What the body of a software transaction works with. */
export interface StmTransaction {
  /** The value, this transaction's own writes included. */
  get(key: Bytes): Promise<Buffer | undefined>;
  /** The pairs that a selector names, by key, this transaction's own writes included. */
  range(selector: KeySelector): Promise<readonly { readonly key: Buffer; readonly value: Buffer }[]>;
  /** The revision of the key's last change, 0n if there is no such key. */
  revision(key: Bytes): Promise<bigint>;
  put(key: Bytes, value: Bytes, options?: { readonly lease?: bigint }): void;
  delete(key: Bytes): void;
}
