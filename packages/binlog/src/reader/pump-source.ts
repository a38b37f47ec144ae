import type { Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { Backoff, pause } from '../pumps/backoff.js';
import { openPumpClient, type PumpTls } from '../pumps/connection.js';
import type { PulledBinlog } from '../wire/pump-stream.js';
import { type PullDoor, pull } from './pull.js';

export interface PumpSourceOptions {
  readonly nodeId: string;
  readonly host: string;
  readonly clusterId: bigint;
  /** Exclusive. */
  readonly after: bigint;
  readonly tls: PumpTls | undefined;
  /** Binlogs that may wait for the merge; the stream is not read further then. */
  readonly maxBuffered: number;
  readonly onChange: () => void;
  readonly logger: Logger | undefined;
}

/** One pump's binlogs, in ascending commit_ts. Reconnects by itself and goes on after the last that it took in. */
export class PumpSource {
  readonly nodeId: string;
  /** Everything up to here was taken in. */
  watermark: bigint;
  /** What ended it for good. */
  failure: BinlogError | undefined;
  readonly #options: PumpSourceOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #host: string;
  #queue: PulledBinlog[] = [];
  #head = 0;
  #whenRoom: (() => void) | undefined;

  constructor(options: PumpSourceOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.#host = options.host;
    this.watermark = options.after;
    this.#running = this.#run();
  }

  /** Used from the next connection on. */
  set host(host: string) {
    this.#host = host;
  }

  /** The oldest that waits. */
  get first(): PulledBinlog | undefined {
    return this.#queue[this.#head];
  }

  shift(): PulledBinlog | undefined {
    const binlog = this.#queue[this.#head];
    if (binlog === undefined) return undefined;
    this.#head++;
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.#queue.length - this.#head < this.#options.maxBuffered) this.#whenRoom?.();
    return binlog;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#whenRoom?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clusterId, tls, logger } = this.#options;
    const { signal } = this.#abort;
    const backoff = new Backoff(100, 5_000);
    const door: PullDoor = { batches: true };
    while (!signal.aborted) {
      const client = openPumpClient(this.#host, tls);
      try {
        for await (const { binlogs, watermark } of pull(client, clusterId, this.watermark, door, signal)) {
          backoff.reset();
          this.#take(binlogs, watermark);
          await this.#room();
          if (signal.aborted) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = BinlogError.from(error);
        if (!failure.retryable) {
          this.failure = failure;
          this.#options.onChange();
          return;
        }
        logger?.warn({ err: failure, nodeId: this.nodeId }, 'a pull from a pump ended; it is resumed');
      } finally {
        client.close();
      }
      await pause(backoff.next(), signal).catch(() => undefined);
    }
  }

  #take(binlogs: readonly PulledBinlog[], watermark: bigint): void {
    for (const binlog of binlogs) {
      if (binlog.commitTs <= this.watermark) {
        throw new BinlogError(
          'OUT_OF_ORDER',
          `pump ${this.nodeId} sent commit_ts ${binlog.commitTs} after ${this.watermark}`,
        );
      }
      this.watermark = binlog.commitTs;
      // A fake only says how far the pump is.
      if (binlog.startTs !== binlog.commitTs) this.#queue.push(binlog);
    }
    if (watermark > this.watermark) this.watermark = watermark;
    this.#options.onChange();
  }

  async #room(): Promise<void> {
    while (this.#queue.length - this.#head >= this.#options.maxBuffered && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#whenRoom = resolve;
      });
      this.#whenRoom = undefined;
    }
  }
}
