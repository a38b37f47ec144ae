import { EtcdError } from './client/errors.js';
import { persist } from './client/persist.js';
import type { Session } from './session.js';

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
 * The tenure of one session's key. The watch that notices a deletion starts when `signal` is first read, at the revision
 * after the one that confirmed the tenure, so nothing between is missed and nobody pays for a signal that is not used.
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
    session.signal.addEventListener('abort', this.#onSessionEnd, { once: true });
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
    const { client } = this.#session;
    let startRevision = this.#confirmedRevision + 1n;
    while (!signal.aborted) {
      try {
        for await (const batch of client.watch(this.key, { startRevision, signal })) {
          if (batch.events.some((event) => event.type === 'delete')) return this.#deleted();
        }
      } catch (error) {
        if (EtcdError.from(error).code === 'CLOSED') return this.end(EtcdError.from(error));
      }
      // The watch ended before the tenure did (compaction, a consumer held up): look, and watch on from there.
      try {
        const seen = await persist(signal, () => client.get(this.key, { signal }));
        if (seen.kv?.createRevision !== this.createRevision) return this.#deleted();
        startRevision = seen.revision + 1n;
      } catch (error) {
        return this.end(EtcdError.from(error));
      }
    }
  }

  #deleted(): void {
    this.end(new EtcdError('SESSION_LOST', `the key ${this.key} was deleted while it was held`));
  }
}
