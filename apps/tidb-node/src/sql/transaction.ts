import { MutationBuffer, type MutationSavepoint } from '@tidb-js/binlog';
import type { Domain, SchemaHold } from '../domain/types.js';
import { StorageError } from '../storage/errors.js';
import type { Savepoint, Transaction } from '../storage/types.js';
import { SqlError } from './errors.js';
import { sortKeyBytes } from './types/charset.js';

interface NamedSavepoint {
  readonly name: string;
  readonly mark: Mark;
}

/** A point in a transaction's writes. */
export interface Mark {
  readonly txn: Savepoint;
  readonly mutations: MutationSavepoint;
}

/** A session's transaction: the store's, the rows for its binlog, the schema it holds. */
export class SessionTransaction {
  readonly mutations = new MutationBuffer({ collationKey: sortKeyBytes });
  /** Tables written to: their changes meanwhile fail the commit (8028). */
  readonly written = new Set<number>();
  /** Error 1062 for keys that are checked when the transaction commits. */
  readonly uniqueKeys = new Map<string, () => SqlError>();
  private savepoints: NamedSavepoint[] = [];

  private constructor(
    readonly txn: Transaction,
    readonly hold: SchemaHold,
    readonly explicit: boolean,
  ) {}

  static async begin(domain: Domain, explicit: boolean, signal: AbortSignal | undefined): Promise<SessionTransaction> {
    const hold = domain.hold();
    try {
      return new SessionTransaction(await domain.storage.begin({ signal }), hold, explicit);
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  mark(): Mark {
    return { txn: this.txn.savepoint(), mutations: this.mutations.savepoint() };
  }

  rollbackTo(mark: Mark): void {
    this.txn.rollbackTo(mark.txn);
    this.mutations.rollbackTo(mark.mutations);
  }

  savepoint(name: string): void {
    this.savepoints = this.savepoints.filter((each) => each.name.toLowerCase() !== name.toLowerCase());
    this.savepoints.push({ name, mark: this.mark() });
  }

  /** ROLLBACK TO. Error 1305 for a name that is none. */
  rollbackToSavepoint(name: string): void {
    const index = this.savepointIndex(name);
    const found = this.savepoints[index];
    if (found === undefined) return;
    this.rollbackTo(found.mark);
    this.savepoints = this.savepoints.slice(0, index + 1);
  }

  releaseSavepoint(name: string): void {
    this.savepoints = this.savepoints.slice(0, this.savepointIndex(name));
  }

  private savepointIndex(name: string): number {
    const index = this.savepoints.findIndex((each) => each.name.toLowerCase() === name.toLowerCase());
    if (index < 0) throw new SqlError(1305, `SAVEPOINT ${name} does not exist`);
    return index;
  }

  /** Commits with its binlog. Errors: 9007 conflict, 8027 and 8028 schema, 1062 a unique key taken meanwhile. */
  async commit(binlog: boolean, signal: AbortSignal | undefined): Promise<void> {
    const { version } = this.hold.infoSchema;
    const prewriteValue = binlog ? this.mutations.encode(version) : undefined;
    try {
      await this.txn.commit({ signal, prewriteValue, schema: { version, tableIds: [...this.written] } });
    } catch (error) {
      throw this.translated(error);
    } finally {
      this.hold.release();
    }
  }

  async rollback(): Promise<void> {
    this.hold.release();
    await this.txn.rollback();
  }

  private translated(error: unknown): unknown {
    if (!StorageError.is(error)) return error;
    if (error.code === 'KEY_EXISTS' && error.key !== undefined) {
      return (
        this.uniqueKeys.get(error.key.toString('latin1'))?.() ??
        new SqlError(1062, `Duplicate entry for key ${error.key.toString('hex')}`)
      );
    }
    return error;
  }
}
