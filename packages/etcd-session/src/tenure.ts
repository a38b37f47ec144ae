import { EtcdError } from './client/errors.js';
import { persist } from './client/persist.js';
import type { Session } from './session.js';
import { whenAborted } from './when-aborted.js';

/** The head of a queue: what a won election or an acquired lock gives. */
export interface Tenure {
  /** The key that stands for it. */
  readonly key: string;
  /** The creation revision of that key: a fencing token that grows from holder to holder. */
  readonly createRevision: bigint;
  /** Aborts when the tenure is lost (the session ended, the key was deleted by whomever) or given up; its reason is an {@link EtcdError}. */
  readonly signal: AbortSignal;
}

/**
 * The tenure of one session's key. The watch that notices a deletion starts when `signal` is first read; the key is read
 * then if anything was written since the tenure was confirmed, so nothing between is missed and nobody pays for a signal that is not used.
 */
export class KeyTenure implements Tenure {
  readonly #session: Session;
  readonly #confirmedRevision: bigint;
  readonly #controller = new AbortController();
  readonly #onSessionEnd: () => void;
  #watching = false;

  constructor(
    session: Session,
    readonly key: string,
    readonly createRevision: bigint,
    confirmedRevision: bigint,
  ) {
    this.#session = session;
    this.#confirmedRevision = confirmedRevision;
    this.#onSessionEnd = () => this.end(session.signal.reason);
    whenAborted(session.signal, this.#onSessionEnd);
    if (session.signal.aborted) this.end(session.signal.reason);
  }

  get signal(): AbortSignal {
    if (!this.#watching && !this.ended) {
      this.#watching = true;
      void this.#watchKey();
    }
    return this.#controller.signal;
  }

  get ended(): boolean {
    return this.#controller.signal.aborted;
  }

  end(reason: EtcdError): void {
    this.#session.signal.removeEventListener('abort', this.#onSessionEnd);
    this.#controller.abort(reason);
  }

  async #watchKey(): Promise<void> {
    const { signal } = this.#controller;
    let nextRevision: bigint | undefined = this.#confirmedRevision + 1n;
    try {
      // A watch that ends before the tenure does (compaction) begins anew, and the key is read again.
      while (nextRevision !== undefined) nextRevision = await this.#watchFrom(nextRevision, signal);
      this.#deleted();
    } catch (error) {
      this.end(EtcdError.from(error));
    }
  }

  /**
   * Resolves with `undefined` when the key has been deleted, and with the first revision that was not seen when the watch could not go on.
   *
   * It watches from now on, and not from `nextRevision`, which may lie in the past: that is served up to 100 ms late. What was between is seen by reading.
   */
  async #watchFrom(nextRevision: bigint, signal: AbortSignal): Promise<bigint | undefined> {
    const { client } = this.#session;
    let unseen = nextRevision;
    await using watch = client.watch(this.key, { filter: 'delete', signal });
    try {
      if ((await watch.ready) > nextRevision) {
        const { kv, revision } = await persist(signal, () => client.get(this.key, { keysOnly: true, signal }));
        if (kv?.createRevision !== this.createRevision) return undefined;
        unseen = revision + 1n;
      }
      for await (const { events } of watch) if (events.length > 0) return undefined;
    } catch (error) {
      if (EtcdError.from(error).code !== 'COMPACTED') throw error;
    }
    return unseen;
  }

  #deleted(): void {
    this.end(new EtcdError('SESSION_LOST', `the key ${this.key} was deleted while it was held`));
  }
}
