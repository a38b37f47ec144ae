import { setTimeout as sleep } from 'node:timers/promises';
import { type EtcdClient, type Logger, op } from '@tidb-js/etcd-session';

const PREFIX = 'tidb-js/variables/';
/** Pause before they are followed again after a failure. */
const RETRY_MS = 500;

export interface StoredVariablesOptions {
  readonly client: EtcdClient;
  /** Told of each value at the start, and of each one that any node sets. */
  readonly onValue: (name: string, value: string) => void;
  readonly logger: Logger;
}

/** The values of SET GLOBAL, in etcd: one key each, followed by all nodes. */
export class StoredVariables implements AsyncDisposable {
  readonly #options: StoredVariablesOptions;
  readonly #ending = new AbortController();
  #following: Promise<void> = Promise.resolve();

  private constructor(options: StoredVariablesOptions) {
    this.#options = options;
  }

  /** Reads what is set before it resolves. */
  static async open(
    options: StoredVariablesOptions,
    call: { readonly signal?: AbortSignal },
  ): Promise<StoredVariables> {
    const variables = new StoredVariables(options);
    const { kvs } = await options.client.range({ prefix: PREFIX }, call);
    for (const { key, value } of kvs) variables.#tell(key, value);
    variables.#following = variables.#follow();
    return variables;
  }

  async save(values: ReadonlyMap<string, string>): Promise<void> {
    await this.#options.client.txn({ success: [...values].map(([name, value]) => op.put(PREFIX + name, value)) });
  }

  async #follow(): Promise<void> {
    const { client, logger } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        for await (const { changes } of client.follow({ prefix: PREFIX }, { signal })) {
          for (const { key, kv } of changes) if (kv !== undefined) this.#tell(key, kv.value);
        }
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'global variables could not be followed');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #tell(key: Uint8Array, value: Uint8Array): void {
    this.#options.onValue(Buffer.from(key).toString().slice(PREFIX.length), Buffer.from(value).toString());
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
