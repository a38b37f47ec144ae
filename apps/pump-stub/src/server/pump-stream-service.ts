import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  Metadata,
  type ServerDuplexStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  encodePullBatchesResponse,
  encodeWriteBinlogsResponse,
  type PullBatchesRequest,
  type WriteBinlogsRequest,
  type WriteFailure,
} from '@tidb-js/binlog/wire';
import type { PumpBackend, RefusedWrite } from '../backend.js';
import { answerWithStream, endOnCancel, type TrackPull } from './outgoing.js';
import { codeOf } from './status-of.js';

const defaultBatchBytes = 256 << 10;
const largestBatchBytes = 4 << 20;
/** Unacknowledged writes of one stream: above this it is not read until some are settled. */
const windowWrites = 16_384;
const windowBytes = 32 << 20;

type WriteCall = ServerDuplexStream<WriteBinlogsRequest, Buffer>;

/** The calls of `tidbjs.binlog.v1.PumpStream`: many writes in a message, acknowledged in order, and pulls in batches.
 * What they send is encoded. */
export function pumpStreamHandlers(
  backend: PumpBackend,
  stopped: AbortSignal,
  track: TrackPull,
): UntypedServiceImplementation {
  const writeBinlogs: handleBidiStreamingCall<WriteBinlogsRequest, Buffer> = (call) => {
    new WriteStream(backend, call, stopped);
  };
  const pullBatches: handleServerStreamingCall<PullBatchesRequest, Buffer> = (call) => {
    answerWithStream(call, { stopped, track }, async function* (signal) {
      const { clusterId, afterCommitTs, maxBatchBytes } = call.request;
      const batchBytes = maxBatchBytes === 0 ? defaultBatchBytes : Math.min(maxBatchBytes, largestBatchBytes);
      for await (const batch of backend.pull(clusterId, afterCommitTs, { signal, batchBytes })) {
        yield [encodePullBatchesResponse(batch)];
      }
    });
  };
  return { writeBinlogs, pullBatches };
}

/** A message's writes, until they are answered. */
interface Batch {
  readonly firstSequence: bigint;
  readonly count: number;
  readonly bytes: number;
  /** Set when all of them are durable or refused. */
  refused: readonly RefusedWrite[] | undefined;
}

/** One stream of writes. */
class WriteStream {
  #nextSequence = 1n;
  #batches: Batch[] = [];
  #writesInFlight = 0;
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
    const stop = (): void => this.#fail(status.UNAVAILABLE, 'the Pump is closing');
    signal.addEventListener('abort', stop, { once: true });
    call.on('data', (request) => this.#take(request));
    call.on('end', () => {
      this.#inputEnded = true;
      this.#answer();
    });
    if (signal.aborted) stop();
  }

  #take({ clusterId, firstSequence, payloads }: WriteBinlogsRequest): void {
    if (firstSequence !== this.#nextSequence) {
      this.#fail(
        status.INVALID_ARGUMENT,
        `first_sequence is ${firstSequence}, but ${this.#nextSequence} comes next: number the writes of a stream from 1 without a gap`,
      );
      return;
    }
    const bytes = payloads.reduce((sum, payload) => sum + payload.length, 0);
    const batch: Batch = { firstSequence, count: payloads.length, bytes, refused: undefined };
    this.#batches.push(batch);
    this.#nextSequence += BigInt(payloads.length);
    this.#writesInFlight += payloads.length;
    this.#bytesInFlight += bytes;
    if (this.#isFull()) this.call.pause();
    this.backend.writeAll(clusterId, payloads).then((refused) => {
      batch.refused = refused;
      this.#answerSoon();
    });
  }

  /** The batches of one group settle in one turn: one answer tells of all of them. */
  #answerSoon(): void {
    if (this.#answering) return;
    this.#answering = true;
    setImmediate(() => {
      this.#answering = false;
      this.#answer();
    });
  }

  #answer(): void {
    if (this.#over) return;
    const failures: WriteFailure[] = [];
    let settledSequence = 0n;
    while (this.#batches[0]?.refused) {
      const { firstSequence, count, bytes, refused } = this.#batches.shift() as Batch;
      settledSequence = firstSequence + BigInt(count) - 1n;
      this.#writesInFlight -= count;
      this.#bytesInFlight -= bytes;
      for (const { index, error } of refused ?? []) {
        failures.push({ sequence: firstSequence + BigInt(index), code: codeOf(error), message: error.message });
      }
    }
    if (settledSequence > 0n) this.call.write(encodeWriteBinlogsResponse({ settledSequence, failures }));
    if (!this.#isFull()) this.call.resume();
    if (this.#inputEnded && this.#batches.length === 0) {
      this.#over = true;
      this.call.end();
    }
  }

  #isFull(): boolean {
    return this.#bytesInFlight > windowBytes || this.#writesInFlight > windowWrites;
  }

  #fail(code: status, details: string): void {
    if (this.#over) return;
    this.#over = true;
    this.call.emit('error', { code, details, metadata: new Metadata() });
  }
}
