import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientUnaryCall, Metadata, type ServiceError } from '@grpc/grpc-js';
import { whenAborted } from '../when-aborted.js';
import { AuthToken } from './auth-token.js';
import { observed, publish } from './diagnostics.js';
import type { Endpoint } from './endpoint.js';
import { Endpoints } from './endpoints.js';
import { EtcdError } from './errors.js';
import { type Rpc, rpc } from './rpc.js';
import { RpcStream } from './rpc-stream.js';
import { readStatus } from './status.js';
import type { CallOptions, EtcdClientOptions } from './types.js';

type UnaryMethod = (
  request: object,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, response: unknown) => void,
) => ClientUnaryCall;

const defaultTimeoutMs = 5_000;
const firstPauseMs = 20;
const longestPauseMs = 500;
/** setTimeout takes no more than this; a deadline that is longer means "none" anyway. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Numbers a client counts as it goes. */
export interface CallCounters {
  calls: number;
  failures: number;
  retries: number;
}

interface Attempt {
  readonly request: object;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Unary calls: a deadline on each, real cancellation, and the one rule of sending again. A call is repeated on the
 * client's own account only where that cannot do anything twice: when it never left this process, when it only reads, or
 * when etcd refused its token before looking at it. All else is the caller's decision, and the error says what is known.
 */
export class Calls {
  readonly endpoints: Endpoints;
  readonly token: AuthToken;
  readonly counters: CallCounters = { calls: 0, failures: 0, retries: 0 };
  readonly #timeoutMs: number;
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: EtcdClientOptions) {
    this.endpoints = new Endpoints(options);
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const auth = options.auth;
    this.token = new AuthToken(auth && (() => this.#authenticate(auth.username, auth.password)));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Makes a call; every way it can fail is an EtcdError. */
  unary<Request extends object, Response>(
    method: Rpc<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const answer = this.#unary(method, request, options, undefined);
    this.#inFlight.add(answer);
    const done = () => this.#inFlight.delete(answer);
    answer.then(done, done);
    return answer;
  }

  /** Sends one message on a stream and takes its first answer: etcd renews a lease only so. */
  async once<Request extends object, Response>(
    method: Rpc<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const { signal } = options;
    this.check(signal, method.method);
    const timeoutMs = this.timeoutMs(options);
    let finish: (() => void) | undefined;
    try {
      return await new Promise<Response>((resolve, reject) => {
        const opening = RpcStream.open(this, method, { onMessage: resolve, onEnd: reject });
        opening.then((stream) => stream.send(request), reject);
        const abort = () =>
          reject(
            new EtcdError('ABORTED', `${method.method}: aborted while it was under way`, { cause: signal?.reason }),
          );
        whenAborted(signal, abort);
        const timer = setTimeout(
          () =>
            reject(new EtcdError('DEADLINE', `${method.method}: no answer in ${timeoutMs} ms`, { retryable: true })),
          timeoutMs,
        );
        finish = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
          opening.then(
            (stream) => stream.close(),
            () => undefined,
          );
        };
      });
    } finally {
      finish?.();
    }
  }

  /** Refuses new calls, lets those under way end (each has its deadline), then closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight);
    this.endpoints.close();
  }

  /**
   * The deadline that goes for a call, in milliseconds.
   *
   * @throws EtcdError `INVALID_ARGUMENT` when it is not above 0.
   */
  timeoutMs(options: CallOptions): number {
    const timeoutMs = Math.min(options.timeoutMs ?? this.#timeoutMs, longestTimeoutMs);
    if (timeoutMs > 0) return timeoutMs;
    throw new EtcdError('INVALID_ARGUMENT', `timeoutMs is ${options.timeoutMs}: it must be a number above 0`);
  }

  /** Throws unless the client is open and the signal has not fired. */
  check(signal: AbortSignal | undefined, what: string): void {
    if (this.#closed) {
      throw new EtcdError('CLOSED', `${what}: this client has been closed; make a new one`);
    }
    if (signal?.aborted)
      throw new EtcdError('ABORTED', `${what}: aborted before it was sent`, { cause: signal.reason });
  }

  async #authenticate(name: string, password: string): Promise<string | undefined> {
    try {
      return (await this.#unary(rpc.authenticate, { name, password }, {}, new Metadata())).token;
    } catch (error) {
      // As Go's client: a user that is known before authentication is switched on does no harm.
      if (readStatus(EtcdError.from(error).cause)?.message.includes('authentication is not enabled')) return undefined;
      throw error;
    }
  }

  async #unary<Request extends object, Response>(
    method: Rpc<Request, Response>,
    request: Request,
    options: CallOptions,
    fixedMetadata: Metadata | undefined,
  ): Promise<Response> {
    const { signal } = options;
    this.check(signal, method.method);
    const timeoutMs = this.timeoutMs(options);
    const startedAt = performance.now();
    this.counters.calls++;
    let pauseMs = firstPauseMs;
    let tokens = 0;
    for (let attempts = 1; ; attempts++) {
      const endpoint = this.endpoints.current;
      const leftMs = timeoutMs - (performance.now() - startedAt);
      let sentWith: Metadata | undefined;
      try {
        sentWith = fixedMetadata ?? (await this.token.metadata());
        const attempt = { request, metadata: sentWith, timeoutMs: this.#share(method, leftMs), signal };
        const response = await this.#send(method, endpoint, attempt);
        this.#tell(method, endpoint, startedAt, attempts, undefined);
        return response;
      } catch (error) {
        const aborted = signal?.aborted ?? false;
        const status = readStatus(error);
        const remainingMs = timeoutMs - (performance.now() - startedAt);
        if (status?.code === 'UNAVAILABLE' || status?.code === 'DEADLINE')
          this.endpoints.failed(endpoint, status.message);
        const renew = status?.staleToken === true && this.token.canRenew && tokens++ === 0 && sentWith !== undefined;
        if (renew && sentWith !== undefined) this.token.stale(sentWith);
        const harmless = status?.unsent === true || (!method.mutates && status?.retryable === true);
        const again = !aborted && !this.#closed && remainingMs > 0 && (renew || harmless);
        // All members are asked in turn at once; the pause comes after each round.
        const restMs = renew || attempts % this.endpoints.size !== 0 ? 0 : pauseMs * (0.5 + Math.random() / 2);
        if (!again || restMs >= remainingMs) {
          const failure = this.#failure(method, endpoint, error, aborted ? signal : undefined);
          this.#tell(method, endpoint, startedAt, attempts, failure.code);
          throw failure;
        }
        this.counters.retries++;
        if (restMs > 0) {
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
          await sleep(restMs, undefined, signal && { signal }).catch(() => undefined);
          this.check(signal, method.method);
        }
      }
    }
  }

  /** With other members to turn to, a read does not give all its time to the first. */
  #share(method: Rpc<never, unknown>, leftMs: number): number {
    return method.mutates || this.endpoints.size === 1 ? leftMs : Math.max(leftMs / 2, Math.min(leftMs, 200));
  }

  async #send<Request extends object, Response>(
    method: Rpc<Request, Response>,
    endpoint: Endpoint,
    attempt: Attempt,
  ): Promise<Response> {
    let timeoutMs = attempt.timeoutMs;
    if (this.endpoints.size > 1 && !endpoint.ready()) {
      // A write must not be spent on a connection that may never stand while another member could take it.
      const startedAt = performance.now();
      if (!(await endpoint.settled(timeoutMs / this.endpoints.size))) {
        throw Object.assign(new Error('Waiting for LB pick'), {
          code: 14,
          details: 'No connection established in time',
        });
      }
      timeoutMs -= performance.now() - startedAt;
    }
    const found = endpoint.service(method.service);
    const client = found instanceof Promise ? await found : found;
    return new Promise<Response>((resolve, reject) => {
      const { signal } = attempt;
      const done = (error: ServiceError | null, response: unknown) => {
        signal?.removeEventListener('abort', abort);
        if (error === null) resolve(response as Response);
        else reject(error);
      };
      const { request, metadata } = attempt;
      const options = { deadline: Date.now() + timeoutMs };
      const call =
        method.path === undefined
          ? unaryMethod(client, method.method)(request, metadata, options, done)
          : client.makeUnaryRequest(method.path, asBytes, asBytes, request as Buffer, metadata, options, done);
      const abort = () => call.cancel();
      whenAborted(signal, abort);
      if (signal?.aborted) abort();
    });
  }

  #failure(
    method: Rpc<never, unknown>,
    endpoint: Endpoint,
    error: unknown,
    aborted: AbortSignal | undefined,
  ): EtcdError {
    this.counters.failures++;
    const what = `${method.method} at ${endpoint.address}`;
    const status = readStatus(error);
    if (aborted !== undefined) {
      return new EtcdError('ABORTED', `${what}: aborted while it was under way`, {
        outcomeUnknown: method.mutates && status?.outcome !== 'none',
        cause: aborted.reason,
      });
    }
    if (status === undefined) return EtcdError.from(error);
    return new EtcdError(status.code, `${what}: ${status.message}`, {
      retryable: status.retryable,
      outcomeUnknown: method.mutates && status.outcome === 'unknown',
      cause: error,
    });
  }

  #tell(
    method: Rpc<never, unknown>,
    endpoint: Endpoint,
    startedAt: number,
    attempts: number,
    code: string | undefined,
  ) {
    if (!observed('call')) return;
    publish('call', {
      service: method.service,
      method: method.method,
      endpoint: endpoint.address,
      durationMs: performance.now() - startedAt,
      attempts,
      ...(code === undefined ? {} : { code }),
    });
  }
}

/** Bytes need no codec. */
function asBytes(bytes: Buffer): Buffer {
  return bytes;
}

function unaryMethod(client: Client, name: string): UnaryMethod {
  const method: unknown = Reflect.get(client, name);
  if (typeof method !== 'function') throw new EtcdError('UNKNOWN', `etcd3 knows no method ${name}`);
  return method.bind(client) as UnaryMethod;
}
