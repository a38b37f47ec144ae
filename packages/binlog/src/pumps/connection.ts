import { Client, type ClientUnaryCall, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { BinlogError } from '../errors.js';
import { pumpService, type WriteBinlogResp } from '../wire/pump.js';
import { writeErrorOf, writeErrorOfService } from './rpc-error.js';
import { type PendingWrite, WriteStream } from './write-stream.js';

/** PEM texts. With `cert` and `key` the client shows itself to pumps that ask for a certificate. */
export interface PumpTls {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

export interface PumpConnectionOptions {
  readonly clusterId: bigint;
  readonly tls?: PumpTls | undefined;
  /** Whether to try the streaming door. */
  readonly stream: boolean;
}

/** gRPC's own limit on a message: a length of 32 bits, of which Go takes 31. */
const maxPayload = 2 ** 31 - 1 - 64;

/** Single calls under way at once: more only wait for each other inside grpc-js, where they starve the oldest. */
const maxUnaryCalls = 128;

/** What gRPC says by itself when the other end says nothing. */
const unanswered: ReadonlySet<number> = new Set([status.DEADLINE_EXCEEDED, status.UNAVAILABLE, status.CANCELLED]);

/** Bytes that a pump may send before it hears that they were taken. */
const flowControlWindow = 4 << 20;

/** A gRPC client for a pump at `host:port` or `unix:/path`. */
export function openPumpClient(host: string, tls: PumpTls | undefined): Client {
  const pem = (value: string | Uint8Array | undefined) => (value === undefined ? null : Buffer.from(value));
  return new Client(
    host,
    tls === undefined ? credentials.createInsecure() : credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert)),
    {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
      // A pump that comes back is to be found soon. No keepalive: Go pumps answer it with GOAWAY.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // A pull is one stream of many bytes. Go's client widens its window by itself, gRPC for Node stays at 64 KiB unless told.
      'grpc-node.flow_control_window': flowControlWindow,
    },
  );
}

/** The connection to one pump. Writes go by the stream where the pump has it, else by single calls. */
export class PumpConnection {
  readonly #client: Client;
  readonly #clusterId: bigint;
  readonly #calls = new Set<ClientUnaryCall>();
  #answers = 0;
  #unaryCalls = 0;
  #queue: (() => void)[] = [];
  #closedBy: BinlogError | undefined;
  #stream: WriteStream | undefined;

  constructor(host: string, options: PumpConnectionOptions) {
    this.#clusterId = options.clusterId;
    this.#client = openPumpClient(host, options.tls);
    if (options.stream) {
      this.#stream = new WriteStream({
        client: this.#client,
        clusterId: options.clusterId,
        onAnswer: () => this.#answers++,
        onUnsupported: (writes) => this.#leaveStream(writes),
      });
    }
  }

  /** Whether writes go by the stream; false once the pump has said that it has none. */
  get streaming(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Writes a binlog; done when it is durable.
   *
   * @throws BinlogError `TOO_LARGE`, `WRONG_CLUSTER`, `UNAVAILABLE`, `WRITE_FAILED`, `ABORTED`; `outcomeUnknown` says whether it may
   * be stored all the same.
   */
  async write(
    payload: Uint8Array,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<void> {
    if (payload.length > maxPayload) {
      throw new BinlogError(
        'TOO_LARGE',
        `a binlog of ${payload.length} bytes: gRPC takes ${maxPayload}; split the transaction`,
      );
    }
    if (signal?.aborted) throw aborted(signal);
    const stream = this.#stream;
    if (stream === undefined) return await this.#unary(payload, timeoutMs, signal);
    const deadline = performance.now() + timeoutMs;
    await new Promise<void>((resolve, reject) => {
      if (signal === undefined) return stream.write({ payload, deadline, resolve, reject });
      const onAbort = () => reject(aborted(signal));
      const settled = (act: () => void) => () => {
        signal.removeEventListener('abort', onAbort);
        act();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      stream.write({
        payload,
        deadline,
        resolve: settled(resolve),
        reject: (error) => settled(() => reject(error))(),
      });
    });
  }

  /** How often the pump said something: when that does not grow, the connection may lead nowhere. */
  get answers(): number {
    return this.#answers;
  }

  /** Asks, by an empty write that stores nothing, whether the pump takes writes. */
  async probe(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#call(Buffer.alloc(0), timeoutMs, signal);
  }

  /** Ends all that is under way with an unknown outcome. */
  close(): void {
    this.#closedBy = new BinlogError('UNAVAILABLE', 'the connection to the pump was closed', { outcomeUnknown: true });
    this.#stream?.close(this.#closedBy);
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  #leaveStream(writes: readonly PendingWrite[]): void {
    this.#stream = undefined;
    for (const { payload, deadline, resolve, reject } of writes) {
      const left = Math.max(deadline - performance.now(), 1);
      this.#unary(payload, left, undefined).then(resolve, (error: unknown) => reject(BinlogError.from(error)));
    }
  }

  /** The deadline begins when the call does: callers that queue here must not eat each other's. */
  async #unary(payload: Uint8Array, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#unarySlot(signal);
    try {
      await this.#call(payload, timeoutMs, signal);
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#unaryCalls--;
      else next();
    }
  }

  async #unarySlot(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw aborted(signal);
    if (this.#unaryCalls < maxUnaryCalls) {
      this.#unaryCalls++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#queue = this.#queue.filter((waiting) => waiting !== turn);
        reject(aborted(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(turn);
    });
  }

  async #call(payload: Uint8Array, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    const { path, requestSerialize, responseDeserialize } = pumpService.writeBinlog;
    await new Promise<void>((resolve, reject) => {
      const request = { clusterId: this.#clusterId, payload };
      const answered = (error: ServiceError | null, response?: WriteBinlogResp) => {
        signal?.removeEventListener('abort', onAbort);
        this.#calls.delete(call);
        if (error === null || !unanswered.has(error.code)) this.#answers++;
        if (error !== null) reject(this.#closedBy ?? writeErrorOfService(error));
        else if (response?.errmsg) reject(writeErrorOf(2, response.errmsg));
        else resolve();
      };
      const options = { deadline: Date.now() + timeoutMs };
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        answered,
      );
      this.#calls.add(call);
      const onAbort = () => call.cancel();
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function aborted(signal: AbortSignal | undefined): BinlogError {
  return new BinlogError('ABORTED', 'the write was ended by its signal', {
    cause: signal?.reason,
    outcomeUnknown: true,
  });
}
