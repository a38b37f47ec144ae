import { publish } from './diagnostics.js';
import { Endpoint, parseEndpoints } from './endpoint.js';
import type { EtcdClientOptions, Logger } from './types.js';

/**
 * The members a client knows, and the one it talks to. It stays with one while that works, and goes on to the next when
 * it fails; the first is taken by lot, so that many processes spread over the members.
 */
export class Endpoints {
  readonly #all: readonly Endpoint[];
  readonly #logger: Logger | undefined;
  #at: number;
  #current: Endpoint;
  /** How often the client has turned to another member. */
  failovers = 0;

  constructor(options: EtcdClientOptions) {
    this.#logger = options.logger;
    this.#all = parseEndpoints(options).map((address) => new Endpoint(address, options));
    this.#at = Math.floor(Math.random() * this.#all.length);
    this.#current = this.#pick();
  }

  get size(): number {
    return this.#all.length;
  }

  get current(): Endpoint {
    return this.#current;
  }

  /** Leaves a member that failed, unless the client has already left it. */
  failed(endpoint: Endpoint, reason: string): void {
    if (endpoint !== this.#current || this.#all.length === 1) return;
    this.#at = (this.#at + 1) % this.#all.length;
    this.#current = this.#pick();
    this.failovers++;
    const facts = { from: endpoint.address, to: this.#current.address, reason };
    this.#logger?.warn(facts, 'etcd endpoint failed, turning to the next');
    publish('failover', facts);
  }

  close(): void {
    for (const endpoint of this.#all) endpoint.close();
  }

  #pick(): Endpoint {
    const endpoint = this.#all[this.#at];
    if (endpoint === undefined) throw new RangeError(`no endpoint at ${this.#at}`);
    return endpoint;
  }
}
