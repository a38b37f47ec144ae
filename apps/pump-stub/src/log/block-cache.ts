import { PumpError } from '../errors.js';
import type { Pointer } from './pointer.js';
import { checksumFits, readRecordHeader, recordHeaderBytes } from './record.js';
import type { Segment } from './segment.js';

const blockBytes = 1 << 20;
/** More blocks than any file has. */
const blocksOfFile = 2 ** 22;

/** A record's payload in the block that holds it, not held against its checksum. */
export interface UncheckedPayload {
  readonly block: Buffer;
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads records by pointer. Pulls read nearly in the order of the log, so it reads a block of the file at a time and
 * keeps the last blocks for all pulls.
 */
export class BlockCache {
  readonly #blocks = new Map<number, Buffer>();

  constructor(readonly maxBlocks = 24) {}

  /** The record's payload when its block is at hand, else undefined; `load` fetches it. */
  peek(segment: Segment, pointer: Pointer): Buffer | undefined {
    const found = this.glance(segment, pointer);
    if (!found) return undefined;
    const payload = found.block.subarray(found.begin, found.end);
    const header = readRecordHeader(found.block, found.begin - recordHeaderBytes);
    if (!header || !checksumFits(header, payload)) throw damaged(segment, pointer);
    return payload;
  }

  /** As {@link peek}, without the cost of the checksum: for a look that can tell by itself that the record is right. */
  glance(segment: Segment, pointer: Pointer): UncheckedPayload | undefined {
    const number = Math.floor(pointer.offset / blockBytes);
    const block = this.#blocks.get(blockKey(segment.id, number));
    if (!block) return undefined;
    const at = pointer.offset - number * blockBytes;
    if (at + recordHeaderBytes > block.length) return undefined;
    const header = readRecordHeader(block, at);
    if (!header) throw damaged(segment, pointer);
    const begin = at + recordHeaderBytes;
    const end = begin + header.payloadBytes;
    return end > block.length ? undefined : { block, begin, end };
  }

  /**
   * The record's payload.
   *
   * @throws PumpError `CORRUPTED` when no whole record stands there.
   */
  async load(segment: Segment, pointer: Pointer): Promise<Buffer> {
    const block = Math.floor(pointer.offset / blockBytes);
    const bytes = await readBytes(segment, block * blockBytes, blockBytes);
    this.#keep(blockKey(segment.id, block), bytes);
    const payload = this.peek(segment, pointer);
    return payload ?? (await this.#loadAcrossBlocks(segment, pointer));
  }

  /** Forgets a file that is deleted. */
  forget(segmentId: number): void {
    for (const key of this.#blocks.keys()) {
      if (Math.floor(key / blocksOfFile) === segmentId) this.#blocks.delete(key);
    }
  }

  async #loadAcrossBlocks(segment: Segment, pointer: Pointer): Promise<Buffer> {
    const headBytes = await readBytes(segment, pointer.offset, recordHeaderBytes);
    const header = headBytes.length === recordHeaderBytes ? readRecordHeader(headBytes, 0) : undefined;
    if (!header) throw damaged(segment, pointer);
    const payload = await readBytes(segment, pointer.offset + recordHeaderBytes, header.payloadBytes);
    if (payload.length < header.payloadBytes || !checksumFits(header, payload)) throw damaged(segment, pointer);
    return payload;
  }

  #keep(key: number, bytes: Buffer): void {
    this.#blocks.delete(key);
    this.#blocks.set(key, bytes);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.maxBlocks) return;
      this.#blocks.delete(oldest);
    }
  }
}

function blockKey(segmentId: number, block: number): number {
  return segmentId * blocksOfFile + block;
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
