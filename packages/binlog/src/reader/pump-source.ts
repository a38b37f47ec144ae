import type { Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { Backoff, pause } from '../pumps/backoff.js';
import { openPumpClient, type PumpTls } from '../pumps/connection.js';
import type { PulledBinlog } from '../wire/pump-stream.js';
import { type PullDoor, type PulledBatch, pull } from './pull.js';

/** What each pump's source is told alike. */
export interface PullSettings {
  readonly clusterId: bigint;
  readonly tls: PumpTls | undefined;
  /** Binlogs, and bytes of them, that may wait for the merge; the stream is not read further then. */
  readonly maxBuffered: number;
  readonly maxBufferedBytes: number;
  /** A connection on which nothing came for so long is made anew. */
  readonly silenceMs: number;
  readonly logger: Logger | undefined;
}

export interface PumpSourceOptions extends PullSettings {
  readonly nodeId: string;
  readonly host: string;
  /** Exclusive. */
  readonly after: bigint;
  readonly onChange: () => void;
}

/** One pump's binlogs, in ascending commit_ts. Reconnects by itself and goes on after the last that it took in. */
export class PumpSource {
  readonly nodeId: string;
  /** What ended it for good. */
  failure: BinlogError | undefined;
  readonly #options: PumpSourceOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #host: string;
  #taken: bigint;
  /** Where the pump ends, once it is known to. */
  #lastCommitTs: bigint | undefined;
  #ended = false;
  #queue: PulledBinlog[] = [];
  #head = 0;
  #bytes = 0;
  #whenRoom: (() => void) | undefined;

  constructor(options: PumpSourceOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.#host = options.host;
    this.#taken = options.after;
    this.#running = this.#run();
  }

  /** Used from the next connection on. */
  set host(host: string) {
    this.#host = host;
  }

  /** Everything up to here was taken in; undefined when nothing follows. */
  get watermark(): bigint | undefined {
    return this.#ended ? undefined : this.#taken;
  }

  /** Whether the pump is going, or gone. */
  get leaving(): boolean {
    return this.#lastCommitTs !== undefined;
  }

  /** Whether nothing of it is left to give. */
  get finished(): boolean {
    return this.#ended && this.first === undefined;
  }

  /** The oldest that waits. */
  get first(): PulledBinlog | undefined {
    return this.#queue[this.#head];
  }

  shift(): PulledBinlog | undefined {
    const binlog = this.first;
    if (binlog === undefined) return undefined;
    this.#head++;
    this.#bytes -= binlog.payload.length;
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (!this.#full) this.#whenRoom?.();
    return binlog;
  }

  /**
   * The pump takes nothing more: what it still has, up to this commit_ts, is read as long as its stream lasts. What waits here is not
   * lost.
   */
  leave(lastCommitTs: bigint): void {
    this.#lastCommitTs = lastCommitTs;
    if (this.#taken >= lastCommitTs) this.#end();
  }

  async close(): Promise<void> {
    this.#end();
    await this.#running;
  }

  get #full(): boolean {
    const { maxBuffered, maxBufferedBytes } = this.#options;
    return this.#queue.length - this.#head >= maxBuffered || this.#bytes >= maxBufferedBytes;
  }

  #end(): void {
    this.#ended = true;
    this.#abort.abort();
    this.#whenRoom?.();
  }

  async #run(): Promise<void> {
    const { logger, nodeId, onChange } = this.#options;
    const { signal } = this.#abort;
    const backoff = new Backoff(100, 5_000);
    const door: PullDoor = { batches: true };
    while (!signal.aborted) {
      try {
        for await (const { binlogs, watermark } of this.#pull(door)) {
          backoff.reset();
          this.#take(binlogs, watermark);
          await this.#room();
        }
      } catch (error) {
        if (signal.aborted) break;
        const failure = BinlogError.from(error);
        if (!failure.retryable) {
          this.failure = failure;
          break;
        }
        logger?.warn({ err: failure, nodeId }, 'a pull from a pump ended; it is resumed');
      }
      if (this.#lastCommitTs !== undefined && !signal.aborted) {
        const [from, to] = [this.#taken, this.#lastCommitTs];
        logger?.error({ nodeId, from, to }, 'a pump left before all of it was read; what it had in between is missing');
        this.#end();
      }
      await pause(backoff.next(), signal).catch(() => undefined);
    }
    onChange();
  }

  /** One connection's batches. It ends when nothing came for too long: a pump says something every few seconds. */
  async *#pull(door: PullDoor): AsyncGenerator<PulledBatch, void, undefined> {
    const { clusterId, tls, silenceMs } = this.#options;
    const client = openPumpClient(this.#host, tls);
    const silence = new AbortController();
    let waitsForRoom = false;
    const timer = setTimeout(() => (waitsForRoom ? timer.refresh() : silence.abort()), silenceMs);
    try {
      const signal = AbortSignal.any([this.#abort.signal, silence.signal]);
      for await (const batch of pull(client, clusterId, this.#taken, door, signal)) {
        waitsForRoom = true;
        yield batch;
        waitsForRoom = false;
        timer.refresh();
      }
    } catch (error) {
      if (!silence.signal.aborted) throw error;
      throw new BinlogError('UNAVAILABLE', `nothing came from the pump for ${silenceMs} ms`, { cause: error });
    } finally {
      clearTimeout(timer);
      client.close();
    }
  }

  #take(binlogs: readonly PulledBinlog[], watermark: bigint): void {
    for (const binlog of binlogs) {
      if (binlog.commitTs <= this.#taken) {
        throw new BinlogError(
          'OUT_OF_ORDER',
          `pump ${this.nodeId} sent commit_ts ${binlog.commitTs} after ${this.#taken}`,
        );
      }
      this.#taken = binlog.commitTs;
      // A fake only says how far the pump is.
      if (binlog.startTs === binlog.commitTs) continue;
      this.#queue.push(binlog);
      this.#bytes += binlog.payload.length;
    }
    if (watermark > this.#taken) this.#taken = watermark;
    if (this.#lastCommitTs !== undefined && this.#taken >= this.#lastCommitTs) this.#end();
    this.#options.onChange();
  }

  async #room(): Promise<void> {
    while (this.#full && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#whenRoom = resolve;
      });
      this.#whenRoom = undefined;
    }
  }
}
