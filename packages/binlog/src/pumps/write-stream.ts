import { type Client, type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { BinlogError } from '../errors.js';
import { pumpStreamService, type WriteBinlogsRequest, type WriteBinlogsResponse } from '../wire/pump-stream.js';
import { writeErrorOf, writeErrorOfService } from './rpc-error.js';

/** A write that waits for its acknowledgement. */
export interface PendingWrite {
  readonly payload: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: BinlogError) => void;
  /** When it has to be acknowledged, on the monotonic clock. */
  readonly deadline: number;
}

/** Writes that may be sent and unacknowledged at once. */
const windowWrites = 8_192;
const windowBytes = 32 << 20;
/** What one message carries at the most. */
const messageWrites = 512;
const messageBytes = 1 << 20;

export interface WriteStreamOptions {
  readonly client: Client;
  readonly clusterId: bigint;
  /** Called for each message from the pump. */
  readonly onAnswer: () => void;
  /** The pump has no such door: all of these are to be written another way. */
  readonly onUnsupported: (writes: PendingWrite[]) => void;
}

/**
 * The faster door's write side: many writes under way on one stream, answered in order. What is waiting at the same moment travels in
 * one message. When the stream breaks, what was sent and not answered fails with an unknown outcome, and the next write opens a new
 * one.
 */
export class WriteStream {
  readonly #options: WriteStreamOptions;
  #call: ClientDuplexStream<WriteBinlogsRequest, WriteBinlogsResponse> | undefined;
  #waiting: PendingWrite[] = [];
  #sent: PendingWrite[] = [];
  /** Index in #sent of the first that is unanswered; the array is cut now and then. */
  #head = 0;
  #sentBytes = 0;
  /** Number of the last write sent, and of the last that was answered. */
  #sequence = 0n;
  #settled = 0n;
  #flushing = false;
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WriteStreamOptions) {
    this.#options = options;
  }

  write(pending: PendingWrite): void {
    this.#waiting.push(pending);
    this.#flushSoon();
  }

  close(error: BinlogError): void {
    this.#fail(error);
  }

  #flushSoon(): void {
    if (this.#flushing || this.#blocked) return;
    this.#flushing = true;
    // After the callbacks of this turn: writes that they start travel together.
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && !this.#blocked) {
      const room = windowWrites - (this.#sent.length - this.#head);
      if (room <= 0 || this.#sentBytes >= windowBytes) return;
      this.#send(this.#takeMessage(Math.min(room, messageWrites)));
    }
  }

  #takeMessage(limit: number): PendingWrite[] {
    let bytes = 0;
    let count = 0;
    while (count < limit && count < this.#waiting.length && (count === 0 || bytes < messageBytes)) {
      bytes += this.#waiting[count]?.payload.length ?? 0;
      count++;
    }
    this.#sentBytes += bytes;
    return this.#waiting.splice(0, count);
  }

  #send(writes: PendingWrite[]): void {
    const call = this.#call ?? this.#open();
    this.#sent.push(...writes);
    const firstSequence = this.#sequence + 1n;
    this.#sequence += BigInt(writes.length);
    const payloads = writes.map(({ payload }) => payload);
    if (!call.write({ clusterId: this.#options.clusterId, firstSequence, payloads })) this.#blocked = true;
    this.#armTimer();
  }

  #open(): ClientDuplexStream<WriteBinlogsRequest, WriteBinlogsResponse> {
    const { path, requestSerialize, responseDeserialize } = pumpStreamService.writeBinlogs;
    const call = this.#options.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call = call;
    this.#sequence = 0n;
    this.#settled = 0n;
    // Events of a stream that was given up do not concern the one after it.
    const ofThis = (act: () => void) => () => {
      if (this.#call === call) act();
    };
    call.on('data', (response: WriteBinlogsResponse) => ofThis(() => this.#settle(response))());
    call.on(
      'drain',
      ofThis(() => this.#unblock()),
    );
    call.on(
      'end',
      ofThis(() => this.#fail(writeErrorOf(status.UNAVAILABLE, 'the pump ended the stream'))),
    );
    call.on('error', (error: ServiceError) =>
      ofThis(() => (error.code === status.UNIMPLEMENTED ? this.#leave() : this.#fail(writeErrorOfService(error))))(),
    );
    return call;
  }

  #unblock(): void {
    this.#blocked = false;
    this.#flush();
  }

  #settle({ settledSequence, failures }: WriteBinlogsResponse): void {
    this.#options.onAnswer();
    if (settledSequence > this.#sequence) {
      this.#fail(
        new BinlogError('WRITE_FAILED', `the pump answered write ${settledSequence} of ${this.#sequence}`, {
          outcomeUnknown: true,
        }),
      );
      return;
    }
    const failed = new Map(failures.map((failure) => [failure.sequence, failure]));
    while (this.#settled < settledSequence) {
      this.#settled++;
      const write = this.#sent[this.#head++];
      if (write === undefined) break;
      this.#sentBytes -= write.payload.length;
      const failure = failed.get(this.#settled);
      if (failure === undefined) write.resolve();
      else write.reject(writeErrorOf(failure.code, failure.message));
    }
    if (this.#head > 4_096) {
      this.#sent = this.#sent.slice(this.#head);
      this.#head = 0;
    }
    this.#flush();
  }

  /** One timer, for the oldest write: writes are answered in order, so none behind it can be due before it. */
  #armTimer(): void {
    if (this.#timer !== undefined) return;
    const oldest = this.#sent[this.#head];
    if (oldest === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const late = this.#sent[this.#head];
        if (late !== undefined && late.deadline <= performance.now()) {
          this.#fail(writeErrorOf(status.DEADLINE_EXCEEDED, 'the pump did not acknowledge a write in time'));
        } else this.#armTimer();
      },
      Math.max(oldest.deadline - performance.now(), 1),
    );
  }

  #leave(): void {
    const writes = this.#takeAll();
    this.#options.onUnsupported(writes);
  }

  #fail(error: BinlogError): void {
    const sent = this.#sent.length - this.#head;
    const options = { cause: error, retryable: error.retryable };
    const unsent = new BinlogError(error.code, `${error.rawMessage}; the write was not sent`, options);
    for (const [index, write] of this.#takeAll().entries()) write.reject(index < sent ? error : unsent);
  }

  #takeAll(): PendingWrite[] {
    const writes = [...this.#sent.slice(this.#head), ...this.#waiting];
    const call = this.#call;
    this.#call = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sent = [];
    this.#waiting = [];
    this.#head = 0;
    this.#sentBytes = 0;
    this.#blocked = false;
    call?.cancel();
    return writes;
  }
}
