import type { IRequestOp, ITxnRequest } from 'etcd3';

interface Span {
  readonly from: string;
  /** Undefined for a single key, `\0` for "to the last key". */
  readonly end: string | undefined;
  readonly writes: boolean;
}

function overlap(a: Span, b: Span): boolean {
  return startsBefore(a, b) && startsBefore(b, a);
}

/** Whether `a` begins before `b` ends. */
function startsBefore(a: Span, b: Span): boolean {
  if (b.end === '\0') return true;
  return b.end === undefined ? a.from <= b.from : a.from < b.end;
}

/** Which keys a request reads (its compares too) and writes, how large it is, and how many operations etcd counts in it. */
export class Footprint {
  readonly spans: Span[] = [];
  ops = 0;
  bytes = 0;
  /** It hangs a key on a lease: such keys form queues ordered by their create revision, so each needs one of its own. */
  leased = false;

  static of(op: IRequestOp): Footprint {
    const footprint = new Footprint();
    footprint.#op(op);
    return footprint;
  }

  get writes(): boolean {
    return this.spans.some((span) => span.writes);
  }

  #op(op: IRequestOp): void {
    this.ops++;
    if (op.request_put) {
      const { key, value, lease } = op.request_put;
      this.#span(key, undefined, true);
      this.bytes += value?.length ?? 0;
      if (lease !== undefined && lease !== '0') this.leased = true;
    } else if (op.request_delete_range) {
      this.#span(op.request_delete_range.key, op.request_delete_range.range_end, true);
    } else if (op.request_range) {
      this.#span(op.request_range.key, op.request_range.range_end, false);
    } else if (op.request_txn) {
      this.#txn(op.request_txn);
    }
  }

  #txn(txn: ITxnRequest): void {
    for (const compare of txn.compare ?? []) {
      this.ops++;
      const { range_end: end } = compare as { range_end?: Buffer };
      this.#span(compare.key, end, false);
      this.bytes += compare.value?.length ?? 0;
    }
    for (const op of [...(txn.success ?? []), ...(txn.failure ?? [])]) this.#op(op);
  }

  #span(key: Buffer | undefined, end: Buffer | undefined, writes: boolean): void {
    const from = key?.toString('latin1') ?? '';
    this.spans.push({ from, end: end === undefined || end.length === 0 ? undefined : end.toString('latin1'), writes });
    this.bytes += from.length;
  }
}

/** The keys of a transaction in the making. */
export class Keys {
  readonly #read = new Set<string>();
  readonly #written = new Set<string>();
  readonly #ranges: Span[] = [];
  readonly #single: Span[] = [];

  /** Takes the request's keys in, unless one of the two writes what the other touches. */
  admit({ spans }: Footprint): boolean {
    if (spans.some((span) => this.#meets(span))) return false;
    for (const span of spans) {
      if (span.end === undefined) {
        (span.writes ? this.#written : this.#read).add(span.from);
        this.#single.push(span);
      } else {
        this.#ranges.push(span);
      }
    }
    return true;
  }

  #meets(span: Span): boolean {
    const hits = (other: Span) => (span.writes || other.writes) && overlap(span, other);
    if (this.#ranges.some(hits)) return true;
    if (span.end !== undefined) return this.#single.some(hits);
    return this.#written.has(span.from) || (span.writes && this.#read.has(span.from));
  }
}
