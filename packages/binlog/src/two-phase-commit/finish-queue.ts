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
  readonly #underWay = new Set<Promise<void>>();
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
        (error: unknown) => this.#lose(binlog, error),
      )
      .finally(() => this.#underWay.delete(write));
    this.#underWay.add(write);
  }

  /** Waits for all that are under way. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
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
