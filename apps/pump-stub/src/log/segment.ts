import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { latestTs } from '../binlog/fields.js';
import { tryScanBinlog } from '../binlog/scan.js';
import { PumpError } from '../errors.js';
import type { Pointer } from './pointer.js';
import {
  checksumFits,
  decodeFooter,
  encodeFooter,
  findRecordMagic,
  footerBytes,
  readRecordHeader,
  recordHeaderBytes,
} from './record.js';

const chunkBytes = 4 << 20;
const namePattern = /^(\d{6,})\.vlog$/;

/** A record as a scan finds it. */
export interface ScannedRecord {
  readonly pointer: Pointer;
  readonly payload: Buffer;
}

/** Bytes that are no record. `torn` is the end of a file that a crash cut off: nobody was told that it was written. */
export interface Damage {
  readonly fileId: number;
  readonly offset: number;
  readonly bytes: number;
  readonly torn: boolean;
}

/** How a scan of a whole file reports. */
export interface ScanWatcher {
  damage?(damage: Damage): void;
  /** Bytes scanned since the last call. */
  progress?(bytes: number): void;
}

/** The number in a log file's name; undefined for any other name. */
export function segmentId(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** One file of the value log. */
export class Segment {
  /** Largest timestamp of its records. */
  maxTs = 0n;
  /** Bytes that hold whole records and are durable. */
  size: number;
  /** Whether its footer is written; then nothing is appended any more. */
  finished = false;

  private constructor(
    readonly id: number,
    readonly path: string,
    readonly handle: FileHandle,
    size: number,
  ) {
    this.size = size;
  }

  static async create(dir: string, id: number): Promise<Segment> {
    const path = segmentPath(dir, id);
    return new Segment(id, path, await open(path, 'wx+'), 0);
  }

  /**
   * @param writable for the last file, which may have to be cut or carried on.
   * @throws PumpError `DATA_DIR_INVALID` when it cannot be read.
   */
  static async open(dir: string, id: number, writable: boolean): Promise<Segment> {
    const path = segmentPath(dir, id);
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, writable ? 'r+' : 'r');
      const segment = new Segment(id, path, handle, (await handle.stat()).size);
      const maxTs = await segment.#readFooter();
      if (maxTs !== undefined) {
        segment.finished = true;
        segment.maxTs = maxTs;
      }
      return segment;
    } catch (cause) {
      await handle?.close();
      throw new PumpError(
        'DATA_DIR_INVALID',
        `cannot read ${path}: ${String(cause)}; it must be a file of the value log that this process may read and write`,
        { cause },
      );
    }
  }

  /** Where its records end. */
  get dataEnd(): number {
    return this.finished ? this.size - footerBytes : this.size;
  }

  /**
   * Reads an unfinished file through: finds its largest timestamp and its last whole record.
   *
   * @returns where the last whole record ends.
   */
  async measure(watcher: ScanWatcher): Promise<number> {
    let end = 0;
    for await (const records of this.scan(0, watcher)) {
      for (const { pointer, payload } of records) {
        end = pointer.offset + recordHeaderBytes + payload.length;
        const binlog = tryScanBinlog(payload);
        if (binlog) this.raiseMaxTs(latestTs(binlog));
      }
    }
    return end;
  }

  raiseMaxTs(ts: bigint): void {
    if (ts > this.maxTs) this.maxTs = ts;
  }

  /** Cuts off what a crash left after the last whole record. */
  async truncate(size: number): Promise<void> {
    await this.handle.truncate(size);
    await this.handle.datasync();
    this.size = size;
  }

  /** Writes the footer. */
  async finish(): Promise<void> {
    await this.handle.write(encodeFooter(this.maxTs), 0, footerBytes, this.size);
    await this.handle.datasync();
    this.size += footerBytes;
    this.finished = true;
  }

  /**
   * Its records from `from` on, in pieces. What is no record is reported and skipped up to the next one.
   *
   * The payloads share the memory of a piece: keep a copy of what you keep.
   */
  async *scan(from: number, watcher: ScanWatcher = {}): AsyncIterable<readonly ScannedRecord[]> {
    const end = this.dataEnd;
    let window: Buffer = Buffer.alloc(0);
    let base = from;
    let damagedAt: number | undefined;
    while (base < end) {
      // Either a whole chunk, or as much as the record at the head of the window asks for.
      window = await this.#extend(window, base, end);
      const atEnd = base + window.length >= end;
      const records: ScannedRecord[] = [];
      let offset = 0;
      while (offset < window.length) {
        const found = recordAt(window, offset, atEnd);
        if (found === 'more') break;
        if (found === 'damaged') {
          damagedAt ??= base + offset;
          const next = findRecordMagic(window, offset + 1);
          // Three bytes of a magic may stand at the end of the window.
          offset = next >= 0 ? next : atEnd ? window.length : Math.max(offset + 1, window.length - 3);
          continue;
        }
        if (damagedAt !== undefined) {
          watcher.damage?.({ fileId: this.id, offset: damagedAt, bytes: base + offset - damagedAt, torn: false });
          damagedAt = undefined;
        }
        records.push({ pointer: { fileId: this.id, offset: base + offset }, payload: found });
        offset += recordHeaderBytes + found.length;
      }
      watcher.progress?.(offset);
      base += offset;
      window = window.subarray(offset);
      if (records.length > 0) yield records;
    }
    if (damagedAt !== undefined) {
      watcher.damage?.({ fileId: this.id, offset: damagedAt, bytes: end - damagedAt, torn: !this.finished });
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #readFooter(): Promise<bigint | undefined> {
    if (this.size < footerBytes) return undefined;
    const { buffer } = await this.handle.read(Buffer.alloc(footerBytes), 0, footerBytes, this.size - footerBytes);
    return decodeFooter(buffer);
  }

  async #extend(window: Buffer, base: number, end: number): Promise<Buffer> {
    const header = window.length >= recordHeaderBytes ? readRecordHeader(window, 0) : undefined;
    const wanted = header ? recordHeaderBytes + header.payloadBytes : 0;
    const size = Math.min(end - base, Math.max(chunkBytes, wanted));
    const bytes = Buffer.allocUnsafe(size);
    let filled = window.copy(bytes);
    while (filled < size) {
      const { bytesRead } = await this.handle.read(bytes, filled, size - filled, base + filled);
      if (bytesRead === 0) {
        throw new PumpError(
          'DATA_DIR_INVALID',
          `${this.path} became shorter while it was read; no other process may write to the data directory`,
        );
      }
      filled += bytesRead;
    }
    return bytes;
  }
}

function segmentPath(dir: string, id: number): string {
  return join(dir, `${String(id).padStart(6, '0')}.vlog`);
}

function recordAt(window: Buffer, offset: number, atEnd: boolean): Buffer | 'more' | 'damaged' {
  const shortOf = atEnd ? 'damaged' : 'more';
  if (window.length - offset < recordHeaderBytes) return shortOf;
  const header = readRecordHeader(window, offset);
  if (!header) return 'damaged';
  const begin = offset + recordHeaderBytes;
  if (begin + header.payloadBytes > window.length) return shortOf;
  const payload = window.subarray(begin, begin + header.payloadBytes);
  return checksumFits(header, payload) ? payload : 'damaged';
}
