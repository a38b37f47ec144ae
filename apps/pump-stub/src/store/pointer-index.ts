import { mkdir, rename } from 'node:fs/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { ClassicLevel } from 'classic-level';
import { PumpError } from '../errors.js';
import { decodePointer, encodePointer, type Pointer } from '../log/pointer.js';

const tsPrefix = Buffer.from('ts:');
const keyBytes = tsPrefix.length + 8;
const gcTsKey = Buffer.from('!binlog!gcts');
const maxCommitTsKey = Buffer.from('!binlog!maxCommitTS');
const handlePointerKey = Buffer.from('!binlog!handlePointer');
const headPointerKey = Buffer.from('!binlog!headPointer');
const removedAtOnce = 1024;

/** How LevelDB is set up; the defaults of the real Pump but for the write buffer, which Node has to hold twice. */
export interface IndexOptions {
  readonly blockCacheBytes?: number;
  readonly blockBytes?: number;
  readonly blockRestartInterval?: number;
  readonly tableBytes?: number;
  readonly writeBufferBytes?: number;
}

/** Where the binlog with timestamp `ts` stands in the log. */
export interface IndexEntry {
  readonly ts: bigint;
  readonly pointer: Pointer;
}

/** What the index says of its own state. */
export interface IndexState {
  readonly gcTs: bigint;
  readonly maxCommitTs: bigint;
  /** The last record that was put into the index. */
  readonly head: Pointer | undefined;
  /** Everything before it has passed the sorter. */
  readonly handle: Pointer | undefined;
}

interface PutOperation {
  readonly type: 'put';
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * The index: timestamp → pointer, in LevelDB, with the keys of a real Pump. It can be made again from the value log, so it
 * is written without a sync: after a crash it stands at some earlier record, and the log is replayed from there.
 */
export class PointerIndex {
  private constructor(private readonly db: ClassicLevel<Buffer, Buffer>) {}

  /**
   * Opens it; an index that LevelDB calls corrupt is set aside under another name, and an empty one begun.
   *
   * @throws PumpError `DATA_DIR_LOCKED` when another process has it open.
   */
  static async open(dir: string, options: IndexOptions, logger: Logger): Promise<PointerIndex> {
    await mkdir(dir, { recursive: true });
    try {
      return await PointerIndex.#open(dir, options);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason.code === 'LEVEL_LOCKED') {
        throw new PumpError(
          'DATA_DIR_LOCKED',
          `another process works in ${dir}: ${reason.text}; stop it, or give this Pump a data directory of its own`,
          { cause: error },
        );
      }
      if (reason.code !== 'LEVEL_CORRUPTION' && !/corruption|does not exist|no such file/i.test(reason.text)) {
        throw new PumpError('DATA_DIR_INVALID', `cannot open the index in ${dir}: ${reason.text}`, { cause: error });
      }
      const aside = `${dir}.broken-${Date.now()}`;
      logger.error(
        { dir, aside, reason: reason.text },
        'the index is damaged: it is set aside and made again from the log',
      );
      await rename(dir, aside);
      await mkdir(dir);
      return PointerIndex.#open(dir, options);
    }
  }

  static async #open(dir: string, options: IndexOptions): Promise<PointerIndex> {
    const db = new ClassicLevel<Buffer, Buffer>(dir, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: options.blockCacheBytes ?? 8 << 20,
      blockSize: options.blockBytes ?? 4096,
      blockRestartInterval: options.blockRestartInterval ?? 16,
      maxFileSize: options.tableBytes ?? 64 << 20,
      writeBufferSize: options.writeBufferBytes ?? 16 << 20,
    });
    await db.open();
    return new PointerIndex(db);
  }

  async state(): Promise<IndexState> {
    const [gcTs, maxCommitTs, head, handle] = await this.db.getMany([
      gcTsKey,
      maxCommitTsKey,
      headPointerKey,
      handlePointerKey,
    ]);
    return {
      gcTs: decodeTs(gcTs),
      maxCommitTs: decodeTs(maxCommitTs),
      head: head && decodePointer(head),
      handle: handle && decodePointer(handle),
    };
  }

  /** Adds entries, and in the same step notes how far the index has come. */
  async put(
    entries: readonly IndexEntry[],
    progress: { readonly head?: Pointer; readonly handle?: Pointer | undefined; readonly maxCommitTs?: bigint },
  ): Promise<void> {
    const batch: PutOperation[] = entries.map(({ ts, pointer }) => ({
      type: 'put',
      key: tsKey(ts),
      value: encodePointer(pointer),
    }));
    if (progress.head) batch.push({ type: 'put', key: headPointerKey, value: encodePointer(progress.head) });
    if (progress.handle) batch.push({ type: 'put', key: handlePointerKey, value: encodePointer(progress.handle) });
    if (progress.maxCommitTs !== undefined) {
      batch.push({ type: 'put', key: maxCommitTsKey, value: encodeTs(progress.maxCommitTs) });
    }
    await this.db.batch(batch);
  }

  async putGcTs(gcTs: bigint): Promise<void> {
    await this.db.put(gcTsKey, encodeTs(gcTs), { sync: true });
  }

  async get(ts: bigint): Promise<Pointer | undefined> {
    const value = await this.db.get(tsKey(ts));
    return value && decodePointer(value);
  }

  async getMany(timestamps: readonly bigint[]): Promise<(Pointer | undefined)[]> {
    const values = await this.db.getMany(timestamps.map(tsKey));
    return values.map((value) => value && decodePointer(value));
  }

  /**
   * The entries with `after` < ts ≤ `upTo`, ascending, in pieces of at most `pieceEntries`. The next piece is fetched while
   * one is worked on.
   */
  async *entries(after: bigint, upTo: bigint, pieceEntries = 2048): AsyncIterable<readonly IndexEntry[]> {
    const iterator = this.db.iterator({ gt: tsKey(after), lte: tsKey(upTo), highWaterMarkBytes: 256 << 10 });
    const fetchPiece = (): Promise<[Buffer, Buffer][]> => {
      const piece = iterator.nextv(pieceEntries);
      // It is awaited later, or not at all.
      piece.catch(() => {});
      return piece;
    };
    try {
      for (let next = fetchPiece(); ; ) {
        const pairs = await next;
        if (pairs.length === 0) return;
        next = fetchPiece();
        const entries: IndexEntry[] = [];
        for (const [key, value] of pairs) {
          const pointer = decodePointer(value);
          if (key.length === keyBytes && pointer) entries.push({ ts: key.readBigInt64BE(tsPrefix.length), pointer });
        }
        yield entries;
      }
    } finally {
      await iterator.close();
    }
  }

  /** Deletes the entries with ts ≤ `upTo`, piece by piece. @returns how many there were. */
  async removeUpTo(upTo: bigint): Promise<number> {
    const range = { gte: tsKey(0n), lte: tsKey(upTo) };
    let removed = 0;
    const keys = this.db.keys(range);
    try {
      for (;;) {
        const piece = await keys.nextv(removedAtOnce);
        const last = piece.at(-1);
        if (!last) break;
        await this.db.clear({ gte: range.gte, lte: last });
        removed += piece.length;
      }
    } finally {
      await keys.close();
    }
    await this.db.compactRange(range.gte, range.lte);
    return removed;
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}

function tsKey(ts: bigint): Buffer {
  const key = Buffer.allocUnsafe(keyBytes);
  tsPrefix.copy(key);
  key.writeBigInt64BE(ts, tsPrefix.length);
  return key;
}

function encodeTs(ts: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(ts);
  return bytes;
}

function decodeTs(bytes: Buffer | undefined): bigint {
  return bytes?.length === 8 ? bytes.readBigInt64LE() : 0n;
}

function reasonOf(error: unknown): { code: string; text: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return { code, text: cause instanceof Error ? cause.message : String(cause) };
}
