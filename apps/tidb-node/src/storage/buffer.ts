import { StorageError } from './errors.js';
import type { Mutation } from './store.js';
import type { KeyRange, Savepoint } from './types.js';

/** What a transaction wants of one key. */
interface Entry {
  readonly key: Buffer;
  readonly kind: Mutation['kind'];
  readonly value: Buffer;
}

const NOTHING = Buffer.alloc(0);

/**
 * A transaction's writes in memory, in key order, with savepoints: every change notes what it replaced, and going back
 * plays the notes backwards.
 *
 * Keys are held as latin1 text, whose order in JavaScript is that of the bytes.
 */
export class WriteBuffer {
  private readonly entries = new Map<string, Entry>();
  private sorted: string[] = [];
  private readonly undo: { readonly id: string; readonly before: Entry | undefined }[] = [];
  private first: string | undefined;
  /** Bytes of keys and values. */
  bytes = 0;

  get size(): number {
    return this.entries.size;
  }

  /** The key written first that is still written: the transaction's primary. */
  primary(): Buffer | undefined {
    if (this.first !== undefined && this.entries.has(this.first)) return this.entries.get(this.first)?.key;
    return this.entries.values().next().value?.key;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const before = this.entries.get(idOf(key));
    // A key that had to be absent, written again, still has to be absent.
    const absent = before?.kind === 'insert' || before?.kind === 'absent';
    this.change(key, absent ? 'insert' : 'put', Buffer.from(value));
  }

  insert(key: Uint8Array, value: Uint8Array): void {
    const before = this.entries.get(idOf(key));
    if (before?.kind === 'put' || before?.kind === 'insert') {
      throw new StorageError(
        'KEY_EXISTS',
        `the key ${before.key.toString('hex')} was already written by this transaction`,
        {
          key: before.key,
        },
      );
    }
    // Deleted here before: whether it existed below does not matter any more.
    this.change(key, before?.kind === 'delete' ? 'put' : 'insert', Buffer.from(value));
  }

  delete(key: Uint8Array): void {
    const before = this.entries.get(idOf(key));
    if (before?.kind === 'insert') {
      // It is absent again, and still has to have been absent below: else the insert was wrong.
      this.change(key, 'absent', NOTHING);
      return;
    }
    if (before?.kind !== 'absent') this.change(key, 'delete', NOTHING);
  }

  lock(key: Uint8Array): void {
    if (!this.entries.has(idOf(key))) this.change(key, 'lock', NOTHING);
  }

  /** The value here, null for deleted here, undefined for nothing said about it here. */
  get(key: Uint8Array): Buffer | null | undefined {
    const entry = this.entries.get(idOf(key));
    if (entry === undefined || entry.kind === 'lock') return undefined;
    return entry.kind === 'delete' || entry.kind === 'absent' ? null : entry.value;
  }

  /** The entries of a range that say something about a value, in key order. */
  *range(range: KeyRange, reverse: boolean): Generator<{ readonly key: Buffer; readonly value: Buffer | null }> {
    const start = idOf(range.start);
    const end = idOf(range.end);
    // Changes made while a scan is under way must not move its feet: it goes by key, not by place.
    let at = reverse ? this.lowerBound(end) - 1 : this.lowerBound(start);
    for (;;) {
      const id = this.sorted[at];
      if (id === undefined || (reverse ? id < start : id >= end)) return;
      const entry = this.entries.get(id);
      if (entry !== undefined && entry.kind !== 'lock') {
        yield { key: entry.key, value: this.get(entry.key) ?? null };
      }
      at = reverse ? this.lowerBound(id) - 1 : this.lowerBound(`${id}\0`);
    }
  }

  savepoint(): Savepoint {
    return this.undo.length as Savepoint;
  }

  rollbackTo(savepoint: Savepoint): void {
    if (!Number.isInteger(savepoint) || savepoint < 0 || savepoint > this.undo.length) {
      throw new StorageError(
        'INVALID',
        `savepoint ${savepoint} is not one of this transaction, or it was rolled back already`,
      );
    }
    while (this.undo.length > savepoint) {
      const step = this.undo.pop();
      if (step !== undefined) this.replace(step.id, step.before);
    }
  }

  /** All changes in key order, as the prewrite takes them. */
  mutations(): Mutation[] {
    return this.sorted.flatMap((id): Mutation[] => {
      const entry = this.entries.get(id);
      return entry === undefined ? [] : [entry];
    });
  }

  private change(key: Uint8Array, kind: Entry['kind'], value: Buffer): void {
    const id = idOf(key);
    this.undo.push({ id, before: this.entries.get(id) });
    if (this.first === undefined || !this.entries.has(this.first)) this.first = id;
    this.replace(id, { key: Buffer.from(key), kind, value });
  }

  private replace(id: string, entry: Entry | undefined): void {
    const before = this.entries.get(id);
    this.bytes += sizeOf(entry) - sizeOf(before);
    if (entry === undefined) {
      this.entries.delete(id);
      if (before !== undefined) this.sorted.splice(this.lowerBound(id), 1);
      return;
    }
    this.entries.set(id, entry);
    if (before !== undefined) return;
    const last = this.sorted.at(-1);
    if (last === undefined || last < id) this.sorted.push(id);
    else this.sorted.splice(this.lowerBound(id), 0, id);
  }

  private lowerBound(id: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A key as a text that maps and sorts like it. */
export function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

function sizeOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : entry.key.length + entry.value.length;
}
