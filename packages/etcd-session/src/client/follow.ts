import { EtcdError } from './errors.js';
import type { EtcdClient } from './etcd-client.js';
import { toBuffer, toKeyRange } from './key-selector.js';
import type { Bytes, FollowBatch, FollowChange, FollowOptions, KeySelector, KeyValue } from './types.js';

const pageSize = 1_000;

/**
 * The present state of some keys, kept up to date. The first batch is what there is; each further one is what changed. When
 * etcd has compacted the history that was missed, the keys are listed anew and the differences delivered, so the
 * state is never wrong for good, though steps in between may be left out.
 *
 * Iterate it once: the state moves with the iteration.
 */
export class Follow implements AsyncIterable<FollowBatch> {
  readonly #client: EtcdClient;
  readonly #selector: KeySelector;
  readonly #options: FollowOptions;
  readonly #state = new Map<string, KeyValue>();
  #revision = 0n;

  constructor(client: EtcdClient, selector: KeySelector, options: FollowOptions) {
    toKeyRange(selector);
    this.#client = client;
    this.#selector = selector;
    this.#options = options;
  }

  /** The state is that of this revision; 0 before the first batch. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The pair as of the last batch. */
  get(key: Bytes): KeyValue | undefined {
    return this.#state.get(toBuffer(key).toString('latin1'));
  }

  /** All pairs as of the last batch. */
  entries(): readonly KeyValue[] {
    return [...this.#state.values()];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FollowBatch, undefined> {
    const { signal } = this.#options;
    for (;;) {
      yield await this.#list();
      await using watch = this.#client.watch(this.#selector, {
        startRevision: this.#revision + 1n,
        ...(signal && { signal }),
      });
      try {
        for await (const { events, revision } of watch) {
          const changes = events.map((event) => this.#apply(event.type === 'put' ? event.kv : undefined, event.kv.key));
          this.#revision = revision;
          yield { changes, revision, listed: false };
        }
        return undefined;
      } catch (error) {
        if (EtcdError.from(error).code !== 'COMPACTED') throw error;
      }
    }
  }

  /** Reads all keys, page by page at one revision, and tells how they differ from the state. */
  async #list(): Promise<FollowBatch> {
    for (;;) {
      try {
        return await this.#listAtOneRevision();
      } catch (error) {
        // Compacted between two pages: begin again at a newer revision.
        if (EtcdError.from(error).code !== 'COMPACTED') throw error;
      }
    }
  }

  async #listAtOneRevision(): Promise<FollowBatch> {
    const { signal } = this.#options;
    const call = signal ? { signal } : {};
    const { key: first, rangeEnd: end } = toKeyRange(this.#selector);
    const seen = new Map<string, KeyValue>();
    let from = first;
    let revision: bigint | undefined;
    for (;;) {
      const selector = end === undefined ? from : { key: from, end };
      const page = await this.#client.range(selector, {
        limit: pageSize,
        ...(revision !== undefined && { revision }),
        ...call,
      });
      revision ??= page.revision;
      for (const kv of page.kvs) seen.set(kv.key.toString('latin1'), kv);
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) break;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
    const changes: FollowChange[] = [];
    for (const [name, old] of this.#state) if (!seen.has(name)) changes.push(this.#apply(undefined, old.key));
    for (const [name, kv] of seen) {
      if (this.#state.get(name)?.modRevision !== kv.modRevision) changes.push(this.#apply(kv, kv.key));
    }
    this.#revision = revision;
    return { changes, revision, listed: true };
  }

  #apply(kv: KeyValue | undefined, key: Buffer): FollowChange {
    const name = key.toString('latin1');
    const previous = this.#state.get(name);
    if (kv === undefined) this.#state.delete(name);
    else this.#state.set(name, kv);
    return { key, kv, previous };
  }
}
