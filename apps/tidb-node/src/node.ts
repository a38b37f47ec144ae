import { ClosingStack } from './closing-stack.js';
import type { NodeOptions } from './node-options.js';
import type { MySqlServer } from './server/mysql-server.js';
import { startNode } from './start-node.js';
import type { StatusServer } from './status/status-server.js';

/** A whole node: store, schema, DDL worker, SQL, MySQL port, status port. */
export class TidbNode implements AsyncDisposable {
  readonly id: string;
  readonly #stack: ClosingStack;
  readonly #server: MySqlServer;
  readonly #status: StatusServer;
  #closing: Promise<void> | undefined;

  private constructor(id: string, stack: ClosingStack, server: MySqlServer, status: StatusServer) {
    this.id = id;
    this.#stack = stack;
    this.#server = server;
    this.#status = status;
  }

  /** Starts a node; when something fails, what had begun is stopped again. */
  static async start(options: NodeOptions): Promise<TidbNode> {
    const stack = new ClosingStack();
    try {
      const { id, server, status } = await startNode(options, stack);
      return new TidbNode(id, stack, server, status);
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  /** The port of the MySQL protocol. */
  get port(): number {
    return this.#server.port;
  }

  get statusPort(): number {
    return this.#status.port;
  }

  /** No new connections, running statements end, the ownership is given up, the session is revoked. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#stack.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
