import type { OutcomeSource, TransactionOutcome } from '@tidb-js/pump-stub';
import type { EtcdStorage } from './etcd-storage.js';

/** A transaction without a trace may only be slow to lock its first key: it is given so long before it is barred from committing. */
const GRACE_MS = 3_000;
const REMEMBERED = 4_096;

/**
 * How a Pump learns what became of a transaction whose Commit or Rollback never came: it asks the primary key. One whose locks have
 * outlived their ttl, or that never locked anything for some seconds, is rolled back first, so that the answer is final.
 */
export class StorageOutcomes implements OutcomeSource {
  private readonly firstAsked = new Map<bigint, number>();

  constructor(private readonly storage: EtcdStorage) {}

  async outcome(
    transaction: { readonly primaryKey: Uint8Array; readonly startTs: bigint },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<TransactionOutcome> {
    const { startTs } = transaction;
    const primary = Buffer.from(transaction.primaryKey);
    const now = await this.storage.timestamp({ signal });
    const status = await this.storage.store.status(primary, startTs, now, false, { signal });
    if (status.kind === 'committed') return status;
    if (status.kind === 'rolledBack') return { kind: 'rolled-back' };
    if (status.kind === 'locked' ? status.ttlLeftMs > 0 : this.isFresh(startTs)) return { kind: 'pending' };
    const final = await this.storage.store.status(primary, startTs, now, true, { signal });
    this.firstAsked.delete(startTs);
    if (final.kind === 'committed') return final;
    return final.kind === 'rolledBack' ? { kind: 'rolled-back' } : { kind: 'pending' };
  }

  private isFresh(startTs: bigint): boolean {
    const asked = this.firstAsked.get(startTs);
    if (asked !== undefined) return Date.now() - asked < GRACE_MS;
    if (this.firstAsked.size >= REMEMBERED) {
      const oldest = this.firstAsked.keys().next().value;
      if (oldest !== undefined) this.firstAsked.delete(oldest);
    }
    this.firstAsked.set(startTs, Date.now());
    return true;
  }
}
