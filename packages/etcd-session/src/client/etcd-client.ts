import { Calls } from './calls.js';
import { Coalescer } from './coalescer.js';
import { decodeResult, type ResultOf } from './decode.js';
import { encodeOp, int64 } from './encode.js';
import { EtcdError } from './errors.js';
import { Follow } from './follow.js';
import { op } from './op.js';
import { resolveUnknown } from './resolve-unknown.js';
import { type KvRpc, type Rpc, rpc } from './rpc.js';
import { RpcStream, type RpcStreamListener } from './rpc-stream.js';
import type {
  Bytes,
  CallOptions,
  ChangeOptions,
  DeleteOptions,
  DeleteResult,
  EtcdClientOptions,
  EtcdClientStats,
  FollowOptions,
  GetResult,
  KeySelector,
  LeaseGrant,
  LeaseTimeToLive,
  Member,
  MemberStatus,
  Op,
  OpResult,
  PutOptions,
  PutResult,
  RangeOptions,
  RangeResult,
  Txn,
  TxnResult,
  WatchOptions,
} from './types.js';
import { Watch } from './watch.js';
import { WatchHub } from './watch-hub.js';

const callsOf = new WeakMap<EtcdClient, Calls>();

/**
 * A client of one etcd cluster. Safe for any number of concurrent callers; one per process is enough.
 *
 * Every call has a deadline (`timeoutMs`), ends by its `signal`, and fails only with {@link EtcdError}. A call that changes
 * something is sent once: when its outcome is not known, the error says so (`outcomeUnknown`), and nothing is repeated in
 * silence. Calls that never left the process, and reads, are tried on the other members until the deadline.
 */
export class EtcdClient {
  readonly #calls: Calls;
  readonly #hub: WatchHub;
  readonly #coalescer: Coalescer | undefined;
  #closing: Promise<void> | undefined;

  /** @throws EtcdError `INVALID_ARGUMENT` for options that cannot work. */
  constructor(options: EtcdClientOptions) {
    this.#calls = new Calls(options);
    callsOf.set(this, this.#calls);
    this.#hub = new WatchHub(this.#calls, options);
    const alone = (single: Op, bytes: Buffer, own: CallOptions) => this.#alone(single, bytes, own);
    this.#coalescer = options.coalesce ? new Coalescer(this.#calls, alone, options.coalesce) : undefined;
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** One key, or undefined. Linearizable unless `serializable`. */
  async get(key: Bytes, options: RangeOptions & CallOptions = {}): Promise<GetResult> {
    const { kvs, revision } = await this.#request(op.get(key, options), options);
    return { kv: kvs[0], revision };
  }

  /** The keys a selector means. */
  async range(selector: KeySelector, options: RangeOptions & CallOptions = {}): Promise<RangeResult> {
    return await this.#request(op.range(selector, options), options);
  }

  /** Writes one key. */
  async put(key: Bytes, value: Bytes, options: PutOptions & ChangeOptions = {}): Promise<PutResult> {
    return await this.#change(op.put(key, value, options), options);
  }

  /** Deletes the keys a selector means, and says how many there were. */
  async delete(selector: KeySelector, options: DeleteOptions & ChangeOptions = {}): Promise<DeleteResult> {
    return await this.#change(op.delete(selector, options), options);
  }

  /**
   * Runs a transaction.
   *
   * @throws EtcdError `DUPLICATE_KEY` when a branch changes a key twice, `TOO_MANY_OPS` above the server's limit.
   */
  async txn(txn: Txn, options: ChangeOptions = {}): Promise<TxnResult> {
    return await this.#change(op.txn(txn), options);
  }

  /** Makes a lease. The server may grant more than was asked for. */
  async leaseGrant(ttlSeconds: number, options: { readonly id?: bigint } & CallOptions = {}): Promise<LeaseGrant> {
    if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `ttlSeconds is ${ttlSeconds}: a lease lives for whole seconds, at least 1`,
      );
    }
    const request = {
      TTL: ttlSeconds,
      ...(options.id === undefined ? {} : { ID: int64(options.id, 'id').toString() }),
    };
    const response = await this.#calls.unary(rpc.leaseGrant, request, options);
    return { id: BigInt(response.ID), ttlSeconds: Number(response.TTL) };
  }

  /**
   * Ends a lease; its keys go with it.
   *
   * @throws EtcdError `LEASE_NOT_FOUND` when there is no such lease (any more).
   */
  async leaseRevoke(id: bigint, options: CallOptions = {}): Promise<void> {
    await this.#calls.unary(rpc.leaseRevoke, { ID: int64(id, 'id').toString() }, options);
  }

  /**
   * Renews a lease once, and tells the time it got.
   *
   * @throws EtcdError `LEASE_NOT_FOUND` when there is no such lease (any more).
   */
  async leaseKeepAliveOnce(id: bigint, options: CallOptions = {}): Promise<LeaseGrant> {
    const answer = await this.#calls.once(rpc.leaseKeepAlive, { ID: int64(id, 'id').toString() }, options);
    const ttlSeconds = Number(answer.TTL);
    if (ttlSeconds > 0) return { id, ttlSeconds };
    throw new EtcdError('LEASE_NOT_FOUND', `lease ${id.toString(16)} has expired or was revoked; grant a new one`);
  }

  /** How long a lease has left (-1 seconds if there is none), and with `keys` which keys hang on it. */
  async leaseTimeToLive(id: bigint, options: { readonly keys?: boolean } & CallOptions = {}): Promise<LeaseTimeToLive> {
    const request = { ID: int64(id, 'id').toString(), keys: options.keys ?? false };
    const response = await this.#calls.unary(rpc.leaseTimeToLive, request, options);
    return {
      id,
      ttlSeconds: Number(response.TTL),
      grantedTtlSeconds: Number(response.grantedTTL),
      keys: response.keys,
    };
  }

  /** The ids of all leases. */
  async leases(options: CallOptions = {}): Promise<readonly bigint[]> {
    const response = await this.#calls.unary(rpc.leases, {}, options);
    return response.leases.map((lease) => BigInt(lease.ID));
  }

  /** Forgets the history before a revision. `physical` waits until the space is free for reuse. */
  async compact(revision: bigint, options: { readonly physical?: boolean } & CallOptions = {}): Promise<void> {
    const request = { revision: int64(revision, 'revision').toString(), physical: options.physical ?? false };
    await this.#calls.unary(rpc.compact, request, options);
  }

  /** The members of the cluster. */
  async memberList(options: CallOptions = {}): Promise<readonly Member[]> {
    const response = await this.#calls.unary(rpc.memberList, {}, options);
    return response.members.map((member) => ({
      id: BigInt(member.ID),
      name: member.name,
      peerUrls: member.peerURLs,
      clientUrls: member.clientURLs,
      isLearner: member.isLearner,
    }));
  }

  /** The member this client talks to at present. */
  async status(options: CallOptions = {}): Promise<MemberStatus> {
    const response = await this.#calls.unary(rpc.status, {}, options);
    return {
      memberId: BigInt(response.header.member_id),
      version: response.version,
      dbSize: BigInt(response.dbSize),
      leader: BigInt(response.leader),
      raftIndex: BigInt(response.raftIndex),
      raftTerm: BigInt(response.raftTerm),
      revision: BigInt(response.header.revision),
    };
  }

  /**
   * The changes of the keys a selector means, as they happen. The watch begins at once, not with the first iteration, and
   * outlives connections, members and restarts without losing or repeating an event.
   *
   * The iteration ends with `COMPACTED` when events that were not delivered yet are gone (use `follow()` where only
   * the state counts), and silently when its signal fires or it is closed.
   */
  watch(selector: KeySelector, options: WatchOptions = {}): Watch {
    this.#calls.check(options.signal, 'watch');
    return new Watch(this.#hub, selector, options);
  }

  /**
   * The state of the keys a selector means, and then each change of it. Unlike a watch it survives compaction: it lists the
   * keys again and delivers the differences.
   */
  follow(selector: KeySelector, options: FollowOptions = {}): Follow {
    this.#calls.check(options.signal, 'follow');
    return new Follow(this, selector, options);
  }

  /** What the client has counted since it was made. */
  stats(): EtcdClientStats {
    return {
      ...this.#calls.counters,
      failovers: this.#calls.endpoints.failovers,
      coalesced: this.#coalescer?.combined ?? 0,
      ...this.#hub.stats(),
    };
  }

  /**
   * Refuses new calls, ends the watches, waits for the calls under way (each has its deadline) and closes the connections.
   * Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change<Request extends Op>(request: Request, options: ChangeOptions): Promise<ResultOf<Request['kind']>> {
    const { resolveUnknown: marker } = options;
    if (marker === undefined) return this.#request(request, options);
    const result = resolveUnknown(this, request, { ...options, resolveUnknown: marker });
    return result as Promise<ResultOf<Request['kind']>>;
  }

  #request<Request extends Op>(request: Request, options: CallOptions): Promise<ResultOf<Request['kind']>> {
    const bytes = encodeOp(request);
    const result = this.#coalescer?.send(request, bytes, options) ?? this.#alone(request, bytes, options);
    // An operation of a kind is answered by a result of that kind.
    return result as Promise<ResultOf<Request['kind']>>;
  }

  async #alone(request: Op, bytes: Buffer, options: CallOptions): Promise<OpResult> {
    return decodeResult(request.kind, await this.#calls.unary(methodOf(request), bytes, options));
  }

  async #close(): Promise<void> {
    this.#hub.close();
    await this.#calls.close();
  }
}

/** Opens a stream of a client: for the lease keeper of this package, not for users. */
export function openStream<Request extends object, Response>(
  client: EtcdClient,
  method: Rpc<Request, Response>,
  listener: RpcStreamListener<Response>,
): Promise<RpcStream<Request, Response>> {
  const calls = callsOf.get(client);
  if (calls === undefined) throw new EtcdError('INVALID_ARGUMENT', 'not a client of this copy of the package');
  return RpcStream.open(calls, method, listener);
}

function methodOf(request: Op): KvRpc {
  switch (request.kind) {
    case 'range':
      return rpc.range;
    case 'put':
      return rpc.put;
    case 'delete':
      return rpc.deleteRange;
    case 'txn':
      return changes(request.txn) ? rpc.txn : rpc.readTxn;
  }
}

/** Whether either branch of a transaction writes or deletes. */
function changes({ success = [], failure = [] }: Txn): boolean {
  return [...success, ...failure].some((each) => (each.kind === 'txn' ? changes(each.txn) : each.kind !== 'range'));
}
