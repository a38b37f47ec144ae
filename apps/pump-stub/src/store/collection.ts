import type { Logger } from '@tidb-js/etcd-session';
import type { ValueLog } from '../log/value-log.js';
import type { PointerIndex } from './pointer-index.js';

/** A transaction lives no longer than this; so a Prewrite that old has its Commit no later than this after it. */
const longestTransaction = BigInt(10 * 60 * 1000) << 18n;

/** What garbage collection looks at. */
export interface Collectable {
  readonly log: ValueLog;
  readonly index: PointerIndex;
  readonly logger: Logger;
  firstNeededFile(): number;
  lastCommitOfFile(fileId: number): bigint | undefined;
  forgetFile(fileId: number): void;
}

/** What a collection deleted. */
export interface Collected {
  readonly files: number;
  /** Entries of the index. */
  readonly entries: number;
  /** Nothing up to here is left on disk but what stands in a file with younger binlogs; 0n when nothing was deleted. */
  readonly upTo: bigint;
}

/** Nothing was deleted. */
export const nothingCollected: Collected = { files: 0, entries: 0, upTo: 0n };

/** Deletes the files and index entries that no pull from `gcTs` on can need. */
export async function collect(store: Collectable, gcTs: bigint): Promise<Collected> {
  const upTo = gcTs - longestTransaction;
  let files = 0;
  for (const file of [...store.log.finishedFiles()]) {
    // The oldest files only: a gap in the row would be taken for a loss.
    if (file.maxTs > upTo || file.id >= store.firstNeededFile()) break;
    await remove(store, file.id);
    files++;
  }
  const entries = upTo > 0n ? await store.index.removeUpTo(upTo) : 0;
  store.logger.info({ gcTs: String(gcTs), deletedUpTo: String(upTo), files, entries }, 'garbage collected');
  return { files, entries, upTo: upTo > 0n ? upTo : 0n };
}

/**
 * Deletes the oldest files while the log is larger than `maxBytes`. Pulls must then begin after the last commit of the
 * transactions in them, which `raiseGcTs` is told first and may refuse.
 */
export async function collectBySize(
  store: Collectable,
  maxBytes: number,
  raiseGcTs: (gcTs: bigint) => Promise<boolean>,
): Promise<Collected> {
  let bytes = store.log.bytes;
  let files = 0;
  let entries = 0;
  let upTo = 0n;
  for (const file of [...store.log.finishedFiles()]) {
    if (bytes <= maxBytes || file.id >= store.firstNeededFile()) break;
    const lastCommit = store.lastCommitOfFile(file.id);
    let gcTs = lastCommit ?? file.maxTs + longestTransaction;
    if (gcTs < file.maxTs) gcTs = file.maxTs;
    if (!(await raiseGcTs(gcTs))) break;
    await remove(store, file.id);
    // Entries up to the file's largest timestamp may point into later files; their pulls are refused all the same.
    entries += await store.index.removeUpTo(file.maxTs);
    if (file.maxTs > upTo) upTo = file.maxTs;
    bytes -= file.bytes;
    files++;
  }
  if (files > 0) store.logger.info({ files, entries, bytes, maxBytes }, 'garbage collected by size');
  return { files, entries, upTo };
}

async function remove(store: Collectable, fileId: number): Promise<void> {
  await store.log.remove(fileId);
  store.forgetFile(fileId);
}
