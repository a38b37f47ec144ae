import { StorageError } from '../errors.js';
import type { Mutation } from '../store.js';
import type { Timestamp } from '../types.js';

/** What a transaction does to a key; `lock` changes nothing and only makes others conflict with it. */
export type RecordKind = 'put' | 'delete' | 'lock';

/** A lock as it lies in the store. */
export interface LockRecord {
  readonly kind: RecordKind;
  readonly startTs: Timestamp;
  /** How long after start_ts, in milliseconds of the oracle's time, others must take the transaction for alive. */
  readonly ttlMs: number;
  /** The key whose fate is the transaction's fate. */
  readonly primary: Buffer;
  readonly value: Buffer;
}

/** A committed version as it lies in the store; its commit_ts is in its place. */
export interface WriteRecord {
  readonly kind: RecordKind;
  readonly startTs: Timestamp;
  readonly value: Buffer;
}

/** What of a mutation stays in the store. */
export function recordKind(kind: Mutation['kind']): RecordKind {
  if (kind === 'insert') return 'put';
  return kind === 'absent' ? 'lock' : kind;
}

/** Whether a mutation wants its key not to exist. */
export function wantsAbsence(kind: Mutation['kind']): boolean {
  return kind === 'insert' || kind === 'absent';
}

const LETTERS: Readonly<Record<RecordKind, number>> = { put: 0x50, delete: 0x44, lock: 0x4c };
const KINDS: ReadonlyMap<number, RecordKind> = new Map([
  [0x50, 'put'],
  [0x44, 'delete'],
  [0x4c, 'lock'],
]);

/** kind (1) start_ts (8) ttl (4) length of primary (4) primary value */
export function encodeLock(lock: LockRecord): Buffer {
  const head = Buffer.alloc(17);
  head[0] = LETTERS[lock.kind];
  head.writeBigUInt64BE(lock.startTs, 1);
  head.writeUInt32BE(lock.ttlMs, 9);
  head.writeUInt32BE(lock.primary.length, 13);
  return Buffer.concat([head, lock.primary, lock.value]);
}

export function decodeLock(bytes: Buffer): LockRecord {
  const kind = KINDS.get(bytes[0] ?? 0);
  const primaryLength = bytes.length >= 17 ? bytes.readUInt32BE(13) : 0;
  if (kind === undefined || bytes.length < 17 + primaryLength) {
    throw new StorageError('CORRUPT', `a lock in etcd cannot be read: ${bytes.toString('hex')}`);
  }
  return {
    kind,
    startTs: bytes.readBigUInt64BE(1),
    ttlMs: bytes.readUInt32BE(9),
    primary: bytes.subarray(17, 17 + primaryLength),
    value: bytes.subarray(17 + primaryLength),
  };
}

/** kind (1) start_ts (8) value */
export function encodeWrite(kind: RecordKind, startTs: Timestamp, value: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head[0] = LETTERS[kind];
  head.writeBigUInt64BE(startTs, 1);
  return Buffer.concat([head, value]);
}

export function decodeWrite(bytes: Buffer): WriteRecord {
  const kind = KINDS.get(bytes[0] ?? 0);
  if (kind === undefined || bytes.length < 9) {
    throw new StorageError('CORRUPT', `a version in etcd cannot be read: ${bytes.toString('hex')}`);
  }
  return { kind, startTs: bytes.readBigUInt64BE(1), value: bytes.subarray(9) };
}
