import { createServer as createHttpServer, type RequestListener } from 'node:http';
import {
  type AddressInfo,
  createServer as createNetServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Logger } from '@tidb-js/etcd-session';
import { PumpError } from '../errors.js';
import type { PumpTlsOptions } from '../pump-options.js';
import { readPem } from '../tls-files.js';
import type { GrpcDoor } from './grpc-door.js';

const sniffMs = 10_000;
const preface = Buffer.from('PRI * HTTP/2.0');

type Deliver = (connection: Socket) => void;

/**
 * Takes connections and tells gRPC (HTTP/2) from HTTP/1 by their first bytes, so that one port serves both, as a real Pump's
 * does: what it registers in etcd is the one address that everybody asks.
 */
export class Listener {
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Socket>();
  readonly #http;

  constructor(
    readonly door: GrpcDoor,
    admin: RequestListener,
    readonly logger: Logger,
  ) {
    this.#http = createHttpServer(admin);
  }

  /** @returns the address in use, with the port that was taken for port 0. */
  async listen(at: ListenOptions, tls?: PumpTlsOptions): Promise<AddressInfo | string> {
    const deliver = (connection: Socket): void => this.#sniff(connection);
    const server = tls
      ? await tlsServer(tls, deliver, this.logger)
      : createNetServer({ noDelay: true }, (socket) => deliver(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, () => {
        server.off('error', reject);
        resolve();
      });
    }).catch((cause: unknown) => {
      const where = at.path ?? `${at.host ?? '*'}:${at.port}`;
      throw new PumpError('INVALID_OPTION', `cannot listen on ${where}: ${String(cause)}; choose another address`, {
        cause,
      });
    });
    server.on('error', (error) => this.logger.error({ error: String(error) }, 'the listener failed'));
    this.#servers.push(server);
    return server.address() ?? '';
  }

  /** Takes no more connections; those that are open go on. */
  stop(): void {
    for (const server of this.#servers) server.close();
  }

  /** Closes what is left of the connections. */
  close(): void {
    this.stop();
    this.#http.closeAllConnections();
    // What is still on its way out is sent first: the ends of the streams among it.
    for (const connection of this.#connections) connection.destroySoon();
  }

  #sniff(connection: Socket): void {
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    connection.on('error', (error) => this.logger.debug({ error: String(error) }, 'a connection failed'));
    const silent = setTimeout(() => connection.destroy(), sniffMs);
    connection.once('close', () => clearTimeout(silent));
    let seen = Buffer.alloc(0);
    const look = (): void => {
      for (;;) {
        const piece: Buffer | null = connection.read();
        if (piece === null) return;
        seen = Buffer.concat([seen, piece]);
        const compared = Math.min(seen.length, preface.length);
        const isHttp2 = seen.subarray(0, compared).equals(preface.subarray(0, compared));
        if (isHttp2 && compared < preface.length) continue;
        clearTimeout(silent);
        connection.off('readable', look);
        connection.unshift(seen);
        if (isHttp2) this.door.accept(connection);
        else this.#http.emit('connection', connection);
        return;
      }
    };
    connection.on('readable', look);
  }
}

async function tlsServer(options: PumpTlsOptions, deliver: Deliver, logger: Logger): Promise<Server> {
  const [cert, key] = await Promise.all([readPem(options.certPath), readPem(options.keyPath)]);
  const ca = options.caPath === undefined ? undefined : await readPem(options.caPath);
  const allowed = new Set(options.allowedNames ?? []);
  const server = createTlsServer({
    ...(ca && { ca, requestCert: true, rejectUnauthorized: true }),
    cert,
    key,
    ALPNProtocols: ['h2', 'http/1.1'],
    noDelay: true,
  });
  server.on('secureConnection', (socket) => {
    const name = commonName(socket);
    if (allowed.size > 0 && (name === undefined || !allowed.has(name))) {
      logger.warn({ name, allowed: [...allowed] }, 'a client was turned away: its certificate has another common name');
      socket.destroy();
      return;
    }
    deliver(socket);
  });
  server.on('tlsClientError', (error) => logger.warn({ error: String(error) }, 'a TLS handshake failed'));
  return server;
}

function commonName(socket: TLSSocket): string | undefined {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}
