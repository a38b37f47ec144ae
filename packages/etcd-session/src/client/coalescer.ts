import { whenAborted } from '../when-aborted.js';
import type { Calls } from './calls.js';
import { decodeApart, decodeFlat } from './decode.js';
import { publish } from './diagnostics.js';
import { encodeFlat, encodeTogether } from './encode.js';
import { EtcdError, type EtcdErrorCode, type EtcdErrorDetails } from './errors.js';
import { flatReads } from './flat-reads.js';
import { Footprint, Keys } from './footprint.js';
import { rpc } from './rpc.js';
import type { CallOptions, Op, OpResult } from './types.js';

interface Settle {
  readonly resolve: (result: OpResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A request that waits for its transaction, and then for its result. */
class Pending {
  readonly op: Op;
  readonly bytes: Buffer;
  /** Of a request that changes something. */
  readonly footprint: Footprint | undefined;
  /** Of one that only reads: how many. */
  readonly ranges: number;
  readonly options: CallOptions;
  readonly result: Promise<OpResult>;
  readonly #until: number;
  readonly #timer: NodeJS.Timeout;
  #settle: Settle | undefined;
  #sent = false;

  constructor(op: Op, bytes: Buffer, what: Footprint | number, options: CallOptions, timeoutMs: number) {
    this.op = op;
    this.bytes = bytes;
    [this.footprint, this.ranges] = typeof what === 'number' ? [undefined, what] : [what, 0];
    this.options = options;
    this.#until = performance.now() + timeoutMs;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#timer = setTimeout(timedOut, timeoutMs, this);
    whenAborted(options.signal, this);
  }

  get settled(): boolean {
    return this.#settle === undefined;
  }

  get leftMs(): number {
    return Math.max(1, this.#until - performance.now());
  }

  /** From now on etcd may have it. */
  sent(): void {
    this.#sent = true;
  }

  resolve(result: OpResult): void {
    this.#end()?.resolve(result);
  }

  reject(error: unknown): void {
    this.#end()?.reject(error);
  }

  /** The signal has fired. */
  handleEvent(): void {
    this.giveUp('ABORTED', 'coalesced request: aborted', { cause: this.options.signal?.reason });
  }

  giveUp(code: EtcdErrorCode, message: string, details: EtcdErrorDetails): void {
    this.reject(
      new EtcdError(code, message, { ...details, outcomeUnknown: this.#sent && this.footprint !== undefined }),
    );
  }

  #end(): Settle | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener('abort', this);
    return settle;
  }
}

function timedOut(pending: Pending): void {
  pending.giveUp('DEADLINE', 'coalesced request: no answer in time', { retryable: true });
}

const defaultMaxOps = 128;
const leastMaxOps = 4;
/** Transactions of a lane on their way at once. */
const maxInFlight = 4;
/** So many must wait for another transaction to leave before the last one is back: few callers fill one better than four. */
const worthAnother = 32;
/** Well below the server's limit of 1.5 MiB; a request larger than a fair part of it travels alone. */
const maxBytes = 1 << 20;
const maxBytesOfOne = 64 << 10;

/** Sends a request by itself. */
export type SendAlone = (op: Op, bytes: Buffer, options: CallOptions) => Promise<OpResult>;

/** Requests of one kind that wait for a transaction of theirs. */
interface Lane {
  readonly reads: boolean;
  /** In the order of asking; what had to stand back for its keys comes first. */
  queue: Pending[];
  inFlight: number;
  scheduled: boolean;
}

function newLane(reads: boolean): Lane {
  return { reads, queue: [], inFlight: 0, scheduled: false };
}

/**
 * Lets requests that wait at the same moment travel as one transaction, those that are transactions nested in it. Reads travel among reads and
 * without nesting, since a transaction with a change in it, or with another one, waits for etcd's disk.
 *
 * etcd judges all compares, nested ones too, before it runs the first operation, and refuses a key that is written twice. So
 * two requests meet only when neither writes what the other touches; then each answer is what it would have been alone.
 * Alone go: reads of the past, of one member, of many keys or under conditions, large requests, and puts with a lease, because the keys of
 * elections and locks are ordered by their create revisions and two of one transaction would share theirs.
 */
export class Coalescer {
  readonly #calls: Calls;
  readonly #alone: SendAlone;
  #maxOps: number;
  readonly #reads = newLane(true);
  readonly #changes = newLane(false);
  /** Requests that travelled together with others. */
  combined = 0;

  constructor(calls: Calls, alone: SendAlone, option: true | { readonly maxOps?: number }) {
    this.#calls = calls;
    this.#alone = alone;
    this.#maxOps = option === true ? defaultMaxOps : (option.maxOps ?? defaultMaxOps);
    if (!Number.isSafeInteger(this.#maxOps) || this.#maxOps < leastMaxOps) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `coalesce.maxOps is ${this.#maxOps}: it must be a whole number, at least ${leastMaxOps}`,
      );
    }
  }

  /** Sends a request, with others if it can be. */
  send(op: Op, bytes: Buffer, options: CallOptions): Promise<OpResult> {
    const what = bytes.length > maxBytesOfOne ? undefined : this.#share(op);
    if (what === undefined) return this.#alone(op, bytes, options);
    const timeoutMs = this.#calls.timeoutMs(options);
    this.#calls.check(options.signal, 'coalesced request');
    const pending = new Pending(op, bytes, what, options, timeoutMs);
    const lane = typeof what === 'number' ? this.#reads : this.#changes;
    lane.queue.push(pending);
    this.#schedule(lane);
    return pending.result;
  }

  /** What a request adds to a transaction: so many ranges, or a change; undefined when it must go alone. */
  #share(op: Op): Footprint | number | undefined {
    const ranges = flatReads(op);
    if (ranges > 0) return ranges > this.#maxOps / 2 ? undefined : ranges;
    const footprint = new Footprint(op);
    if (!footprint.changes || footprint.leased || footprint.depth > this.#maxOps / 2) return undefined;
    return footprint;
  }

  /** Waits for the turn of the event loop to end: what is issued in it travels together. */
  #schedule(lane: Lane): void {
    if (lane.scheduled || !mayLeave(lane)) return;
    lane.scheduled = true;
    setImmediate(() => {
      lane.scheduled = false;
      while (mayLeave(lane)) this.#flush(lane);
    });
  }

  /** Takes the next transaction's requests out of the queue and sends them. */
  #flush(lane: Lane): void {
    const batch: Pending[] = [];
    const standBack: Pending[] = [];
    const keys = new Keys();
    let ops = 0;
    let depth = 0;
    let bytes = 0;
    let taken = 0;
    for (const pending of lane.queue) {
      const { footprint, ranges } = pending;
      const more = footprint === undefined ? ranges : 1;
      const deepest = Math.max(depth, footprint?.depth ?? 0);
      // The first always fits: what is too large by now, since the limit was lowered, is answered by the server.
      if (batch.length > 0 && ops + more + deepest > this.#maxOps) break;
      if (bytes + pending.bytes.length > maxBytes || standBack.length > this.#maxOps) break;
      taken++;
      if (pending.settled) continue;
      if (footprint === undefined || keys.admit(footprint)) {
        ops += more;
        depth = deepest;
        bytes += pending.bytes.length;
        batch.push(pending);
      } else {
        standBack.push(pending);
      }
    }
    lane.queue = [...standBack, ...lane.queue.slice(taken)];
    if (batch.length === 0) return;
    lane.inFlight++;
    void this.#send(lane, batch).finally(() => {
      lane.inFlight--;
      this.#schedule(lane);
    });
  }

  async #send(lane: Lane, batch: readonly Pending[]): Promise<void> {
    for (const pending of batch) pending.sent();
    if (batch.length === 1) {
      await this.#apart(batch);
      return;
    }
    let timeoutMs = 1;
    for (const pending of batch) timeoutMs = Math.max(timeoutMs, pending.leftMs);
    try {
      const results = lane.reads
        ? decodeFlat(await this.#calls.unary(rpc.readTxn, encodeFlat(batch), { timeoutMs }), batch)
        : decodeApart(await this.#calls.unary(rpc.txn, encodeTogether(batch), { timeoutMs }));
      this.combined += batch.length;
      publish('coalesce', { requests: batch.length });
      for (const [i, pending] of batch.entries()) {
        const result = results[i];
        if (result !== undefined) pending.resolve(result);
      }
    } catch (caught) {
      const error = EtcdError.from(caught);
      // The server's limit is lower than was said.
      if (error.code === 'TOO_MANY_OPS') this.#maxOps = Math.max(leastMaxOps, this.#maxOps >> 1);
      // Refused as a whole, so nothing was done: whose fault it was shows when each is sent by itself.
      if (!error.retryable && !error.outcomeUnknown && error.code !== 'CLOSED') await this.#apart(batch);
      else for (const pending of batch) pending.reject(ownError(error, pending));
    }
  }

  async #apart(batch: readonly Pending[]): Promise<void> {
    await Promise.allSettled(
      batch.map((pending) => {
        if (pending.settled) return undefined;
        const options = { ...pending.options, timeoutMs: pending.leftMs };
        return this.#alone(pending.op, pending.bytes, options).then(
          (result) => pending.resolve(result),
          (error) => pending.reject(error),
        );
      }),
    );
  }
}

function mayLeave({ queue, inFlight }: Lane): boolean {
  return queue.length > (inFlight === 0 ? 0 : worthAnother) && inFlight < maxInFlight;
}

/** A read among writes has no outcome that could be unknown. */
function ownError(error: EtcdError, pending: Pending): EtcdError {
  const { code, rawMessage, retryable, cause } = error;
  return new EtcdError(code, rawMessage, {
    retryable,
    outcomeUnknown: error.outcomeUnknown && pending.footprint !== undefined,
    cause,
  });
}
