import { setTimeout as pause } from 'node:timers/promises';
import { compare } from './client/compare.js';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError } from './client/linked-abort.js';
import { op as operation } from './client/op.js';
import type { CallOptions, KeyValue } from './client/types.js';
import type { Session } from './session.js';

/** What the owner announces beside its id: 0 is nothing, 1 that the cluster is being upgraded; one byte. */
export type OwnerOp = number;

/** The value of an owner's key, read. */
export interface OwnerValue {
  readonly id: string;
  readonly op: OwnerOp;
}

const separator = '_'.charCodeAt(0);

/** The id up to the first `_`, then one byte; a value without them (TiDB before v6.6) announces nothing. */
export function parseOwnerValue(value: Buffer): OwnerValue {
  const at = value.indexOf(separator);
  if (at === -1) return { id: value.toString(), op: 0 };
  return { id: value.toString('utf8', 0, at), op: value[at + 1] ?? 0 };
}

function formatOwnerValue({ id, op }: OwnerValue): Buffer {
  if (!Number.isInteger(op) || op < 0 || op > 255) {
    throw new EtcdError(
      'INVALID_ARGUMENT',
      `an owner's op value must be a whole number from 0 to 255, not ${String(op)}`,
    );
  }
  return Buffer.concat([Buffer.from(id), Buffer.of(separator, op)]);
}

/** TiDB reads the owner with so many tries, each of so long, so far apart. */
const readAttempts = 3;
const readTimeoutMs = 2000;
const readPauseMs = 30;
/** Deletes in one transaction, well below the server's limit of 128 operations. */
const deletesPerTxn = 100;

/** The keys of all candidates for one ownership, seen from outside the election. */
export class OwnerKeys {
  readonly #client: EtcdClient;
  /** With the slash: a key that only begins with the election's name is none of its keys. */
  readonly #prefix: string;

  constructor(client: EtcdClient, key: string) {
    this.#client = client;
    this.#prefix = `${key}/`;
  }

  /** The first-created key; `NO_LEADER` when there is none. */
  async owner(options: CallOptions = {}): Promise<KeyValue> {
    const first = { timeoutMs: readTimeoutMs, ...options, sortBy: 'create', order: 'ascend', limit: 1 } as const;
    for (let attempt = 1; ; attempt++) {
      try {
        const [kv] = (await this.#client.range({ prefix: this.#prefix }, first)).kvs;
        if (kv === undefined) throw new EtcdError('NO_LEADER', 'election: no leader');
        return kv;
      } catch (caught) {
        if (options.signal?.aborted) throw abortError(options.signal);
        const error = EtcdError.from(caught);
        if (!error.retryable || attempt === readAttempts) throw error;
      }
      await pause(readPauseMs);
    }
  }

  /** Puts an op value beside the owner's id, if `id` is the owner. */
  async announce(id: string, op: OwnerOp, options: CallOptions): Promise<void> {
    const value = formatOwnerValue({ id, op });
    for (let attempt = 1; ; attempt++) {
      const kv = await this.owner(options);
      const owner = parseOwnerValue(kv.value);
      if (owner.id !== id) throw new EtcdError('NOT_LEADER', `ownerInfoNotMatch: ${owner.id} owns, not ${id}`);
      if (owner.op === op) return;
      // On the key's own lease: without one it would outlive its owner.
      const put = operation.put(kv.key, value, { lease: kv.lease });
      const unchanged = compare.mod(kv.key, '=', kv.modRevision);
      try {
        const result = await this.#client.txn({ compare: [unchanged], success: [put] }, options);
        if (result.succeeded) return;
      } catch (caught) {
        const error = EtcdError.from(caught);
        // Whether it happened is read back on the next turn, and the compare keeps it from happening twice.
        if (!error.outcomeUnknown || options.signal?.aborted || attempt === readAttempts) throw error;
        continue;
      }
      throw new EtcdError('CONFLICT', 'put owner key failed, cmp is false', { retryable: true });
    }
  }

  /**
   * Deletes the keys of all others and puts the session's own; whether that made it the first. The last to join go first and the owner with the
   * last transaction, the one that puts the own key, so that nobody is elected in between.
   */
  async supplant(session: Session, id: string, options: CallOptions): Promise<boolean> {
    const own = `${this.#prefix}${session.leaseHex}`;
    const listed = { sortBy: 'create', order: 'descend', keysOnly: true, ...options } as const;
    const all = (await this.#client.range({ prefix: this.#prefix }, listed)).kvs;
    const others = all.filter(({ key }) => key.toString() !== own);
    while (others.length > deletesPerTxn) {
      const success = others.splice(0, deletesPerTxn).map(({ key }) => operation.delete(key));
      await this.#client.txn({ success }, options);
    }
    const absent = {
      compare: [compare.create(own, '=', 0n)],
      success: [operation.put(own, id, { lease: session.leaseId })],
    };
    const deletes = others.map(({ key }) => operation.delete(key));
    await this.#client.txn({ success: [...deletes, operation.txn(absent)] }, options);
    return (await this.owner(options)).key.toString() === own;
  }
}
