import { setMaxListeners } from 'node:events';
import { SyncerError } from './syncer-error.js';

/**
 * Whether a node is counted: from registration to the loss of its session, again from a restart, and never after close.
 * The signal of one life is aborted once; the next life has another.
 */
export class Liveness {
  /** Aborts for good when the syncer is closed. */
  readonly closed: AbortSignal;
  readonly #closing = new AbortController();
  #life = newLife();
  #done = whenAborted(this.#life.signal);
  #state: 'new' | 'live' | 'lost' | 'closed' = 'new';

  constructor() {
    this.closed = this.#closing.signal;
    setMaxListeners(0, this.closed);
  }

  get state(): 'new' | 'live' | 'lost' | 'closed' {
    return this.#state;
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  get done(): Promise<Error> {
    return this.#done;
  }

  /** A life begins. */
  begin(): void {
    if (this.#state === 'closed') return;
    if (this.#life.signal.aborted) {
      this.#life = newLife();
      this.#done = whenAborted(this.#life.signal);
    }
    this.#state = 'live';
  }

  /** The life whose signal is `of` ends; one that has ended already is not ended again. */
  lose(reason: SyncerError, of: AbortSignal = this.#life.signal): void {
    if (this.#state !== 'live' || of !== this.#life.signal) return;
    this.#state = 'lost';
    this.#life.abort(reason);
  }

  /** Ends everything; returns false when that had been done. */
  close(): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'closed';
    const reason = closedError();
    this.#life.abort(reason);
    this.#closing.abort(reason);
    return true;
  }

  /** Throws `NOT_INITIALIZED`, `SESSION_LOST` or `CLOSED` unless live. */
  assertLive(): void {
    if (this.#state === 'live') return;
    if (this.#state === 'new')
      throw new SyncerError('NOT_INITIALIZED', 'This node is not registered; call init() first');
    this.assertOpen();
    const cause: unknown = this.#life.signal.reason;
    throw new SyncerError('SESSION_LOST', "This node's session has ended and owners may not count it; call restart()", {
      cause,
    });
  }

  /** Throws `CLOSED` after close. */
  assertOpen(): void {
    if (this.#state === 'closed') throw closedError();
  }
}

function newLife(): AbortController {
  const life = new AbortController();
  // Every call under way listens.
  setMaxListeners(0, life.signal);
  return life;
}

function closedError(): SyncerError {
  return new SyncerError('CLOSED', 'The syncer has been closed; make a new one');
}

function whenAborted(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason as Error), { once: true });
  });
}
