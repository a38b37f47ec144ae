import type { IEvent, IWatchCreateRequest, IWatchResponse } from 'etcd3';
import { whenAborted } from '../when-aborted.js';
import { decodeKeyValue } from './decode.js';
import { publish } from './diagnostics.js';
import { int64 } from './encode.js';
import { EtcdError } from './errors.js';
import { type KeyRange, toKeyRange } from './key-selector.js';
import type { KeySelector, WatchBatch, WatchEvent, WatchOptions } from './types.js';
import type { HubWatch, WatchHub } from './watch-hub.js';

const defaultMaxBuffered = 10_000;
const noput = 0;
const nodelete = 1;

interface Waiter {
  readonly resolve: (result: IteratorResult<WatchBatch, undefined>) => void;
  readonly reject: (error: EtcdError) => void;
}

/**
 * A watch that stands: iterate it once, close it when done (leaving the loop does).
 *
 * Each batch holds whole revisions, in order, none twice. After a lost connection the watch goes on at the revision after
 * the last event it took in, as Go's client does (client/v3/watch.go), and never at the header's revision, which runs
 * ahead of the events while etcd replays history.
 */
export class Watch implements AsyncIterable<WatchBatch> {
  /** The first revision this watch delivers; settled once the server has set it up. */
  readonly ready: Promise<bigint>;
  readonly #hub: WatchHub;
  readonly #range: KeyRange;
  readonly #options: WatchOptions;
  readonly #maxBuffered: number;
  readonly #target: HubWatch;
  readonly #abort = () => {
    this.#end(new EtcdError('ABORTED', 'watch: aborted', { cause: this.#options.signal?.reason }), true);
  };
  #settleReady: { resolve(revision: bigint): void; reject(error: EtcdError): void } | undefined;
  #nextRevision: bigint | undefined;
  #fragments: IEvent[] = [];
  #batches: WatchBatch[] = [];
  #buffered = 0;
  #parked = false;
  #waiters: Waiter[] = [];
  #ended: { readonly error: EtcdError | undefined } | undefined;

  constructor(hub: WatchHub, selector: KeySelector, options: WatchOptions) {
    this.#hub = hub;
    this.#range = toKeyRange(selector);
    this.#options = options;
    this.#maxBuffered = options.maxBuffered ?? defaultMaxBuffered;
    if (!(this.#maxBuffered >= 1)) {
      throw new EtcdError('INVALID_ARGUMENT', `maxBuffered is ${options.maxBuffered}: it must be at least 1`);
    }
    if (options.startRevision !== undefined) {
      int64(options.startRevision, 'startRevision');
      if (options.startRevision < 1n) {
        throw new EtcdError(
          'INVALID_ARGUMENT',
          `startRevision is ${options.startRevision}: the first revision is 1; leave it out for "from now"`,
        );
      }
    }
    this.#nextRevision = options.startRevision;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Whoever iterates hears of the failure there.
    this.ready.catch(() => undefined);
    this.#target = {
      request: () => this.#request(),
      onCreated: (revision) => this.#created(revision),
      onResponse: (response) => this.#response(response),
      onEnd: (error) => this.#end(error.code === 'CLOSED' ? undefined : error, false),
    };
    whenAborted(options.signal, this.#abort);
    hub.add(this.#target);
  }

  /** Ends the watch; what is buffered is dropped. */
  close(): void {
    this.#end(undefined, true);
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchBatch, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #request(): IWatchCreateRequest {
    // Half a revision that came in fragments is fetched anew.
    this.#fragments = [];
    const { key, rangeEnd } = this.#range;
    const { filter, prevKv } = this.#options;
    return {
      key,
      ...(rangeEnd === undefined ? {} : { range_end: rangeEnd }),
      ...(this.#nextRevision === undefined ? {} : { start_revision: this.#nextRevision.toString() }),
      ...(filter === undefined ? {} : { filters: [filter === 'put' ? nodelete : noput] }),
      prev_kv: prevKv ?? false,
      // Always asked for: it moves an idle watch forward, so that a compaction does not overtake it.
      progress_notify: true,
      fragment: true,
    };
  }

  #created(revision: bigint): void {
    this.#nextRevision ??= revision + 1n;
    this.#settleReady?.resolve(this.#nextRevision);
    this.#settleReady = undefined;
  }

  #response(response: IWatchResponse): void {
    if (response.fragment) {
      this.#fragments.push(...response.events);
      return;
    }
    const raw = this.#fragments.length === 0 ? response.events : [...this.#fragments, ...response.events];
    this.#fragments = [];
    const from = this.#nextRevision ?? 0n;
    const events: WatchEvent[] = [];
    for (const event of raw) {
      const decoded = decodeEvent(event);
      if (decoded.kv.modRevision >= from) events.push(decoded);
    }
    const revision = events.at(-1)?.kv.modRevision ?? (raw.length === 0 ? BigInt(response.header.revision) : 0n);
    if (revision < from) return;
    this.#nextRevision = revision + 1n;
    if (events.length > 0 || this.#options.progressNotify) this.#deliver({ events, revision });
  }

  #deliver(batch: WatchBatch): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: batch });
      return;
    }
    this.#batches.push(batch);
    this.#buffered += Math.max(1, batch.events.length);
    if (this.#buffered < this.#maxBuffered) return;
    const key = this.#range.key.toString();
    const facts = { key, buffered: this.#buffered, fromRevision: batch.revision + 1n };
    publish('slowConsumer', facts);
    if (this.#options.slowConsumer === 'fail') {
      this.#hub.logger?.warn(facts, 'watch ended, its consumer is too slow');
      const message = `watch of ${JSON.stringify(key)}: ${this.#buffered} events wait for the consumer, maxBuffered is ${this.#maxBuffered}; take them faster, raise it, or watch again from revision ${batch.revision + 1n}`;
      this.#end(new EtcdError('SLOW_CONSUMER', message, { retryable: true }), false);
      return;
    }
    this.#hub.logger?.warn(facts, 'watch parked, its consumer is too slow');
    this.#parked = true;
    this.#hub.remove(this.#target);
  }

  #next(): Promise<IteratorResult<WatchBatch, undefined>> {
    const batch = this.#batches.shift();
    if (batch !== undefined) {
      this.#buffered -= Math.max(1, batch.events.length);
      if (this.#parked && this.#buffered <= this.#maxBuffered / 2) {
        this.#parked = false;
        this.#hub.add(this.#target);
      }
      return Promise.resolve({ done: false, value: batch });
    }
    if (this.#ended !== undefined) {
      const { error } = this.#ended;
      this.#ended = { error: undefined };
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  #end(error: EtcdError | undefined, dropBuffered: boolean): void {
    if (dropBuffered) {
      this.#batches = [];
      this.#buffered = 0;
    }
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    this.#parked = false;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#hub.remove(this.#target);
    this.#settleReady?.reject(error ?? new EtcdError('CLOSED', 'watch: closed before it was set up'));
    this.#settleReady = undefined;
    const [first, ...rest] = this.#waiters.splice(0);
    if (first === undefined) return;
    this.#ended = { error: undefined };
    if (error === undefined) first.resolve({ done: true, value: undefined });
    else first.reject(error);
    for (const waiter of rest) waiter.resolve({ done: true, value: undefined });
  }
}

function decodeEvent(event: IEvent): WatchEvent {
  return {
    // etcd3's codec gives the names of enums.
    type: event.type === 'Delete' ? 'delete' : 'put',
    kv: decodeKeyValue(event.kv),
    prevKv: event.prev_kv ? decodeKeyValue(event.prev_kv) : undefined,
  };
}
