import type { BinlogFields } from '../binlog/fields.js';
import { PumpError } from '../errors.js';
import { recordHeaderBytes } from './record.js';

const groupBytes = 1 << 20;

export interface GroupCommitOptions {
  /** Bytes that may wait for the disk before `append` makes its callers wait. */
  readonly maxPendingBytes: number;
  /** Writes a group durably. One group at a time. */
  readonly write: (group: readonly BinlogFields[]) => Promise<void>;
}

/** What one `append` waits for: its records are those with these numbers, counted since the start. */
interface Batch {
  readonly begin: number;
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: PumpError) => void;
}

/**
 * Writes that wait together go to the disk together: one write, one sync. While a group is on its way the next one
 * gathers, so the busier the log, the larger its groups.
 */
export class GroupCommit {
  #queue: BinlogFields[] = [];
  #batches: Batch[] = [];
  #queued = 0;
  #done = 0;
  #pendingBytes = 0;
  #room: { readonly promise: Promise<void>; readonly open: () => void } | undefined;
  #running: Promise<void> | undefined;

  constructor(readonly options: GroupCommitOptions) {}

  /** Bytes that wait for the disk. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Settles when all of them are durable. They stand in the log in this order. */
  append(binlogs: readonly BinlogFields[]): Promise<void> {
    return this.#pendingBytes > this.options.maxPendingBytes ? this.#appendLater(binlogs) : this.#append(binlogs);
  }

  /** Settles when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #appendLater(binlogs: readonly BinlogFields[]): Promise<void> {
    while (this.#pendingBytes > this.options.maxPendingBytes) {
      this.#room ??= makeRoom();
      await this.#room.promise;
    }
    await this.#append(binlogs);
  }

  #append(binlogs: readonly BinlogFields[]): Promise<void> {
    const begin = this.#queued;
    for (const binlog of binlogs) {
      this.#pendingBytes += binlog.payload.length;
      this.#queue.push(binlog);
    }
    this.#queued += binlogs.length;
    const end = this.#queued;
    const durable = new Promise<void>((resolve, reject) => {
      this.#batches.push({ begin, end, resolve, reject });
    });
    this.#running ??= this.#run();
    return durable;
  }

  async #run(): Promise<void> {
    // What the same turn of the event loop still brings belongs to the same group.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      let failure: PumpError | undefined;
      try {
        await this.options.write(group);
      } catch (error) {
        failure = PumpError.from(error, 'LOG_FAILED');
      }
      this.#settle(group, failure);
    }
    this.#running = undefined;
  }

  #takeGroup(): BinlogFields[] {
    let bytes = 0;
    let count = 0;
    for (const { payload } of this.#queue) {
      bytes += payload.length + recordHeaderBytes;
      if (count > 0 && bytes > groupBytes) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #settle(group: readonly BinlogFields[], failure: PumpError | undefined): void {
    this.#done += group.length;
    for (const { payload } of group) this.#pendingBytes -= payload.length;
    let over = 0;
    for (const { begin, end, resolve, reject } of this.#batches) {
      if (begin >= this.#done) break;
      if (failure) reject(failure);
      if (end > this.#done) break;
      resolve();
      over++;
    }
    this.#batches.splice(0, over);
    this.#room?.open();
    this.#room = undefined;
  }
}

function makeRoom(): { promise: Promise<void>; open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
