import { toKeyRange } from './key-selector.js';
import type { KeySelector, Op, Txn } from './types.js';

interface Span {
  readonly from: string;
  /** Undefined for a single key, `\0` for "to the last key". */
  readonly end: string | undefined;
}

function overlap(a: Span, b: Span): boolean {
  return startsBefore(a, b) && startsBefore(b, a);
}

/** Whether `a` begins before `b` ends. */
function startsBefore(a: Span, b: Span): boolean {
  if (b.end === '\0') return true;
  return b.end === undefined ? a.from <= b.from : a.from < b.end;
}

/** Which keys a request reads (its compares too) and writes, and how much of etcd's limit on operations it takes. */
export class Footprint {
  readonly reads: Span[] = [];
  readonly writes: Span[] = [];
  /** It hangs a key on a lease: such keys form queues ordered by their create revision, so each needs one of its own. */
  leased = false;
  /**
   * What etcd holds against its limit: of a transaction the largest of its three lists, and the largest such number of the transactions within.
   * Operations that stand beside each other take one together with the deepest of them.
   */
  readonly depth: number;

  constructor(op: Op) {
    this.depth = this.#op(op);
  }

  /** Whether it writes or deletes anything. */
  get changes(): boolean {
    return this.writes.length > 0;
  }

  #op(op: Op): number {
    switch (op.kind) {
      case 'range':
        this.#add(this.reads, op.key);
        return 0;
      case 'put':
        this.#add(this.writes, op.key);
        if (op.options.lease !== undefined && op.options.lease !== 0n) this.leased = true;
        return 0;
      case 'delete':
        this.#add(this.writes, op.key);
        return 0;
      case 'txn':
        return this.#txn(op.txn);
    }
  }

  #txn({ compare = [], success = [], failure = [] }: Txn): number {
    for (const { key } of compare) this.#add(this.reads, key);
    let deepest = 0;
    for (const op of success) deepest = Math.max(deepest, this.#op(op));
    for (const op of failure) deepest = Math.max(deepest, this.#op(op));
    return Math.max(compare.length, success.length, failure.length) + deepest;
  }

  #add(spans: Span[], selector: KeySelector): void {
    const { key, rangeEnd } = toKeyRange(selector);
    spans.push({
      from: key.toString('latin1'),
      end: rangeEnd === undefined || rangeEnd.length === 0 ? undefined : rangeEnd.toString('latin1'),
    });
  }
}

/** Keys and ranges of keys that all read, or all write. */
class Spans {
  readonly #keys = new Set<string>();
  readonly #ranges: Span[] = [];

  add(span: Span): void {
    if (span.end === undefined) this.#keys.add(span.from);
    else this.#ranges.push(span);
  }

  meets(span: Span): boolean {
    for (const range of this.#ranges) if (overlap(range, span)) return true;
    if (span.end === undefined) return this.#keys.has(span.from);
    for (const from of this.#keys) if (overlap({ from, end: undefined }, span)) return true;
    return false;
  }
}

/** The keys of a transaction in the making. */
export class Keys {
  readonly #read = new Spans();
  readonly #written = new Spans();

  /** Takes the request's keys in, unless one of the two writes what the other touches. */
  admit({ reads, writes }: Footprint): boolean {
    for (const span of writes) if (this.#written.meets(span) || this.#read.meets(span)) return false;
    for (const span of reads) if (this.#written.meets(span)) return false;
    for (const span of reads) this.#read.add(span);
    for (const span of writes) this.#written.add(span);
    return true;
  }
}
