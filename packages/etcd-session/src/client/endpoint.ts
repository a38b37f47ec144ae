import { type ChannelOptions, type Client, connectivityState } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import { Etcd3, type ICallable } from 'etcd3';
import { EtcdError } from './errors.js';
import { toBuffer } from './key-selector.js';
import type { ServiceName } from './rpc.js';
import type { EtcdClientOptions, TlsOptions } from './types.js';

/**
 * Pings on a connection that has calls waiting. etcd counts pings less than 5 s apart as abuse and hangs up
 * (`--grpc-keepalive-min-time`), so the default stays above that with room for a late timer.
 */
const defaultKeepaliveIntervalMs = 6_000;
const defaultKeepaliveTimeoutMs = 3_000;

function channelOptions(options: EtcdClientOptions): ChannelOptions {
  return {
    'grpc.keepalive_time_ms': options.keepaliveIntervalMs ?? defaultKeepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs ?? defaultKeepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    // Whether a call may be sent again is decided here, by what it does, and not by the transport.
    'grpc.enable_retries': 0,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  };
}

function credentials(tls: TlsOptions): { rootCertificate: Buffer; privateKey?: Buffer; certChain?: Buffer } {
  return {
    // Without a CA of its own the client trusts what Node trusts; etcd3 hands the absence through to grpc-js.
    ...(tls.ca === undefined ? ({} as { rootCertificate: Buffer }) : { rootCertificate: toBuffer(tls.ca) }),
    ...(tls.key === undefined ? {} : { privateKey: toBuffer(tls.key) }),
    ...(tls.cert === undefined ? {} : { certChain: toBuffer(tls.cert) }),
  };
}

/**
 * One member of the cluster as etcd3 reaches it: its channel, TLS and codec. etcd3's own retries, breakers and token
 * handling stay out of the way: calls go straight to the gRPC client underneath.
 */
export class Endpoint {
  /** As the user wrote it. */
  readonly address: string;
  readonly #etcd: Etcd3;
  readonly #services = new Map<ServiceName, Client>();

  constructor(address: string, options: EtcdClientOptions) {
    this.address = address;
    this.#etcd = new Etcd3({
      hosts: address,
      grpcOptions: channelOptions(options),
      faultHandling: { host: () => noop, global: noop },
      ...(options.tls === undefined ? {} : { credentials: credentials(options.tls) }),
    });
  }

  /** The gRPC client of a service; at once after its first use. */
  service(name: ServiceName): Client | Promise<Client> {
    return this.#services.get(name) ?? this.#open(name);
  }

  async #open(name: ServiceName): Promise<Client> {
    // The gRPC clients are behind a private field of etcd3's raw services, and nowhere else.
    const callable = Reflect.get(this.#etcd.kv, 'client') as ICallable<unknown>;
    const client = await callable.withConnection(name, (connection) => connection.client);
    this.#services.set(name, client);
    return client;
  }

  /** Whether the connection stands. */
  ready(): boolean {
    return this.#services.get('KV')?.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  /** Waits until the connection stands or has failed; false when neither came in time. */
  async settled(waitMs: number): Promise<boolean> {
    const channel = (await this.service('KV')).getChannel();
    const until = Date.now() + waitMs;
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state !== connectivityState.IDLE && state !== connectivityState.CONNECTING) return true;
      const changed = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, until, (error) => resolve(error === undefined));
      });
      if (!changed) return false;
    }
  }

  close(): void {
    this.#etcd.close();
  }
}

/** Checks what the user wrote and brings it into a list. */
export function parseEndpoints(options: EtcdClientOptions): readonly string[] {
  const written = typeof options.endpoints === 'string' ? options.endpoints.split(',') : options.endpoints;
  const addresses = written.map((each) => each.trim());
  if (addresses.length === 0 || addresses.includes('')) {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `endpoints is ${JSON.stringify(options.endpoints)}: name at least one, as host:port`,
    );
  }
  const secure = addresses.filter((each) => each.startsWith('https://')).length;
  const plain = addresses.filter((each) => each.startsWith('http://')).length;
  if (options.tls !== undefined && plain > 0) {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      'an endpoint starts with http:// though `tls` is set: write https://, or leave tls out',
    );
  }
  if (secure > 0 && secure < addresses.length) {
    throw new EtcdError('INVALID_ARGUMENT', 'some endpoints are https and some are not: use one kind');
  }
  return addresses;
}
