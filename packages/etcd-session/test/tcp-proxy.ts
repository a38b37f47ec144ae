import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut, and held in one or both directions, as a network does. */
export class TcpProxy implements AsyncDisposable {
  static async to(target: string): Promise<TcpProxy> {
    const [host = '', port = ''] = target.split(':');
    const proxy = new TcpProxy(host, Number(port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  #holding = false;
  #dropping = false;
  /** How many pieces of replies were lost. */
  dropped = 0;

  private constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      const server = dial(port, host);
      const pair = { client, server };
      this.#pairs.add(pair);
      const end = () => {
        client.destroy();
        server.destroy();
        this.#pairs.delete(pair);
      };
      for (const socket of [client, server]) socket.on('error', end).on('close', end);
      client.on('data', (bytes) => server.write(bytes));
      server.on('data', (bytes) => {
        if (this.#dropping) this.dropped++;
        else client.write(bytes);
      });
      if (this.#holding) this.#pause(pair);
    });
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const { client } of this.#pairs) client.destroy();
  }

  /** Passes nothing on, in neither direction, as a network that swallows packets: connections stay up. */
  hold(): void {
    this.#holding = true;
    for (const pair of this.#pairs) this.#pause(pair);
  }

  /** Passes on what was held. */
  release(): void {
    this.#holding = false;
    this.#dropping = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Requests arrive, replies are lost. */
  dropReplies(): void {
    this.#dropping = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pause({ client, server }: { readonly client: Socket; readonly server: Socket }): void {
    client.pause();
    server.pause();
  }
}
