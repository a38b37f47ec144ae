import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { decodeChanges, type RowChange } from '../mutations/row-change.js';
import type { PumpTls } from '../pumps/connection.js';
import { clusterIdOf, defaultRegistryRoot } from '../pumps/registry.js';
import { type Binlog, decodeBinlog, decodePrewriteValue } from '../wire/binlog.js';
import { PumpMerge } from './pump-merge.js';
import type { SchemaHistory } from './schema-history.js';

/** A row's change with its table. */
export type TableChange = RowChange & { readonly tableId: bigint; readonly schema: string; readonly table: string };

/** A committed transaction. */
export interface CommittedTransaction {
  readonly type: 'dml';
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly schemaVersion: bigint;
  /**
   * In the order in which the transaction made them, table by table. Without those of a table that was dropped or truncated before it
   * committed, which went with the table.
   */
  readonly changes: readonly TableChange[];
  readonly binlog: Binlog;
}

/** A schema change; also `select setval(…)`, by which TiDB tells that a sequence was set, which has no job in the history. */
export interface CommittedDdl {
  readonly type: 'ddl';
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly jobId: bigint;
  readonly query: string;
  readonly schemaState: number;
  readonly binlog: Binlog;
}

export type CommittedEvent = CommittedTransaction | CommittedDdl;

interface ReaderOptions {
  /** Read what was committed after this timestamp: the checkpoint of the last event that was dealt with. */
  readonly after: bigint;
  /** Gives the tables' columns; see {@link SchemaHistory}. */
  readonly schemas: SchemaHistory;
  /**
   * Called for each DDL that has a job, before its event, to add to the history what it changed (from the job's history, say). Rows
   * after it are read with what the history then has.
   */
  readonly onDdl?: (ddl: CommittedDdl, options: { readonly signal: AbortSignal }) => Promise<void> | void;
  readonly tls?: PumpTls;
  /** Binlogs of one pump that may wait for the others. Default 4,096. */
  readonly maxBuffered?: number;
  /** Bytes of one pump's binlogs that may wait for the others; one batch more may come. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /** A pump's connection on which nothing came for so long is made anew (pumps say something every 3 seconds). Default 60,000. */
  readonly silenceMs?: number;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** Where the pumps are: a registry, or a list of addresses. */
export type BinlogReaderOptions = ReaderOptions &
  (
    | { readonly etcd: EtcdClient; readonly registryRoot?: string; readonly clusterId?: bigint }
    | { readonly addresses: readonly string[]; readonly clusterId: bigint }
  );

const setsSequence = /^\s*select\s+setval\s*\(/i;

/**
 * All committed transactions and schema changes of a cluster, in ascending commit_ts.
 *
 * Every pump is pulled, and an event is given when all of them (but offline ones) are past its commit_ts. Fakes and duplicates are
 * dropped. Delivery is at least once: store the commit_ts of an event after dealing with it, and begin after that one next time. A pump
 * that is down stops the stream until it is back, since it may hold what comes next.
 */
export class BinlogReader implements AsyncIterable<CommittedEvent>, AsyncDisposable {
  readonly #options: BinlogReaderOptions;
  readonly #abort = new AbortController();
  #merge: PumpMerge | undefined;
  #position: bigint;
  #began = false;

  constructor(options: BinlogReaderOptions) {
    if (options.after < 0n)
      throw new BinlogError('INVALID_ARGUMENT', `after is ${options.after}: a timestamp is not negative`);
    const { maxBuffered, maxBufferedBytes, silenceMs } = options;
    for (const [name, value] of Object.entries({ maxBuffered, maxBufferedBytes, silenceMs })) {
      if (value !== undefined && !(value > 0))
        throw new BinlogError('INVALID_ARGUMENT', `${name} is ${value}: a number above 0 is wanted`);
    }
    this.#options = options;
    this.#position = options.after;
  }

  /** Everything up to here was given. */
  get position(): bigint {
    return this.#position;
  }

  /**
   * Begins to pull; one iteration a reader. Leaving the loop closes the reader.
   *
   * @throws BinlogError `POSITION_GONE`, `WRONG_CLUSTER`, `OUT_OF_ORDER`, `SCHEMA_UNKNOWN`, `MALFORMED`, `NO_PUMP`, `UNAVAILABLE` (registry).
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<CommittedEvent, void, undefined> {
    if (this.#began) throw new BinlogError('INVALID_ARGUMENT', 'a BinlogReader is iterated once: make another');
    this.#began = true;
    const stop = () => void this.close();
    this.#options.signal?.addEventListener('abort', stop, { once: true });
    if (this.#options.signal?.aborted) stop();
    try {
      if (this.#abort.signal.aborted) return;
      const merge = await this.#open();
      for (let next = await merge.next(); next !== undefined; next = await merge.next()) {
        const event = await this.#event(next.payload);
        yield event;
        this.#position = event.commitTs;
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      this.#options.signal?.removeEventListener('abort', stop);
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#merge?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<PumpMerge> {
    const options = this.#options;
    const call = { signal: this.#abort.signal };
    const settings = {
      after: options.after,
      tls: options.tls,
      maxBuffered: options.maxBuffered ?? 4_096,
      maxBufferedBytes: options.maxBufferedBytes ?? 64 << 20,
      silenceMs: options.silenceMs ?? 60_000,
      logger: options.logger,
    };
    if ('addresses' in options) {
      const { addresses, clusterId } = options;
      this.#merge = await PumpMerge.open({ ...settings, clusterId, places: { addresses } }, call);
    } else {
      const { etcd, registryRoot = defaultRegistryRoot } = options;
      const clusterId = options.clusterId ?? (await clusterIdOf(etcd, call));
      this.#merge = await PumpMerge.open({ ...settings, clusterId, places: { etcd, registryRoot } }, call);
    }
    if (this.#abort.signal.aborted) await this.#merge.close();
    return this.#merge;
  }

  async #event(payload: Uint8Array): Promise<CommittedEvent> {
    const binlog = decodeBinlog(payload);
    const { startTs, commitTs } = binlog;
    if (binlog.ddlJobId > 0n) {
      const query = Buffer.from(binlog.ddlQuery ?? []).toString();
      const ddl: CommittedDdl = {
        type: 'ddl',
        startTs,
        commitTs,
        jobId: binlog.ddlJobId,
        query,
        schemaState: binlog.ddlSchemaState,
        binlog,
      };
      if (!setsSequence.test(query)) await this.#options.onDdl?.(ddl, { signal: this.#abort.signal });
      return ddl;
    }
    const value = decodePrewriteValue(binlog.prewriteValue ?? Buffer.alloc(0));
    const changes = value.mutations.flatMap((mutation) => {
      const { schemas } = this.#options;
      const at = schemas.at(mutation.tableId, commitTs);
      if (at === undefined) {
        if (schemas.isDropped(mutation.tableId, commitTs)) return [];
        throw new BinlogError(
          'SCHEMA_UNKNOWN',
          `no table ${mutation.tableId} is known at commit_ts ${commitTs}: add it to the SchemaHistory`,
        );
      }
      const named = { tableId: mutation.tableId, schema: at.schema, table: at.table.name.O };
      return decodeChanges(at.table, mutation).map((change): TableChange => ({ ...named, ...change }));
    });
    return { type: 'dml', startTs, commitTs, schemaVersion: value.schemaVersion, changes, binlog };
  }
}
