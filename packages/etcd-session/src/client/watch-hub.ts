import type { IWatchCreateRequest, IWatchRequest, IWatchResponse } from 'etcd3';
import type { Calls } from './calls.js';
import { EtcdError } from './errors.js';
import { rpc } from './rpc.js';
import { RpcStream } from './rpc-stream.js';
import type { EtcdClientOptions, Logger } from './types.js';

/** A watch as the hub sees it. */
export interface HubWatch {
  /** What to ask for now: from the first revision that was not taken in yet. */
  request(): IWatchCreateRequest;
  /** The server has set it up; `revision` is the store's at that moment. */
  onCreated(revision: bigint): void;
  onResponse(response: IWatchResponse): void;
  /** It is over and will not be set up again. */
  onEnd(error: EtcdError): void;
}

interface Creation {
  readonly watch: HubWatch;
  wanted: boolean;
}

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** An unused stream is kept for a moment: waits that follow each other then share it. */
const lingerMs = 1_000;
const defaultPatienceMs = 3_000;

/**
 * All watches of a client on one stream. When the stream breaks or falls silent, a new one is opened (on another member,
 * where there is one) and every watch is set up again from where it stood.
 */
export class WatchHub {
  readonly #calls: Calls;
  readonly #logger: Logger | undefined;
  readonly #patienceMs: number;
  readonly #watches = new Set<HubWatch>();
  readonly #byId = new Map<string, HubWatch>();
  readonly #ids = new Map<HubWatch, string>();
  /** What was asked for and not answered yet: etcd answers in the order of asking. */
  #creations: Creation[] = [];
  #stream: RpcStream<IWatchRequest, IWatchResponse> | undefined;
  #opening = false;
  #reopen: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heard = false;
  #asked = false;
  #answersProgress = false;
  #pauseMs = firstPauseMs;
  #reconnects = 0;
  #closed = false;

  constructor(calls: Calls, options: EtcdClientOptions) {
    this.#calls = calls;
    this.#logger = options.logger;
    this.#patienceMs = options.keepaliveTimeoutMs ?? defaultPatienceMs;
  }

  stats(): { readonly watches: number; readonly watchReconnects: number } {
    return { watches: this.#watches.size, watchReconnects: this.#reconnects };
  }

  get logger(): Logger | undefined {
    return this.#logger;
  }

  add(watch: HubWatch): void {
    if (this.#closed) {
      watch.onEnd(new EtcdError('CLOSED', 'watch: this client has been closed; make a new one'));
      return;
    }
    clearTimeout(this.#linger);
    this.#watches.add(watch);
    if (this.#stream === undefined) this.#open();
    else this.#create(watch);
  }

  remove(watch: HubWatch): void {
    if (!this.#watches.delete(watch)) return;
    const id = this.#ids.get(watch);
    if (id !== undefined) {
      this.#forget(watch, id);
      this.#stream?.send({ cancel_request: { watch_id: id } });
    }
    for (const creation of this.#creations) if (creation.watch === watch) creation.wanted = false;
    if (this.#watches.size > 0 || this.#closed) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#drop(), lingerMs);
  }

  /** Ends all watches and the stream. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    for (const watch of [...this.#watches]) {
      this.#watches.delete(watch);
      watch.onEnd(new EtcdError('CLOSED', 'watch: the client was closed'));
    }
  }

  #open(): void {
    if (this.#stream !== undefined || this.#opening || this.#reopen !== undefined || this.#closed) return;
    this.#opening = true;
    let mine: RpcStream<IWatchRequest, IWatchResponse> | undefined;
    let early: EtcdError | undefined;
    RpcStream.open(this.#calls, rpc.watch, {
      onMessage: (response) => {
        if (mine !== undefined && mine === this.#stream) this.#message(response);
      },
      onEnd: (error) => {
        if (mine === undefined) early = error;
        else if (mine === this.#stream) this.#broken(error);
      },
    }).then(
      (stream) => {
        this.#opening = false;
        if (this.#closed || this.#watches.size === 0) {
          stream.close();
          return;
        }
        mine = stream;
        this.#stream = stream;
        this.#startHeartbeat();
        for (const watch of this.#watches) this.#create(watch);
        if (early !== undefined) this.#broken(early);
      },
      (error) => {
        this.#opening = false;
        this.#broken(EtcdError.from(error));
      },
    );
  }

  #create(watch: HubWatch): void {
    this.#creations.push({ watch, wanted: true });
    this.#stream?.send({ create_request: watch.request() });
  }

  #message(response: IWatchResponse): void {
    this.#heard = true;
    this.#pauseMs = firstPauseMs;
    if (response.created) {
      this.#created(response);
      return;
    }
    const watch = this.#byId.get(response.watch_id);
    if (watch === undefined) {
      // The answer to a progress request belongs to no watch in particular.
      if (response.events.length === 0 && !response.canceled) this.#answersProgress = true;
      return;
    }
    if (response.canceled) this.#canceled(watch, response);
    else watch.onResponse(response);
  }

  #created(response: IWatchResponse): void {
    const creation = this.#creations.shift();
    if (creation === undefined) return;
    const { watch, wanted } = creation;
    if (response.canceled) {
      if (wanted) this.#canceled(watch, response);
      return;
    }
    if (!wanted) {
      this.#stream?.send({ cancel_request: { watch_id: response.watch_id } });
      return;
    }
    this.#byId.set(response.watch_id, watch);
    this.#ids.set(watch, response.watch_id);
    watch.onCreated(BigInt(response.header.revision));
  }

  #canceled(watch: HubWatch, response: IWatchResponse): void {
    const id = this.#ids.get(watch);
    if (id !== undefined) this.#forget(watch, id);
    const compactRevision = BigInt(response.compact_revision);
    const reason = response.cancel_reason || 'the server canceled it';
    const end = (error: EtcdError) => {
      this.#watches.delete(watch);
      watch.onEnd(error);
    };
    if (compactRevision > 0n) {
      const asked = String(watch.request().start_revision ?? 'now');
      const message = `watch from revision ${asked}: history before ${compactRevision} has been compacted; read the present state and watch from there, or use follow()`;
      end(new EtcdError('COMPACTED', message, { compactRevision }));
    } else if (/permission denied|authentication failed/i.test(reason)) {
      end(new EtcdError('AUTH', `watch: ${reason} (grant the user a role for these keys)`));
    } else if (/duplicate|invalid|empty|not provided|not supported/i.test(reason) && !/auth token/i.test(reason)) {
      end(new EtcdError('INVALID_ARGUMENT', `watch: ${reason}`));
    } else {
      // No leader, a stale token, a server that shuts down: the watch goes on elsewhere.
      this.#calls.token.reset();
      this.#stream?.abandon(reason);
      this.#broken(new EtcdError('UNAVAILABLE', `watch: ${reason}`, { retryable: true }));
    }
  }

  /** The stream is gone: all watches are set up again on the next. */
  #broken(error: EtcdError): void {
    this.#drop();
    if (this.#closed || this.#watches.size === 0) return;
    if (error.code === 'AUTH' && !error.retryable) {
      for (const watch of [...this.#watches]) {
        this.#watches.delete(watch);
        watch.onEnd(error);
      }
      return;
    }
    this.#reconnects++;
    this.#logger?.warn(
      { code: error.code, reason: error.rawMessage, watches: this.#watches.size },
      'watch stream broke',
    );
    const inMs = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#reopen = setTimeout(() => {
      this.#reopen = undefined;
      this.#open();
    }, inMs);
  }

  #drop(): void {
    clearTimeout(this.#reopen);
    this.#reopen = undefined;
    clearTimeout(this.#linger);
    clearInterval(this.#heartbeat);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    this.#creations = [];
    this.#byId.clear();
    this.#ids.clear();
  }

  #forget(watch: HubWatch, id: string): void {
    this.#ids.delete(watch);
    this.#byId.delete(id);
  }

  /**
   * Asks a silent stream for its progress, and leaves it when it does not answer. The gRPC keepalive alone does not do:
   * etcd forbids it to be quick, and a member that is stopped below gRPC may still answer pings.
   */
  #startHeartbeat(): void {
    this.#heard = false;
    this.#asked = false;
    this.#answersProgress = false;
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      if (this.#heard) {
        this.#heard = false;
        this.#asked = false;
      } else if (!this.#asked) {
        this.#asked = true;
        this.#stream?.send({ progress_request: {} });
      } else if (this.#answersProgress) {
        // After a pause of this process, answers may wait in the socket: they are read before the verdict.
        setImmediate(() => {
          if (this.#heard || this.#stream === undefined) return;
          this.#stream.abandon('silent watch stream');
          this.#broken(new EtcdError('UNAVAILABLE', 'the watch stream fell silent', { retryable: true }));
        });
      }
    }, this.#patienceMs);
  }
}
