import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { type BinlogFields, latestTs } from '../binlog/fields.js';
import { PumpError } from '../errors.js';
import { BlockCache, type UncheckedPayload } from './block-cache.js';
import { GroupCommit } from './group-commit.js';
import { comparePointers, type LoggedRecord, type Pointer } from './pointer.js';
import { recordHeaderBytes, writeRecord } from './record.js';
import { type ScannedRecord, type ScanWatcher, Segment, segmentId } from './segment.js';

/** A file smaller than this is carried on after a restart instead of being finished at close. */
const finishAtCloseBytes = 50 << 10;

/** A group of records that reached the disk. */
export interface WrittenGroup {
  readonly writeSeconds: number;
  /** 0 where nothing is synced. */
  readonly syncSeconds: number;
  readonly bytes: number;
}

export interface ValueLogOptions {
  readonly segmentBytes: number;
  /** Whether a group is synced before its writes are acknowledged. */
  readonly syncLog: boolean;
  /** Bytes that may wait for the disk before `append` makes its callers wait. */
  readonly maxPendingBytes: number;
  readonly logger: Logger;
  /** Is handed each durable group in log order, before its writes are acknowledged. What it returns is waited for. */
  readonly onGroup: (group: readonly LoggedRecord[]) => Promise<void> | undefined;
  readonly onSync?: (group: WrittenGroup) => void;
  /** A group could not be written or synced. */
  readonly onError?: () => void;
  readonly watcher?: ScanWatcher;
}

/**
 * The value log: files of records, in the layout of a real Pump (`value/000000.vlog`, …).
 *
 * A write is acknowledged after its group was written and synced, off the main thread; never before.
 */
export class ValueLog {
  readonly #segments = new Map<number, Segment>();
  readonly #cache = new BlockCache();
  readonly #commits: GroupCommit;
  #broken: PumpError | undefined;

  private constructor(
    readonly dir: string,
    private active: Segment,
    readonly options: ValueLogOptions,
  ) {
    this.#commits = new GroupCommit({
      maxPendingBytes: options.maxPendingBytes,
      write: (group) => this.#writeGroup(group),
    });
  }

  /**
   * Opens the log, and cuts off what a crash left unfinished at its end.
   *
   * @throws PumpError `DATA_DIR_INVALID` when a file of the row is missing.
   */
  static async open(dir: string, options: ValueLogOptions): Promise<ValueLog> {
    await mkdir(dir, { recursive: true });
    const segments = await openSegments(dir, options);
    const last = segments.at(-1);
    const active = last && !last.finished ? last : await createSegment(dir, last ? last.id + 1 : 0);
    const log = new ValueLog(dir, active, options);
    for (const segment of segments) log.#segments.set(segment.id, segment);
    log.#segments.set(active.id, active);
    return log;
  }

  /** The fault that ended all writing, if one did. */
  get broken(): PumpError | undefined {
    return this.#broken;
  }

  get bytes(): number {
    let sum = 0;
    for (const segment of this.#segments.values()) sum += segment.size;
    return sum;
  }

  /** Bytes that wait for the disk. */
  get pendingBytes(): number {
    return this.#commits.pendingBytes;
  }

  /** Where the next record will stand. */
  get end(): Pointer {
    return { fileId: this.active.id, offset: this.active.size };
  }

  get firstFileId(): number {
    return this.#segments.keys().next().value ?? 0;
  }

  /** Files that nothing is appended to any more, oldest first, with the largest timestamp of each. */
  *finishedFiles(): IterableIterator<{ readonly id: number; readonly maxTs: bigint; readonly bytes: number }> {
    for (const segment of this.#segments.values()) {
      if (segment !== this.active) yield { id: segment.id, maxTs: segment.maxTs, bytes: segment.size };
    }
  }

  /**
   * Settles when all the records are durable. They stand in the log in this order.
   *
   * @throws PumpError `LOG_FAILED`, or `CLOSED`.
   */
  append(binlogs: readonly BinlogFields[]): Promise<void> {
    return this.#broken ? Promise.reject(this.#broken) : this.#commits.append(binlogs);
  }

  /** The record's payload if it is in memory. */
  peek(pointer: Pointer): Buffer | undefined {
    const segment = this.#segments.get(pointer.fileId);
    return segment && this.#cache.peek(segment, pointer);
  }

  /** As {@link peek}, not held against its checksum. */
  glance(pointer: Pointer): UncheckedPayload | undefined {
    const segment = this.#segments.get(pointer.fileId);
    return segment && this.#cache.glance(segment, pointer);
  }

  /** @throws PumpError `CORRUPTED` when there is no such record. */
  async read(pointer: Pointer): Promise<Buffer> {
    const segment = this.#segments.get(pointer.fileId);
    if (!segment) {
      throw new PumpError('CORRUPTED', `the value log file ${pointer.fileId} of a record is not in ${this.dir}`);
    }
    return this.#cache.peek(segment, pointer) ?? (await this.#cache.load(segment, pointer));
  }

  /** The records from `from` on, in log order, up to the end that the log has when their file is reached. */
  async *scan(from: Pointer, watcher?: ScanWatcher): AsyncIterable<readonly ScannedRecord[]> {
    for (const segment of [...this.#segments.values()]) {
      if (segment.id < from.fileId) continue;
      yield* segment.scan(segment.id === from.fileId ? from.offset : 0, watcher);
    }
  }

  /** Bytes from `from` to the end. */
  bytesAfter(from: Pointer): number {
    let sum = 0;
    for (const segment of this.#segments.values()) {
      if (segment.id > from.fileId) sum += segment.size;
      else if (segment.id === from.fileId) sum += Math.max(0, segment.size - from.offset);
    }
    return sum;
  }

  /** Whether a record can stand there. */
  holds(pointer: Pointer): boolean {
    const segment = this.#segments.get(pointer.fileId);
    return segment !== undefined && pointer.offset <= segment.size && comparePointers(pointer, this.end) <= 0;
  }

  /** Deletes a file that nothing is appended to any more. */
  async remove(fileId: number): Promise<void> {
    const segment = this.#segments.get(fileId);
    if (!segment || segment === this.active) return;
    this.#segments.delete(fileId);
    this.#cache.forget(fileId);
    await segment.close();
    await unlink(segment.path);
    await syncDir(this.dir);
  }

  /** Finishes what waits and closes the files. Nothing may be appended after it. */
  async close(): Promise<void> {
    await this.#commits.idle();
    const closed = new PumpError('CLOSED', 'the value log is closed');
    const failed = this.#broken !== undefined;
    this.#broken ??= closed;
    if (!failed && !this.active.finished && this.active.size >= finishAtCloseBytes) await this.active.finish();
    for (const segment of this.#segments.values()) await segment.close();
  }

  async #writeGroup(group: readonly BinlogFields[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    if (this.active.size >= this.options.segmentBytes) await this.#rotate();
    const segment = this.active;
    const { bytes, records } = layOut(group, segment);
    const begun = performance.now();
    try {
      await writeFully(segment, bytes);
    } catch (error) {
      this.options.onError?.();
      await this.#undo(segment, error);
      throw new PumpError('LOG_FAILED', `cannot write to ${segment.path}: ${String(error)}`, { cause: error });
    }
    const writtenAt = performance.now();
    if (this.options.syncLog) await this.#sync(segment);
    const writeSeconds = (writtenAt - begun) / 1000;
    const syncSeconds = this.options.syncLog ? (performance.now() - writtenAt) / 1000 : 0;
    segment.size += bytes.length;
    for (const binlog of group) segment.raiseMaxTs(latestTs(binlog));
    this.options.onSync?.({ writeSeconds, syncSeconds, bytes: bytes.length });
    await this.options.onGroup(records);
  }

  async #sync(segment: Segment): Promise<void> {
    try {
      await segment.handle.datasync();
    } catch (error) {
      this.options.onError?.();
      // After a failed sync the kernel may have dropped the pages: what is on the disk is unknown, and stays so.
      this.#broken = new PumpError(
        'LOG_FAILED',
        `cannot sync ${segment.path}: ${String(error)}; the Pump takes no more writes, check the disk and start it again`,
        { cause: error, outcomeUnknown: true },
      );
      throw this.#broken;
    }
  }

  /** Takes a half-written group away, so that the next one follows the last whole record. */
  async #undo(segment: Segment, cause: unknown): Promise<void> {
    try {
      await segment.handle.truncate(segment.size);
    } catch (error) {
      this.#broken = new PumpError('LOG_FAILED', `cannot write to ${segment.path} nor take it back: ${String(error)}`, {
        cause,
        outcomeUnknown: true,
      });
    }
  }

  async #rotate(): Promise<void> {
    if (!this.active.finished) await this.active.finish();
    const next = await createSegment(this.dir, this.active.id + 1);
    this.#segments.set(next.id, next);
    this.active = next;
  }
}

async function openSegments(dir: string, options: ValueLogOptions): Promise<Segment[]> {
  const ids: number[] = [];
  for (const name of await readdir(dir)) {
    const id = segmentId(name);
    if (id === undefined) options.logger.warn({ dir, name }, 'a file that is no value log is ignored');
    else ids.push(id);
  }
  ids.sort((a, b) => a - b);
  const segments: Segment[] = [];
  try {
    for (const [index, id] of ids.entries()) {
      const before = ids[index - 1];
      if (before !== undefined && id !== before + 1) {
        throw new PumpError(
          'DATA_DIR_INVALID',
          `${dir} holds the files ${before} and ${id} but not ${before + 1}; put it back, or an empty file to go on without its binlogs`,
        );
      }
      segments.push(await openSegment(dir, id, index === ids.length - 1, options));
    }
    return segments;
  } catch (error) {
    for (const segment of segments) await segment.close();
    throw error;
  }
}

async function openSegment(dir: string, id: number, last: boolean, options: ValueLogOptions): Promise<Segment> {
  const segment = await Segment.open(dir, id, last);
  if (segment.finished) return segment;
  const end = await segment.measure({
    damage: (damage) => options.watcher?.damage?.(damage),
    progress: (bytes) => options.watcher?.progress?.(bytes),
  });
  if (last && end < segment.size) {
    options.logger.warn(
      { file: segment.path, from: end, bytes: segment.size - end },
      'an unfinished end of the log is cut off',
    );
    await segment.truncate(end);
  }
  return segment;
}

async function createSegment(dir: string, id: number): Promise<Segment> {
  const segment = await Segment.create(dir, id);
  await syncDir(dir);
  return segment;
}

/** Makes the creation or deletion of a file durable. */
async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function layOut(group: readonly BinlogFields[], segment: Segment): { bytes: Buffer; records: LoggedRecord[] } {
  let size = 0;
  for (const { payload } of group) size += payload.length + recordHeaderBytes;
  const bytes = Buffer.allocUnsafe(size);
  const records: LoggedRecord[] = [];
  let offset = 0;
  for (const { type, startTs, commitTs, payload } of group) {
    records.push({ type, startTs, commitTs, pointer: { fileId: segment.id, offset: segment.size + offset } });
    offset = writeRecord(bytes, offset, payload);
  }
  return { bytes, records };
}

async function writeFully(segment: Segment, bytes: Buffer): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await segment.handle.write(bytes, done, bytes.length - done, segment.size + done);
    done += bytesWritten;
  }
}
