import type { Logger } from '@tidb-js/etcd-session';
import type { WriteResult } from '../pumps/pumps-client.js';
import type { BinlogInit } from '../wire/binlog.js';

/** Writes binlogs: a {@link PumpsClient}, or whatever stands for it. */
export interface BinlogWriter {
  write(binlog: BinlogInit, options?: { readonly signal?: AbortSignal }): Promise<WriteResult>;
}

/**
 * Commit and Rollback binlogs on their way, which nobody waits for. Bounded; what does not fit, or fails, is counted and logged: the
 * pump then asks the storage for the outcome.
 */
export class FinishQueue {
  readonly #writer: BinlogWriter;
  readonly #limit: number;
  readonly #logger: Logger | undefined;
  readonly #underWay = new Map<Promise<void>, BinlogInit>();
  #lost = 0;

  constructor(writer: BinlogWriter, limit: number, logger: Logger | undefined) {
    this.#writer = writer;
    this.#limit = limit;
    this.#logger = logger;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** How many were given up. */
  get lost(): number {
    return this.#lost;
  }

  add(binlog: BinlogInit): void {
    if (this.#underWay.size >= this.#limit) {
      this.#lose(binlog, new Error(`${this.#limit} outcomes are waiting already`));
      return;
    }
    const write: Promise<void> = this.#writer
      .write(binlog)
      .then(
        () => undefined,
        // One that was given up is counted already.
        (error: unknown) => this.#underWay.has(write) && this.#lose(binlog, error),
      )
      .then(() => void this.#underWay.delete(write));
    this.#underWay.set(write, binlog);
  }

  /** Waits for all that are under way; those that are when the signal fires are given up. */
  async drain(signal?: AbortSignal): Promise<void> {
    while (this.#underWay.size > 0 && !signal?.aborted) {
      const ended = Promise.all(this.#underWay.keys());
      await (signal === undefined ? ended : Promise.race([ended, aborted(signal)]));
    }
    for (const binlog of this.#underWay.values()) this.#lose(binlog, signal?.reason);
    this.#underWay.clear();
  }

  #lose(binlog: BinlogInit, error: unknown): void {
    this.#lost++;
    const { startTs, type } = binlog;
    this.#logger?.error(
      { err: error, startTs, type },
      'an outcome was not written; the pump will ask the storage for it',
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
