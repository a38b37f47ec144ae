import type { Client, ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import type { Calls } from './calls.js';
import { publish } from './diagnostics.js';
import { EtcdError } from './errors.js';
import type { Rpc } from './rpc.js';
import { readStatus } from './status.js';

/** What the owner of a stream wants to hear. */
export interface RpcStreamListener<Response> {
  onMessage(message: Response): void;
  /** The stream is over; called once, and not after `close()`. */
  onEnd(error: EtcdError): void;
}

type DuplexMethod<Request, Response> = (metadata: Metadata) => ClientDuplexStream<Request, Response>;

/**
 * A two-way stream to one member. It does not open itself again: whoever holds it knows what has to be said anew.
 * It asks etcd to hang up when the member has lost its quorum (`hasleader`), since such a member would stay silent.
 */
export class RpcStream<Request extends object, Response> {
  readonly #calls: Calls;
  readonly #stream: ClientDuplexStream<Request, Response>;
  readonly address: string;
  #open = true;

  /** @throws EtcdError `CLOSED`, or `AUTH` when no token is to be had. */
  static async open<Request extends object, Response>(
    calls: Calls,
    method: Rpc<Request, Response>,
    listener: RpcStreamListener<Response>,
  ): Promise<RpcStream<Request, Response>> {
    calls.check(undefined, method.method);
    const token = await calls.token.metadata();
    const endpoint = calls.endpoints.current;
    const client = await endpoint.service(method.service);
    calls.check(undefined, method.method);
    const metadata = token.clone();
    metadata.set('hasleader', 'true');
    const stream = duplexMethod<Request, Response>(client, method.method)(metadata);
    const opened = new RpcStream(calls, stream, endpoint.address);
    let heard = false;
    stream.on('data', (message: Response) => {
      if (!heard) publish('connect', { stream: method.method, endpoint: endpoint.address });
      heard = true;
      if (opened.#open) listener.onMessage(message);
    });
    const end = (cause: unknown) => {
      if (!opened.#open) return;
      opened.#open = false;
      const status = readStatus(cause);
      if (status?.staleToken) calls.token.stale(token);
      else calls.endpoints.failed(endpoint, status?.message ?? 'stream ended');
      const reason = status?.message ?? (cause === undefined ? 'the server ended it' : String(cause));
      publish('disconnect', { stream: method.method, endpoint: endpoint.address, reason });
      listener.onEnd(
        new EtcdError(status?.code ?? 'UNAVAILABLE', `${method.method} stream to ${endpoint.address}: ${reason}`, {
          retryable: status === undefined || status.retryable || status.staleToken,
          cause,
        }),
      );
    };
    stream.on('error', end);
    stream.on('end', () => end(undefined));
    return opened;
  }

  private constructor(calls: Calls, stream: ClientDuplexStream<Request, Response>, address: string) {
    this.#calls = calls;
    this.#stream = stream;
    this.address = address;
  }

  /** Hands a message to the connection; what a dead stream is given is dropped, its end is told by `onEnd`. */
  send(message: Request): void {
    if (this.#open) this.#stream.write(message);
  }

  /** Leaves the member because it does not answer, and closes the stream. */
  abandon(reason: string): void {
    const current = this.#calls.endpoints.current;
    if (current.address === this.address) this.#calls.endpoints.failed(current, reason);
    this.close();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.cancel();
  }
}

function duplexMethod<Request, Response>(client: Client, name: string): DuplexMethod<Request, Response> {
  const method: unknown = Reflect.get(client, name);
  if (typeof method !== 'function') throw new EtcdError('UNKNOWN', `etcd3 knows no stream ${name}`);
  return method.bind(client) as DuplexMethod<Request, Response>;
}
