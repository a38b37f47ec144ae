import { Metadata } from '@grpc/grpc-js';

/**
 * The token that goes with each call. It is asked for once, however many calls wait for it, and again when etcd has
 * called it stale (a simple token ends after 5 minutes without use, a JWT by its own term).
 */
export class AuthToken {
  readonly #authenticate: (() => Promise<string | undefined>) | undefined;
  #metadata: Metadata | undefined;
  #pending: Promise<Metadata> | undefined;

  /** Without `authenticate`, or as long as it resolves to nothing, calls carry no token. */
  constructor(authenticate: (() => Promise<string | undefined>) | undefined) {
    this.#authenticate = authenticate;
    if (authenticate === undefined) this.#metadata = new Metadata();
  }

  /** What to send; at once when a token is there. */
  metadata(): Metadata | Promise<Metadata> {
    return this.#metadata ?? this.#renew();
  }

  /** Says that etcd refused this token. Calls that come later than the renewal do not throw the fresh one away. */
  stale(metadata: Metadata): void {
    if (this.#authenticate !== undefined && this.#metadata === metadata) this.#metadata = undefined;
  }

  /** Forgets whatever token there is. */
  reset(): void {
    if (this.#authenticate !== undefined) this.#metadata = undefined;
  }

  get canRenew(): boolean {
    return this.#authenticate !== undefined;
  }

  #renew(): Promise<Metadata> {
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(): Promise<Metadata> {
    const metadata = new Metadata();
    const token = await this.#authenticate?.();
    if (token !== undefined) metadata.set('token', token);
    this.#metadata = metadata;
    return metadata;
  }
}
