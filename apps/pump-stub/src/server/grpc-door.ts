import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { decodeWriteBinlogReq, pumpService, pumpStreamService, type WriteBinlogReq } from '@tidb-js/binlog/wire';
import type { PumpBackend } from '../backend.js';
import { Oversize } from './oversize.js';
import { pipelined } from './pipelined-call.js';
import { type ObserveCall, pumpHandlers } from './pump-service.js';
import { pumpStreamHandlers } from './pump-stream-service.js';

const shutdownMs = 10_000;
const flushMs = 50;
/** How far a message may pass the limit and still be read, so as to refuse it with the words that TiDB looks for. */
const oversizeBytes = 256 << 20;
/** The handlers encode what they send. */
const responseSerialize = (bytes: Buffer): Buffer => bytes;

export interface GrpcDoorOptions {
  readonly maxMessageSize: number;
  readonly observe: ObserveCall;
}

/** The gRPC services on connections that somebody else accepted. */
export class GrpcDoor {
  readonly #server: Server;
  readonly #injector: ReturnType<Server['createConnectionInjector']>;
  readonly #stopped = new AbortController();
  readonly #pulls = new Set<Promise<void>>();

  constructor(backend: PumpBackend, options: GrpcDoorOptions) {
    const { maxMessageSize } = options;
    this.#server = new Server({
      interceptors: [pipelined],
      'grpc.max_receive_message_length': Math.min(maxMessageSize + oversizeBytes, 2 ** 32 - 1),
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': 1000,
      'grpc.enable_channelz': 0,
    });
    const { signal } = this.#stopped;
    const track = (pull: Promise<void>): void => {
      this.#pulls.add(pull);
      pull.finally(() => this.#pulls.delete(pull));
    };
    const { writeBinlog, pullBinlogs } = pumpService;
    const { writeBinlogs, pullBatches } = pumpStreamService;
    const requestDeserialize = (bytes: Buffer): WriteBinlogReq | Oversize =>
      bytes.length > maxMessageSize ? new Oversize(bytes.length, maxMessageSize) : decodeWriteBinlogReq(bytes);
    this.#server.addService(
      {
        writeBinlog: { ...writeBinlog, requestDeserialize, responseSerialize },
        pullBinlogs: { ...pullBinlogs, responseSerialize },
      },
      pumpHandlers(backend, signal, { observe: options.observe, track }),
    );
    this.#server.addService(
      {
        writeBinlogs: { ...writeBinlogs, responseSerialize },
        pullBatches: { ...pullBatches, responseSerialize },
      },
      pumpStreamHandlers(backend, signal, track),
    );
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Serves a connection whose first bytes may have been read and put back. */
  accept(connection: Duplex): void {
    this.#injector.injectConnection(connection);
  }

  /** Ends the streams with OK, waits for the calls that run, at most 10 s, and closes the connections. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#pulls);
    // The statuses of the streams are handed to HTTP/2 in later turns.
    await sleep(flushMs);
    this.#injector.drain(shutdownMs);
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, shutdownMs);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }
}
