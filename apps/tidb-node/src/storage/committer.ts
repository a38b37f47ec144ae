import { StorageError } from './errors.js';
import type { TimestampOracle } from './oracle/oracle.js';
import { inParts, PARTS_AT_ONCE } from './parts.js';
import { persist } from './persist.js';
import type { LockResolver } from './resolver.js';
import type { Mutation, PrewriteRefusal, Prewritten, Store } from './store.js';
import { physicalMs } from './timestamp.js';
import type { CommitOptions, Timestamp } from './types.js';

/** How long others must take a transaction for alive after its last sign of life. */
const TTL_MS = 3_000;
/** A transaction that takes longer gives a sign of life so often. */
const HEARTBEAT_MS = 1_000;

export interface CommitterParts {
  readonly store: Store;
  readonly resolver: LockResolver;
  readonly commitTsOf: TimestampOracle['commitTsOf'];
  /** The domain's say on the schema: throws SCHEMA_OUT_OF_DATE or SCHEMA_CHANGED. */
  readonly checkSchema: (use: NonNullable<CommitOptions['schema']>, commitTs: Timestamp) => Promise<void>;
  /** Take care of work that goes on after the commit is known. */
  readonly background: (work: Promise<void>) => void;
}

/** A transaction as it is committed. */
export interface CommitRequest {
  readonly startTs: Timestamp;
  readonly primary: Buffer;
  readonly mutations: readonly Mutation[];
  readonly options: CommitOptions;
}

/**
 * The two phases of one transaction's commit, as steps that the driver puts in order: all keys are locked (`prewrite`), the commit
 * timestamp is taken, and the moment the primary's lock becomes a version the transaction is committed. The other locks follow; a
 * reader that meets one of them asks the primary.
 */
export class Committer {
  private readonly parts: readonly (readonly Mutation[])[];
  private readonly prewritten: Prewritten[] = [];
  /** Whether locks of ours may be in the store. */
  private dirty = false;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly deps: CommitterParts,
    private readonly request: CommitRequest,
  ) {
    this.parts = inParts(request.mutations, request.primary, deps.store);
  }

  /**
   * Lock all keys, the primary's part first: a lock whose primary was never written would be a lock without a fate. Where all were locked at once,
   * a timestamp to commit at comes with it.
   */
  async prewrite(): Promise<Timestamp | undefined> {
    this.heartbeat = setInterval(() => void this.signOfLife(), HEARTBEAT_MS).unref();
    const [first, ...others] = this.parts;
    if (first !== undefined) await this.prewritePart(first);
    const queue = others.values();
    await Promise.all(
      Array.from({ length: Math.min(PARTS_AT_ONCE, others.length) }, async () => {
        for (const part of queue) await this.prewritePart(part);
      }),
    );
    const [locked] = this.prewritten;
    return locked?.anchor === undefined ? undefined : this.deps.commitTsOf(locked.revision, locked.anchor);
  }

  private async prewritePart(mutations: readonly Mutation[]): Promise<void> {
    const { store, resolver } = this.deps;
    const { startTs, primary } = this.request;
    const { signal, prewriteValue } = this.request.options;
    // With a binlog, and with other parts to lock, the commit_ts has to come later.
    const wantsCommitTs = prewriteValue === undefined && this.parts.length === 1;
    const patience = resolver.patience({ signal });
    for (;;) {
      const ttlMs = await this.ttl();
      const result = await persist(() => {
        this.dirty = true;
        return store.prewrite({ mutations, primary, startTs, ttlMs, wantsCommitTs }, { signal });
      });
      if (result.kind === 'prewritten') {
        this.prewritten.push(result.part);
        return;
      }
      if (this.parts.length === 1) this.dirty = false;
      const locks = result.refusals.flatMap((refusal) => {
        if (refusal.kind !== 'locked') throw this.refusal(refusal);
        return [refusal.lock];
      });
      await patience.clear(locks);
    }
  }

  /** start_ts plus ttl must lie ahead of the present, however long ago the transaction began. */
  private async ttl(): Promise<number> {
    const ageMs = Date.now() - physicalMs(this.request.startTs);
    return Math.max(0, ageMs) + TTL_MS;
  }

  private refusal(refusal: Exclude<PrewriteRefusal, { kind: 'locked' }>): StorageError {
    const { startTs } = this.request;
    switch (refusal.kind) {
      case 'conflict':
        return new StorageError(
          'WRITE_CONFLICT',
          `Write conflict, txnStartTS=${startTs}, conflictStartTS=${refusal.startTs}, conflictCommitTS=${refusal.commitTs}, key=${refusal.key.toString('hex')} [try again later]`,
          { key: refusal.key },
        );
      case 'exists':
        return new StorageError('KEY_EXISTS', `the key ${refusal.key.toString('hex')} exists already`, {
          key: refusal.key,
        });
      case 'rolledBack':
        return this.rolledBack();
      case 'tooOld':
        return new StorageError(
          'GC_TOO_EARLY',
          `GC life time is shorter than transaction duration, transaction starts at ${startTs}, GC safe point is ${refusal.safePoint}; begin a new transaction`,
        );
    }
  }

  private rolledBack(): StorageError {
    return new StorageError(
      'ROLLED_BACK',
      `the transaction with start_ts ${this.request.startTs} was rolled back by another node, since it gave no sign of life for ${TTL_MS} ms; run it again`,
    );
  }

  /** The last word before the commit: whether the schema still holds. */
  async check(commitTs: Timestamp): Promise<void> {
    const { schema } = this.request.options;
    if (schema !== undefined) await this.deps.checkSchema(schema, commitTs);
  }

  /** Decide the transaction. From here on the caller's signal is not listened to: a commit on its way cannot be called back. */
  async commit(commitTs: Timestamp): Promise<void> {
    const { fence = [] } = this.request.options;
    const [first, ...others] = this.prewritten;
    if (first === undefined) return;
    let result: Awaited<ReturnType<Store['commit']>>;
    try {
      result = await persist(() => this.deps.store.commit(first, commitTs, fence, {}));
    } catch (error) {
      this.stop();
      throw new StorageError(
        'UNDETERMINED',
        `execution result undetermined: etcd did not answer the commit of the transaction with start_ts ${this.request.startTs}; read back what it wrote`,
        { cause: error },
      );
    }
    this.stop();
    if (result === 'rolledBack') throw this.rolledBack();
    if (result === 'fenced') {
      throw new StorageError(
        'FENCED',
        'the commit was refused: the fence it was given does not hold any more (another node is the owner)',
      );
    }
    this.dirty = false;
    if (others.length > 0) this.deps.background(this.commitOthers(others, commitTs));
  }

  /** Whoever reads these keys before this is done finds the outcome by itself. */
  private async commitOthers(parts: readonly Prewritten[], commitTs: Timestamp): Promise<void> {
    const queue = parts.values();
    await Promise.all(
      Array.from({ length: Math.min(PARTS_AT_ONCE, parts.length) }, async () => {
        for (const part of queue) await persist(() => this.deps.store.commit(part, commitTs, [], {}));
      }),
    );
  }

  /** Take back what was locked. Safe at any point before the commit was sent. */
  async rollback(): Promise<void> {
    this.stop();
    if (!this.dirty) return;
    this.dirty = false;
    for (const part of this.parts) {
      const keys = part.map(({ key }) => key);
      await persist(() => this.deps.store.rollback(keys, this.request.startTs, {}));
    }
  }

  private async signOfLife(): Promise<void> {
    const first = this.prewritten[0];
    if (first === undefined) return;
    const ttlMs = await this.ttl();
    // A heartbeat that fails is not an end: the next one, or the commit itself, finds out.
    await this.deps.store.heartbeat(first, ttlMs, {}).catch(() => false);
  }

  private stop(): void {
    clearInterval(this.heartbeat);
  }
}
