import { compare } from './client/compare.js';
import type { EtcdClient } from './client/etcd-client.js';
import { toBuffer, toKeyRange } from './client/key-selector.js';
import { op } from './client/op.js';
import type { Bytes, CallOptions, Compare, KeySelector, KeyValue, Op, RangeResult } from './client/types.js';

interface Read {
  readonly selector: KeySelector;
  readonly single: boolean;
  readonly result: Promise<RangeResult>;
}

/** What a software transaction has read: each thing once, and all of it at one revision if the isolation asks for that. */
export class ReadSet {
  readonly #client: EtcdClient;
  readonly #oneRevision: boolean;
  readonly #options: CallOptions;
  readonly #reads = new Map<string, Read>();
  readonly #answered: { readonly selector: KeySelector; readonly single: boolean; readonly result: RangeResult }[] = [];
  /** The read that fixes the revision of all later ones. */
  #first: Promise<RangeResult> | undefined;
  #revision = 0n;

  constructor(client: EtcdClient, oneRevision: boolean, options: CallOptions) {
    this.#client = client;
    this.#oneRevision = oneRevision;
    this.#options = options;
  }

  /** The revision of the first read; 0n when nothing was read. */
  get revision(): bigint {
    return this.#revision;
  }

  async get(key: Bytes): Promise<KeyValue | undefined> {
    return (await this.#read(key, true)).kvs[0];
  }

  async range(selector: KeySelector): Promise<readonly KeyValue[]> {
    const single = typeof selector === 'string' || selector instanceof Uint8Array;
    return (await this.#read(selector, single)).kvs;
  }

  /**
   * Holds while nothing that was read has changed: each pair stands at the revision it was read with (so none was changed or deleted), and a
   * range holds nothing newer than its reading (so none was added).
   */
  compares(): Compare[] {
    const compares: Compare[] = [];
    for (const { selector, single, result } of this.#answered) {
      if (single) {
        compares.push(compare.mod(selector, '=', result.kvs[0]?.modRevision ?? 0n));
        continue;
      }
      for (const kv of result.kvs) compares.push(compare.mod(kv.key, '=', kv.modRevision));
      compares.push(compare.mod(selector, '<', result.revision + 1n));
    }
    return compares;
  }

  /** Reads everything anew, for {@link prefill}. */
  operations(): Op[] {
    return this.#answered.map(({ selector }) => op.range(selector));
  }

  /** Begins with what {@link operations} of an earlier run found, all at one revision. */
  prefill(results: readonly RangeResult[], earlier: ReadSet, revision: bigint): void {
    for (const [i, { selector, single }] of earlier.#answered.entries()) {
      const found = results[i];
      if (found === undefined) continue;
      const result = { ...found, revision };
      this.#reads.set(nameOf(selector), { selector, single, result: Promise.resolve(result) });
      this.#answer(selector, single, result);
    }
  }

  #read(selector: KeySelector, single: boolean): Promise<RangeResult> {
    const name = nameOf(selector);
    let read = this.#reads.get(name);
    if (read === undefined) {
      read = { selector, single, result: this.#ask(selector, single) };
      this.#reads.set(name, read);
    }
    return read.result;
  }

  async #ask(selector: KeySelector, single: boolean): Promise<RangeResult> {
    let result: RangeResult;
    if (this.#revision === 0n && this.#first === undefined) {
      this.#first = this.#client.range(selector, this.#options);
      result = await this.#first;
    } else {
      if (this.#oneRevision) await this.#first;
      const at = this.#oneRevision ? { revision: this.#revision } : {};
      result = await this.#client.range(selector, { ...this.#options, ...at });
      // An answer for an older revision still carries the newest in its header.
      if (this.#oneRevision) result = { ...result, revision: this.#revision };
    }
    this.#answer(selector, single, result);
    return result;
  }

  #answer(selector: KeySelector, single: boolean, result: RangeResult): void {
    if (this.#revision === 0n) this.#revision = result.revision;
    this.#answered.push({ selector, single, result });
  }
}

/** A name for a selector that binary keys cannot confuse. */
function nameOf(selector: KeySelector): string {
  const { key, rangeEnd } = toKeyRange(selector);
  return `${key.toString('hex')}-${rangeEnd === undefined ? '' : toBuffer(rangeEnd).toString('hex')}`;
}
