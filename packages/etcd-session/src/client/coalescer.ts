import type {
  IDeleteRangeRequest,
  IDeleteRangeResponse,
  IPutRequest,
  IPutResponse,
  IRangeRequest,
  IRangeResponse,
  IRequestOp,
  IResponseOp,
  ITxnRequest,
  ITxnResponse,
} from 'etcd3';
import type { Calls } from './calls.js';
import { publish } from './diagnostics.js';
import { EtcdError } from './errors.js';
import { Footprint, Keys } from './footprint.js';
import { rpc } from './rpc.js';
import type { CallOptions } from './types.js';

/** A request that waits for its transaction. */
interface Pending {
  readonly op: IRequestOp;
  readonly footprint: Footprint;
  readonly options: CallOptions;
  readonly timeoutMs: number;
  readonly since: number;
  /** Sends it by itself. */
  readonly alone: (options: CallOptions) => Promise<unknown>;
  sent: boolean;
  settled: boolean;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const defaultMaxOps = 128;
const maxInFlight = 4;
/** Well below the server's limit of 1.5 MiB; a request larger than a fair part of it travels alone. */
const maxBytes = 1 << 20;
const maxBytesOfOne = 64 << 10;

/**
 * Lets requests that wait at the same moment travel as one transaction of nested transactions.
 *
 * etcd judges all compares, nested ones too, before it runs the first operation, and refuses a key that is written twice. So
 * two requests meet only when neither writes what the other touches; then each answer is what it would have been alone.
 * Alone go: reads of the past or of one member, large requests, and puts with a lease, because the keys of elections and locks
 * are ordered by their create revisions and two of one transaction would share theirs.
 */
export class Coalescer {
  readonly #calls: Calls;
  readonly #maxOps: number;
  #queue: Pending[] = [];
  #inFlight = 0;
  #scheduled = false;
  /** Requests that travelled together with others. */
  combined = 0;

  constructor(calls: Calls, option: true | { readonly maxOps?: number }) {
    this.#calls = calls;
    this.#maxOps = option === true ? defaultMaxOps : (option.maxOps ?? defaultMaxOps);
    if (!Number.isSafeInteger(this.#maxOps) || this.#maxOps < 4) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `coalesce.maxOps is ${this.#maxOps}: it must be a whole number, at least 4`,
      );
    }
  }

  range(request: IRangeRequest, options: CallOptions): Promise<IRangeResponse> {
    const alone = (own: CallOptions) => this.#calls.unary(rpc.range, request, own);
    if (request.serializable || request.revision !== undefined) return alone(options);
    return this.#add({ request_range: request }, options, alone);
  }

  put(request: IPutRequest, options: CallOptions): Promise<IPutResponse> {
    return this.#add({ request_put: request }, options, (own) => this.#calls.unary(rpc.put, request, own));
  }

  deleteRange(request: IDeleteRangeRequest, options: CallOptions): Promise<IDeleteRangeResponse> {
    return this.#add({ request_delete_range: request }, options, (own) =>
      this.#calls.unary(rpc.deleteRange, request, own),
    );
  }

  txn(request: ITxnRequest, options: CallOptions): Promise<ITxnResponse> {
    return this.#add({ request_txn: request }, options, (own) => {
      return this.#calls.unary(Footprint.of({ request_txn: request }).writes ? rpc.txn : rpc.readTxn, request, own);
    });
  }

  #add<Response>(
    op: IRequestOp,
    options: CallOptions,
    alone: (own: CallOptions) => Promise<Response>,
  ): Promise<Response> {
    const footprint = Footprint.of(op);
    if (footprint.leased || footprint.bytes > maxBytesOfOne || footprint.ops + 1 > this.#maxOps / 2)
      return alone(options);
    const timeoutMs = this.#calls.timeoutMs(options);
    this.#calls.check(options.signal, 'coalesced request');
    return new Promise<Response>((resolve, reject) => {
      const settle = () => {
        pending.settled = true;
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', abort);
      };
      const pending: Pending = {
        op,
        footprint,
        options,
        timeoutMs,
        since: performance.now(),
        alone,
        sent: false,
        settled: false,
        resolve: (answer) => {
          settle();
          resolve(answer as Response);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const unknown = () => pending.sent && footprint.writes;
      const abort = () => {
        const cause = options.signal?.reason;
        pending.reject(new EtcdError('ABORTED', 'coalesced request: aborted', { outcomeUnknown: unknown(), cause }));
      };
      const timer = setTimeout(() => {
        const message = `coalesced request: no answer in ${timeoutMs} ms`;
        pending.reject(new EtcdError('DEADLINE', message, { outcomeUnknown: unknown(), retryable: true }));
      }, timeoutMs);
      options.signal?.addEventListener('abort', abort, { once: true });
      this.#queue.push(pending);
      this.#schedule();
    });
  }

  /** Waits for the turn of the event loop to end: what is issued in it travels together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= maxInFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#inFlight < maxInFlight && this.#queue.length > 0) this.#flush();
    });
  }

  #flush(): void {
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    const keys = new Keys();
    let ops = 0;
    let bytes = 0;
    for (const pending of this.#queue) {
      if (pending.settled) continue;
      const { footprint } = pending;
      const fits = ops + footprint.ops + 1 <= this.#maxOps && bytes + footprint.bytes <= maxBytes;
      if (fits && keys.admit(footprint)) {
        ops += footprint.ops + 1;
        bytes += footprint.bytes;
        batch.push(pending);
      } else {
        rest.push(pending);
      }
    }
    this.#queue = rest;
    if (batch.length === 0) return;
    this.#inFlight++;
    void this.#send(batch, ops).finally(() => {
      this.#inFlight--;
      this.#schedule();
    });
  }

  async #send(batch: readonly Pending[], ops: number): Promise<void> {
    for (const pending of batch) pending.sent = true;
    if (batch.length === 1) {
      await this.#apart(batch);
      return;
    }
    const now = performance.now();
    const timeoutMs = Math.max(1, ...batch.map((each) => each.timeoutMs - (now - each.since)));
    const writes = batch.some((each) => each.footprint.writes);
    const request: ITxnRequest = { compare: [], success: batch.map((each) => nested(each.op)), failure: [] };
    try {
      const response = await this.#calls.unary(writes ? rpc.txn : rpc.readTxn, request, { timeoutMs });
      this.combined += batch.length;
      publish('coalesce', { requests: batch.length, ops });
      for (const [i, pending] of batch.entries()) pending.resolve(answerOf(pending.op, response, i));
    } catch (caught) {
      const error = EtcdError.from(caught);
      // Refused as a whole, so nothing was done: whose fault it was shows when each is sent by itself.
      if (!error.retryable && !error.outcomeUnknown && error.code !== 'CLOSED') await this.#apart(batch);
      else for (const pending of batch) pending.reject(ownError(error, pending));
    }
  }

  async #apart(batch: readonly Pending[]): Promise<void> {
    await Promise.allSettled(
      batch.map((pending) => {
        if (pending.settled) return undefined;
        const timeoutMs = Math.max(1, pending.timeoutMs - (performance.now() - pending.since));
        return pending.alone({ ...pending.options, timeoutMs }).then(pending.resolve, pending.reject);
      }),
    );
  }
}

function nested(op: IRequestOp): IRequestOp {
  return op.request_txn ? op : { request_txn: { compare: [], success: [op], failure: [] } };
}

/** A read among writes has no outcome that could be unknown. */
function ownError(error: EtcdError, pending: Pending): EtcdError {
  const { code, rawMessage, retryable, cause } = error;
  return new EtcdError(code, rawMessage, {
    retryable,
    outcomeUnknown: error.outcomeUnknown && pending.footprint.writes,
    cause,
  });
}

function answerOf(op: IRequestOp, response: ITxnResponse, i: number): unknown {
  const { header } = response;
  const inner: Partial<IResponseOp> | undefined = response.responses[i];
  const txn = inner?.response_txn;
  if (txn === undefined || txn === null) return undefined;
  if (op.request_txn) return { ...txn, header };
  const own: Partial<IResponseOp> | undefined = txn.responses[0];
  return { ...(own?.response_put ?? own?.response_range ?? own?.response_delete_range), header };
}
