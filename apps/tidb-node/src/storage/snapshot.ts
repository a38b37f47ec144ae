import { persist } from './persist.js';
import type { LockResolver } from './resolver.js';
import type { SafePoint } from './safe-point.js';
import type { ScanPage, Store } from './store.js';
import type { KeyRange, Pair, ScanOptions, Snapshot, StoreCallOptions, Timestamp } from './types.js';

/** Versions in the first page of a scan without a limit, and in the later ones. */
const FIRST_PAGE = 256;
const PAGE = 1_024;
/** A scan with a small limit still takes some more, since a key may have several versions. */
const SMALLEST_PAGE = 16;

/** Reads of a store at one timestamp; locks that stand in the way are settled. */
export class StoreSnapshot implements Snapshot {
  constructor(
    readonly ts: Timestamp,
    private readonly store: Store,
    private readonly resolver: LockResolver,
    private readonly safePoint: Pick<SafePoint, 'check' | 'confirm'>,
  ) {}

  async get(key: Uint8Array, options: StoreCallOptions = {}): Promise<Buffer | undefined> {
    this.safePoint.check(this.ts);
    const patience = this.resolver.patience(options);
    for (;;) {
      const found = await persist(() => this.store.get(key, this.ts, options), options);
      if (found.kind === 'value') {
        await this.safePoint.confirm(this.ts, options);
        return found.value;
      }
      await patience.clear([found.lock]);
    }
  }

  async batchGet(keys: readonly Uint8Array[], options: StoreCallOptions = {}): Promise<(Buffer | undefined)[]> {
    this.safePoint.check(this.ts);
    const values = new Array<Buffer | undefined>(keys.length).fill(undefined);
    const patience = this.resolver.patience(options);
    let missing = keys.map((_, at) => at);
    while (missing.length > 0) {
      const wanted = missing.flatMap((at) => keys[at] ?? []);
      const found = await persist(() => this.store.batchGet(wanted, this.ts, options), options);
      const locked = found.flatMap((result) => (result.kind === 'locked' ? [result.lock] : []));
      missing = missing.filter((at, i) => {
        const result = found[i];
        if (result?.kind !== 'value') return true;
        values[at] = result.value;
        return false;
      });
      if (locked.length > 0) await patience.clear(locked);
    }
    await this.safePoint.confirm(this.ts, options);
    return values;
  }

  async *scan(range: KeyRange, options: ScanOptions = {}): AsyncGenerator<Pair> {
    this.safePoint.check(this.ts);
    const { reverse = false } = options;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    let rest: KeyRange | undefined = range;
    let page = Math.min(FIRST_PAGE, Math.max(SMALLEST_PAGE, left));
    let patience = this.resolver.patience(options);
    while (rest !== undefined && left > 0 && Buffer.compare(rest.start, rest.end) < 0) {
      const at: KeyRange = rest;
      const size = page;
      const answer: ScanPage = await persist(() => this.store.scan(at, this.ts, size, reverse, options), options);
      await this.safePoint.confirm(this.ts, options);
      for (const pair of answer.pairs) {
        yield pair;
        left -= 1;
        if (left <= 0) return;
      }
      if (answer.pairs.length > 0) patience = this.resolver.patience(options);
      if (answer.locks.length > 0) await patience.clear(answer.locks);
      rest = answer.rest;
      page = Math.min(PAGE, page * 4);
    }
  }
}
