import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Logger } from '@tidb-js/etcd-session';
import { SettingError } from '../setting-error.js';
import { SqlError } from '../sql/errors.js';
import type { SqlSession } from '../sql/types.js';
import { encodeError } from './answers.js';
import { Password } from './authentication.js';
import { Connection, type Peer } from './connection.js';
import { PacketStream } from './packet-stream.js';

/** PEM texts that switch TLS on. Clients choose whether to use it. */
export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca?: string | Buffer;
}

export interface MySqlServerOptions {
  /** Default 127.0.0.1. Another address needs `rootPassword` or `insecure`. */
  readonly host?: string;
  /** Default 4000; 0 takes a free port. */
  readonly port?: number;
  /** What the greeting calls this server. */
  readonly serverVersion: string;
  /** root's password; empty for none. */
  readonly rootPassword?: string;
  /** Allow an address other than loopback without a password. */
  readonly insecure?: boolean;
  readonly tls?: ServerTls;
  /** Connections at once; the next one is told 1040. Default 1,024. */
  readonly maxConnections?: number;
  /** `max_allowed_packet` in bytes. Default 64 MiB. */
  readonly maxPacket?: number;
  /** How long a client may take to log in, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  openSession(connection: { readonly id: bigint } & Peer): Promise<SqlSession>;
  readonly logger: Logger;
}

const DEFAULT_HOST = '127.0.0.1';
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Refuses an address that other machines can reach while root has no password, unless `insecure`. */
export function requireGuard(options: Pick<MySqlServerOptions, 'host' | 'rootPassword' | 'insecure'>): void {
  const { host = DEFAULT_HOST, rootPassword, insecure } = options;
  if (LOOPBACK.has(host) || rootPassword || insecure) return;
  throw new SettingError(
    `refusing to listen on ${host}: root has no password and other machines could connect. Give root one with --root-password-file, listen on 127.0.0.1, or accept the risk with --insecure`,
  );
}

/** Listens for MySQL clients and gives each a session. */
export class MySqlServer {
  readonly #server: Server;
  readonly #options: MySqlServerOptions;
  readonly #connections = new Map<number, { readonly connection: Connection; readonly done: Promise<void> }>();
  readonly #passwords: ReadonlyMap<string, Password>;
  readonly #secureContext: SecureContext | undefined;
  readonly #begun = Date.now();
  #nextId = 1;
  #closing: Promise<void> | undefined;

  private constructor(options: MySqlServerOptions) {
    this.#options = options;
    this.#passwords = new Map([['root', new Password(options.rootPassword ?? '')]]);
    this.#secureContext = options.tls === undefined ? undefined : createSecureContext(options.tls);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Opens the port, by the rule of `requireGuard`. */
  static async start(options: MySqlServerOptions): Promise<MySqlServer> {
    const host = options.host ?? DEFAULT_HOST;
    requireGuard(options);
    const server = new MySqlServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port ?? 4000, host, resolve);
    });
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The sessions that are logged in, for SHOW PROCESSLIST. */
  sessions(): SqlSession[] {
    return [...this.#connections.values()].flatMap(({ connection }) => connection.session ?? []);
  }

  /** KILL and KILL QUERY. Error 1094 where there is no such connection. */
  kill(id: bigint, what: 'connection' | 'query' = 'connection'): void {
    const found = this.#connections.get(Number(id));
    if (found === undefined) throw new SqlError(1094, `Unknown thread id: ${id}`);
    if (what === 'query') found.connection.session?.cancelStatement();
    else found.connection.kill();
  }

  #accept(socket: Socket): void {
    const { maxConnections = 1024, maxPacket = 64 << 20, connectTimeoutMs = 10_000 } = this.#options;
    if (this.#closing !== undefined || this.#connections.size >= maxConnections) {
      const error =
        this.#closing === undefined
          ? new SqlError(1040, 'Too many connections')
          : new SqlError(1053, 'Server shutdown in progress');
      const packets = new PacketStream(socket, maxPacket);
      packets.write(encodeError(error));
      void packets.end();
      return;
    }
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    const connection = new Connection(socket, {
      id,
      maxPacket,
      connectTimeoutMs,
      serverVersion: this.#options.serverVersion,
      secureContext: this.#secureContext,
      logger: this.#options.logger,
      password: (user) => this.#passwords.get(user),
      openSession: (peer) => this.#options.openSession({ id: BigInt(id), ...peer }),
      kill: (victim) => this.kill(victim),
      statistics: () => `Uptime: ${Math.floor((Date.now() - this.#begun) / 1000)}  Threads: ${this.#connections.size}`,
    });
    const done = connection.run().finally(() => this.#connections.delete(id));
    this.#connections.set(id, { connection, done });
  }

  /**
   * Takes no new connection, lets running statements and open transactions end for up to `graceMs`, then cuts off the
   * rest. Idempotent.
   */
  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const all = [...this.#connections.values()];
    for (const { connection } of all) connection.drain();
    const patience = setTimeout(() => {
      for (const { connection } of all) connection.kill();
    }, graceMs);
    const lastResort = setTimeout(() => {
      for (const { connection } of all) connection.destroy();
    }, graceMs + 2_000);
    await Promise.all(all.map(({ done }) => done));
    clearTimeout(patience);
    clearTimeout(lastResort);
    await closed;
  }
}
