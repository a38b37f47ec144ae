import { StorageError } from '../storage/errors.js';
import { physicalMs } from '../storage/timestamp.js';
import type { SchemaUse, Timestamp } from '../storage/types.js';

/** What is known of one version: the tables that it changed; undefined when any may have changed. */
interface Change {
  readonly version: bigint;
  readonly tableIds: ReadonlySet<number> | undefined;
}

/** As TiDB's tidb_max_delta_schema_count. */
const MAX_CHANGES = 1024;

/** The words of 8027. */
const OUT_OF_DATE =
  'Information schema is out of date: schema failed to update in 1 lease, please make sure TiDB can connect to TiKV';
/** The words of 8028. */
const CHANGED =
  'Information schema is changed during the execution of the statement(for example, table definition may be updated by other DDL ran in parallel). If you see this error often, try increasing `tidb_max_delta_schema_count`. [try again later]';

/**
 * Whether a transaction may commit with the schema it used: the schema's lease holds at the commit, and, without metadata lock, none of its
 * tables has changed since. This is the third invariant on the side of the node.
 */
export class SchemaValidator {
  #stopped = true;
  #expiresMs = 0;
  /** Owners have waited for this node, and so for its transactions, from this version on. */
  #guardedFrom = 0n;
  #version = 0n;
  #changes: Change[] = [];

  /** @param leaseMs 0 switches the lease off. */
  constructor(
    private readonly leaseMs: number,
    private readonly metadataLock: boolean,
  ) {}

  /** The node is out of the fleet: nothing may commit until {@link renew}. */
  stop(): void {
    this.#stopped = true;
  }

  /** The schema is at `version` now; `changed` since the one before. */
  record(version: bigint, changed: ReadonlySet<number> | undefined): void {
    if (version === this.#version) return;
    this.#changes.push({ version, tableIds: changed });
    if (this.#changes.length > MAX_CHANGES) this.#changes.shift();
    this.#version = version;
  }

  /** The recorded version was the newest at `ts`, while the node was in the fleet: the lease runs from there. */
  renew(ts: Timestamp): void {
    // Nobody waited for what began before the node came back.
    if (this.#stopped) this.#guardedFrom = this.#version;
    this.#stopped = false;
    this.#expiresMs = Math.max(this.#expiresMs, physicalMs(ts) + this.leaseMs - 1);
  }

  /** Whether a commit at `ts` can be judged now. */
  isCurrent(ts: Timestamp): boolean {
    return !this.#stopped && (this.leaseMs === 0 || physicalMs(ts) <= this.#expiresMs);
  }

  /** Whether one of the tables has, or may have, changed after `version`. */
  changedSince(version: bigint, tableIds: Iterable<number>): boolean {
    if (version >= this.#version) return false;
    const later = this.#changes.filter((change) => change.version > version);
    const oldest = this.#changes[0];
    // The history begins after that version: what came between is not known.
    if (oldest === undefined || (later.length === this.#changes.length && oldest.version > version + 1n)) return true;
    const ids = [...tableIds];
    return later.some((change) => change.tableIds === undefined || ids.some((id) => change.tableIds?.has(id)));
  }

  /** @throws StorageError SCHEMA_OUT_OF_DATE (8027), SCHEMA_CHANGED (8028). */
  check(use: SchemaUse, commitTs: Timestamp): void {
    if (!this.isCurrent(commitTs)) throw new StorageError('SCHEMA_OUT_OF_DATE', OUT_OF_DATE);
    // With metadata lock, owners wait for this transaction before its tables change a second time.
    const isGuarded = this.metadataLock && use.version >= this.#guardedFrom;
    if (!isGuarded && this.changedSince(use.version, use.tableIds)) throw schemaChanged();
  }
}

/** Error 8028. */
export function schemaChanged(): StorageError {
  return new StorageError('SCHEMA_CHANGED', CHANGED);
}
