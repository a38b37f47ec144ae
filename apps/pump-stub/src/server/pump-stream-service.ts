import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  Metadata,
  type ServerDuplexStream,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {
  PullBatchesRequest,
  PullBatchesResponse,
  WriteBinlogsRequest,
  WriteBinlogsResponse,
  WriteFailure,
} from '@tidb-js/binlog/wire';
import type { PumpBackend } from '../backend.js';
import { PumpError } from '../errors.js';
import { endOnCancel, sendPiece } from './outgoing.js';
import type { TrackPull } from './pump-service.js';
import { codeOf, statusOf } from './status-of.js';

const defaultBatchBytes = 256 << 10;
const largestBatchBytes = 4 << 20;
/** Unacknowledged writes of one stream: above this it is not read until some are settled. */
const windowWrites = 16_384;
const windowBytes = 32 << 20;

type WriteCall = ServerDuplexStream<WriteBinlogsRequest, WriteBinlogsResponse>;

/** The calls of `tidbjs.binlog.v1.PumpStream`: many writes in a message, acknowledged in order, and pulls in batches. */
export function pumpStreamHandlers(
  backend: PumpBackend,
  stopped: AbortSignal,
  track: TrackPull,
): UntypedServiceImplementation {
  const writeBinlogs: handleBidiStreamingCall<WriteBinlogsRequest, WriteBinlogsResponse> = (call) => {
    new WriteStream(backend, call, stopped);
  };
  const pullBatches: handleServerStreamingCall<PullBatchesRequest, PullBatchesResponse> = (call) => {
    const pull = servePull(backend, call, stopped).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        call.emit('error', statusOf(error));
      },
    );
    track(pull);
  };
  return { writeBinlogs, pullBatches };
}

async function servePull(
  backend: PumpBackend,
  call: ServerWritableStream<PullBatchesRequest, PullBatchesResponse>,
  stopped: AbortSignal,
): Promise<void> {
  const signal = endOnCancel(call, stopped);
  const { clusterId, afterCommitTs, maxBatchBytes } = call.request;
  const batchBytes = maxBatchBytes === 0 ? defaultBatchBytes : Math.min(maxBatchBytes, largestBatchBytes);
  for await (const batch of backend.pull(clusterId, afterCommitTs, { signal, batchBytes })) {
    const room = sendPiece(call, batch, signal);
    if (room) await room;
    if (signal.aborted) return;
  }
}

/** One stream of writes. */
class WriteStream {
  #nextSequence = 1n;
  /** Everything up to here has its answer. */
  #settled = 0n;
  #answered = 0n;
  /** Settled beyond a write that is not. */
  readonly #settledAhead = new Set<bigint>();
  #failures: WriteFailure[] = [];
  #bytesInFlight = 0;
  #inputEnded = false;
  #over = false;
  #answering = false;

  constructor(
    readonly backend: PumpBackend,
    readonly call: WriteCall,
    stopped: AbortSignal,
  ) {
    const signal = endOnCancel(call, stopped);
    const stop = (): void =>
      this.#fail({ code: status.UNAVAILABLE, details: 'the Pump is closing', metadata: new Metadata() });
    signal.addEventListener('abort', stop, { once: true });
    call.on('data', (request) => this.#take(request));
    call.on('end', () => {
      this.#inputEnded = true;
      this.#answer();
    });
    if (signal.aborted) stop();
  }

  #take(request: WriteBinlogsRequest): void {
    if (request.firstSequence !== this.#nextSequence) {
      this.#fail({
        code: status.INVALID_ARGUMENT,
        details: `first_sequence is ${request.firstSequence}, but ${this.#nextSequence} comes next: number the writes of a stream from 1 without a gap`,
        metadata: new Metadata(),
      });
      return;
    }
    for (const payload of request.payloads) this.#write(request.clusterId, payload);
    if (this.#isFull()) this.call.pause();
  }

  #write(clusterId: bigint, payload: Uint8Array): void {
    const sequence = this.#nextSequence++;
    this.#bytesInFlight += payload.length;
    this.backend.write(clusterId, payload).then(
      () => this.#settle(sequence, payload.length),
      (error: unknown) => {
        const failure = PumpError.from(error);
        this.#failures.push({ sequence, code: codeOf(failure), message: failure.message });
        this.#settle(sequence, payload.length);
      },
    );
  }

  #settle(sequence: bigint, bytes: number): void {
    this.#bytesInFlight -= bytes;
    if (sequence === this.#settled + 1n) {
      this.#settled = sequence;
      while (this.#settledAhead.size > 0 && this.#settledAhead.delete(this.#settled + 1n)) this.#settled++;
    } else this.#settledAhead.add(sequence);
    if (this.#answering) return;
    // The writes of one group settle in one turn: one answer tells of all of them.
    this.#answering = true;
    setImmediate(() => {
      this.#answering = false;
      this.#answer();
    });
  }

  #answer(): void {
    if (this.#over) return;
    const failures = this.#failures.filter(({ sequence }) => sequence <= this.#settled);
    if (failures.length > 0) this.#failures = this.#failures.filter(({ sequence }) => sequence > this.#settled);
    if (this.#settled > this.#answered || failures.length > 0)
      this.call.write({ settledSequence: this.#settled, failures });
    this.#answered = this.#settled;
    if (!this.#isFull()) this.call.resume();
    if (this.#inputEnded && this.#settled === this.#nextSequence - 1n) {
      this.#over = true;
      this.call.end();
    }
  }

  #isFull(): boolean {
    return this.#bytesInFlight > windowBytes || this.#nextSequence - 1n - this.#settled > windowWrites;
  }

  #fail(reason: ReturnType<typeof statusOf>): void {
    if (this.#over) return;
    this.#over = true;
    this.call.emit('error', reason);
  }
}
