import {
  type CallOptions,
  type EtcdClient,
  EtcdError,
  type KeySelector,
  type KeyValue,
  type Op,
  type OpResult,
  op,
  type RangeResult,
  type WatchBatch,
} from '@tidb-js/etcd-session';
import { Deadline } from './deadline.js';
import { Backoff, type RetryPolicy, retrying } from './retry.js';
import { SyncerError } from './syncer-error.js';

/** A pair as a {@link KeyView} holds it. */
export interface ViewedKey {
  readonly text: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
}

/** How long a view that nobody uses is kept, so that the barriers of one job share a watch. */
const lingerMs = 30_000;

/**
 * Keys of etcd, held here and kept up by one watch: the state at one revision, which only goes forward. All who look at
 * the same keys through the same client share a view.
 */
export class KeyView {
  static readonly #shared = new WeakMap<EtcdClient, Map<string, KeyView>>();

  /** The view of `selector`: the one there is, or a new one. Begin with {@link retain}. */
  static of(client: EtcdClient, selector: KeySelector, policy: RetryPolicy): KeyView {
    const views = KeyView.#shared.get(client) ?? new Map<string, KeyView>();
    KeyView.#shared.set(client, views);
    const name = JSON.stringify(selector);
    const view = views.get(name) ?? new KeyView(client, selector, policy, () => views.delete(name));
    views.set(name, view);
    return view;
  }

  /** Has views of one client take in everything that was written before this call, by one request, and tries until they have. */
  static async catchUp(views: readonly KeyView[], deadline: Deadline, doing: string): Promise<void> {
    const [first] = views;
    if (first === undefined) return;
    await retrying(first.#policy, Number.POSITIVE_INFINITY, deadline, doing, async (call) => {
      const asked = views.map((view) => view.#ask());
      const { results } = await first.#client.txn({ success: asked.map(({ question }) => question) }, call);
      await Promise.all(
        views.map(async (view, index) => {
          const answer = results[index];
          if (answer === undefined || !asked[index]?.take(answer)) await view.#list(call);
        }),
      );
    });
  }

  readonly #client: EtcdClient;
  readonly #selector: KeySelector;
  readonly #policy: RetryPolicy;
  readonly #forget: () => void;
  readonly #listeners = new Set<() => void>();
  #keys = new Map<string, ViewedKey>();
  #revision = 0n;
  #users = 0;
  #stopping: AbortController | undefined;
  #linger: NodeJS.Timeout | undefined;
  #failure: SyncerError | undefined;

  private constructor(client: EtcdClient, selector: KeySelector, policy: RetryPolicy, forget: () => void) {
    this.#client = client;
    this.#selector = selector;
    this.#policy = policy;
    this.#forget = forget;
  }

  /** The pairs by key. Throws when the view can no longer be kept up, as after its client was closed. */
  get keys(): ReadonlyMap<string, ViewedKey> {
    if (this.#failure) throw this.#failure;
    return this.#keys;
  }

  /** Whether the pairs are kept up at the moment. */
  get following(): boolean {
    return this.#revision > 0n && this.#failure === undefined && this.#stopping !== undefined;
  }

  /** Has the view kept up until the function that it returns is called. */
  retain(): () => void {
    this.#users += 1;
    clearTimeout(this.#linger);
    if (this.#stopping === undefined) {
      this.#stopping = new AbortController();
      void this.#follow(new Deadline('Following keys', {}, this.#stopping.signal));
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#linger = setTimeout(() => this.#stop(), lingerMs).unref();
    };
  }

  /** Calls `changed` after every change; returns how to stop that. */
  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** Takes in everything that was written before this call, and tries until it has. */
  async catchUp(deadline: Deadline, doing: string): Promise<void> {
    await KeyView.catchUp([this], deadline, doing);
  }

  /**
   * Asks etcd only for what is newer than the view, and for the number of keys, which tells whether one was deleted; returns the function
   * that takes the answer in, and tells whether that was enough.
   */
  #ask(): { readonly question: Op; readonly take: (answer: OpResult) => boolean } {
    const since = this.#revision;
    const question = op.range(this.#selector, since === 0n ? {} : { minModRevision: since + 1n });
    const take = (answer: OpResult): boolean => {
      if (answer.kind !== 'range') return false;
      if (since === 0n) this.#replace(answer);
      else return this.#add(answer);
      return true;
    };
    return { question, take };
  }

  #add({ kvs, count, revision }: RangeResult): boolean {
    if (revision <= this.#revision) return true;
    const keys = new Map(this.#keys);
    for (const kv of kvs) keys.set(kv.key.toString(), viewed(kv));
    if (BigInt(keys.size) !== count) return false;
    if (kvs.length > 0) this.#keys = keys;
    this.#revision = revision;
    if (kvs.length > 0) this.#changed();
    return true;
  }

  async #follow(deadline: Deadline): Promise<void> {
    const { signal } = deadline;
    let backoff = new Backoff(this.#policy);
    while (!signal.aborted) {
      try {
        await this.#list({ signal, timeoutMs: this.#policy.tryTimeoutMs });
        backoff = new Backoff(this.#policy);
        for await (const batch of this.#client.watch(this.#selector, { startRevision: this.#revision + 1n, signal }))
          this.#apply(batch);
      } catch (caught) {
        if (signal.aborted) return;
        const error = EtcdError.from(caught);
        if (error.code === 'CLOSED') return this.#fail(SyncerError.from(error, 'Following keys'));
        if (error.code !== 'COMPACTED')
          this.#policy.logger?.warn({ selector: this.#selector, err: error }, 'watch ended, listing again');
      }
      await backoff.pause(deadline).catch(() => {});
    }
  }

  async #list(call: CallOptions): Promise<void> {
    this.#replace(await this.#client.range(this.#selector, call));
  }

  #replace({ kvs, revision }: RangeResult): void {
    // The watch may be ahead of an answer that came late; an older state must not replace a newer one.
    if (revision < this.#revision) return;
    const isFirst = this.#revision === 0n;
    const known = kvs.every((kv) => this.#keys.get(kv.key.toString())?.modRevision === kv.modRevision);
    const isNews = isFirst || !known || kvs.length !== this.#keys.size;
    this.#keys = new Map(kvs.map((kv) => [kv.key.toString(), viewed(kv)]));
    this.#revision = revision;
    // The watch's own listing and a catch-up can both be the first: the second tells nothing.
    if (isNews) this.#changed();
  }

  #apply({ events, revision }: WatchBatch): void {
    const since = this.#revision;
    let changed = false;
    for (const { type, kv } of events) {
      if (kv.modRevision <= since) continue;
      changed = true;
      if (type === 'put') this.#keys.set(kv.key.toString(), viewed(kv));
      else this.#keys.delete(kv.key.toString());
    }
    if (revision > since) this.#revision = revision;
    if (changed) this.#changed();
  }

  #fail(error: SyncerError): void {
    this.#failure = error;
    this.#forget();
    this.#changed();
  }

  #stop(): void {
    this.#forget();
    this.#stopping?.abort();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function viewed({ value, createRevision, modRevision }: KeyValue): ViewedKey {
  return { text: value.toString(), createRevision, modRevision };
}
