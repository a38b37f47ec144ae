import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can be cut, so that one client loses etcd while others keep it. */
export class Wire {
  static async start(target: string): Promise<Wire> {
    const proxy = new Wire(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(target: string) {
    const [host, port] = target.split(':');
    this.#server = createServer((inward) => {
      if (this.#cut) return inward.destroy();
      const outward = connect(Number(port), host);
      for (const [one, other] of [
        [inward, outward],
        [outward, inward],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `127.0.0.1:${address.port}`;
  }

  /** Ends all connections, and refuses new ones until {@link heal}. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
