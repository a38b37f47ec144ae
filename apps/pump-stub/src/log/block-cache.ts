import { PumpError } from '../errors.js';
import type { Pointer } from './pointer.js';
import { checksumFits, readRecordHeader, recordHeaderBytes } from './record.js';
import type { Segment } from './segment.js';

const blockBytes = 1 << 20;

/**
 * Reads records by pointer. Pulls read nearly in the order of the log, so it reads a block of the file at a time and
 * keeps the last blocks for all pulls.
 */
export class BlockCache {
  readonly #blocks = new Map<string, Buffer>();

  constructor(readonly maxBlocks = 24) {}

  /** The record's payload when its block is at hand, else undefined; `load` fetches it. */
  peek(segment: Segment, pointer: Pointer): Buffer | undefined {
    const block = Math.floor(pointer.offset / blockBytes);
    const bytes = this.#blocks.get(`${segment.id}/${block}`);
    if (!bytes) return undefined;
    const at = pointer.offset - block * blockBytes;
    if (at + recordHeaderBytes > bytes.length) return undefined;
    const header = readRecordHeader(bytes, at);
    if (!header) throw damaged(segment, pointer);
    const begin = at + recordHeaderBytes;
    if (begin + header.payloadBytes > bytes.length) return undefined;
    const payload = bytes.subarray(begin, begin + header.payloadBytes);
    if (!checksumFits(header, payload)) throw damaged(segment, pointer);
    return payload;
  }

  /**
   * The record's payload.
   *
   * @throws PumpError `CORRUPTED` when no whole record stands there.
   */
  async load(segment: Segment, pointer: Pointer): Promise<Buffer> {
    const block = Math.floor(pointer.offset / blockBytes);
    const bytes = await readBytes(segment, block * blockBytes, blockBytes);
    this.#keep(`${segment.id}/${block}`, bytes);
    const payload = this.peek(segment, pointer);
    return payload ?? (await this.#loadAcrossBlocks(segment, pointer));
  }

  /** Forgets a file that is deleted. */
  forget(segmentId: number): void {
    for (const key of this.#blocks.keys()) if (key.startsWith(`${segmentId}/`)) this.#blocks.delete(key);
  }

  async #loadAcrossBlocks(segment: Segment, pointer: Pointer): Promise<Buffer> {
    const headBytes = await readBytes(segment, pointer.offset, recordHeaderBytes);
    const header = headBytes.length === recordHeaderBytes ? readRecordHeader(headBytes, 0) : undefined;
    if (!header) throw damaged(segment, pointer);
    const payload = await readBytes(segment, pointer.offset + recordHeaderBytes, header.payloadBytes);
    if (payload.length < header.payloadBytes || !checksumFits(header, payload)) throw damaged(segment, pointer);
    return payload;
  }

  #keep(key: string, bytes: Buffer): void {
    this.#blocks.delete(key);
    this.#blocks.set(key, bytes);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.maxBlocks) return;
      this.#blocks.delete(oldest);
    }
  }
}

/** Fewer bytes than asked for when the file's durable part ends before. */
async function readBytes(segment: Segment, from: number, length: number): Promise<Buffer> {
  const size = Math.max(0, Math.min(length, segment.size - from));
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await segment.handle.read(bytes, filled, size - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function damaged(segment: Segment, pointer: Pointer): PumpError {
  return new PumpError(
    'CORRUPTED',
    `${segment.path} holds no whole record at byte ${pointer.offset}; 'pump-stub check' tells what is damaged`,
  );
}
