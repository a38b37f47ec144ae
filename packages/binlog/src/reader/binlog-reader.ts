import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { decodeChanges, type RowChange } from '../mutations/row-change.js';
import type { PumpTls } from '../pumps/connection.js';
import { clusterIdOf, defaultRegistryRoot, PumpRegistry } from '../pumps/registry.js';
import { type Binlog, decodeBinlog, decodePrewriteValue } from '../wire/binlog.js';
import { PumpSource } from './pump-source.js';
import type { SchemaHistory } from './schema-history.js';

/** A row's change with its table. */
export type TableChange = RowChange & { readonly tableId: bigint; readonly schema: string; readonly table: string };

/** A committed transaction. */
export interface CommittedTransaction {
  readonly type: 'dml';
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly schemaVersion: bigint;
  /** In the order in which the transaction made them, table by table. */
  readonly changes: readonly TableChange[];
  readonly binlog: Binlog;
}

/** A schema change. */
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
   * Called for each DDL before its event, to add to the history what it changed (from the job's history, say). Rows after it
   * are read with what the history then has.
   */
  readonly onDdl?: (ddl: CommittedDdl, options: { readonly signal: AbortSignal }) => Promise<void> | void;
  readonly tls?: PumpTls;
  /** Binlogs of one pump that may wait for the others. Default 4,096. */
  readonly maxBuffered?: number;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** Where the pumps are: a registry, or a list of addresses. */
export type BinlogReaderOptions = ReaderOptions &
  (
    | { readonly etcd: EtcdClient; readonly registryRoot?: string; readonly clusterId?: bigint }
    | { readonly addresses: readonly string[]; readonly clusterId: bigint }
  );

/**
 * All committed transactions and schema changes of a cluster, in ascending commit_ts.
 *
 * Every pump is pulled, and an event is given when all of them (but offline ones) are past its commit_ts. Fakes and duplicates are
 * dropped. Delivery is at least once: store the commit_ts of an event after dealing with it, and begin after that one next time. A pump
 * that is down stops the stream until it is back, since it may hold what comes next.
 */
export class BinlogReader implements AsyncIterable<CommittedEvent>, AsyncDisposable {
  readonly #options: BinlogReaderOptions;
  readonly #sources = new Map<string, PumpSource>();
  readonly #abort = new AbortController();
  #registry: PumpRegistry | undefined;
  #clusterId = 0n;
  #position: bigint;
  #changed = Promise.resolve();
  #change: () => void = () => undefined;
  #began = false;

  constructor(options: BinlogReaderOptions) {
    if (options.after < 0n)
      throw new BinlogError('INVALID_ARGUMENT', `after is ${options.after}: a timestamp is not negative`);
    this.#options = options;
    this.#position = options.after;
    this.#newChange();
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
    const stop = () => {
      this.#abort.abort(this.#options.signal?.reason);
      this.#change();
    };
    this.#options.signal?.addEventListener('abort', stop, { once: true });
    if (this.#options.signal?.aborted) stop();
    try {
      await this.#open();
      while (!this.#abort.signal.aborted) {
        const next = this.#next();
        if (next === undefined) {
          await this.#changed;
          this.#newChange();
          continue;
        }
        // A Prewrite that was written twice comes from two pumps.
        if (next.commitTs <= this.#position) continue;
        const event = await this.#event(next.payload);
        yield event;
        this.#position = event.commitTs;
      }
    } finally {
      this.#options.signal?.removeEventListener('abort', stop);
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#change();
    await Promise.all([this.#registry?.close(), ...[...this.#sources.values()].map((source) => source.close())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #newChange(): void {
    this.#changed = new Promise((resolve) => {
      this.#change = resolve;
    });
  }

  async #open(): Promise<void> {
    const options = this.#options;
    const call = { signal: this.#abort.signal };
    if ('addresses' in options) {
      this.#clusterId = options.clusterId;
      for (const address of options.addresses) this.#add(address, address);
    } else {
      this.#clusterId = options.clusterId ?? (await clusterIdOf(options.etcd, call));
      const root = options.registryRoot ?? defaultRegistryRoot;
      const { etcd, logger } = options;
      this.#registry = await PumpRegistry.open({ etcd, root, ...(logger && { logger }) }, call);
      this.#registry.onChange(() => this.#sync());
      this.#sync();
    }
    if (this.#sources.size === 0)
      throw new BinlogError('NO_PUMP', 'no pump to read from: none is registered or listed, but offline ones');
  }

  /** A pump that went offline has given everything away; one that is gone from the registry is not waited for either. */
  #sync(): void {
    const pumps = this.#registry?.pumps ?? new Map();
    for (const [nodeId, { host, state }] of pumps) {
      const source = this.#sources.get(nodeId);
      if (state === 'offline') this.#drop(nodeId);
      else if (source === undefined) this.#add(nodeId, host);
      else source.host = host;
    }
    for (const nodeId of [...this.#sources.keys()]) if (!pumps.has(nodeId)) this.#drop(nodeId);
    this.#change();
  }

  #add(nodeId: string, host: string): void {
    const { tls, maxBuffered = 4_096, logger } = this.#options;
    const source = new PumpSource({
      nodeId,
      host,
      clusterId: this.#clusterId,
      after: this.#position,
      tls,
      maxBuffered,
      onChange: () => this.#change(),
      logger,
    });
    this.#sources.set(nodeId, source);
  }

  #drop(nodeId: string): void {
    const source = this.#sources.get(nodeId);
    if (source === undefined) return;
    this.#sources.delete(nodeId);
    void source.close();
  }

  /** The oldest binlog that waits, if every pump is past it. */
  #next() {
    let oldest: PumpSource | undefined;
    let watermark: bigint | undefined;
    for (const source of this.#sources.values()) {
      if (source.failure !== undefined) throw source.failure;
      const first = source.first;
      if (first !== undefined && (oldest?.first === undefined || first.commitTs < oldest.first.commitTs))
        oldest = source;
      if (watermark === undefined || source.watermark < watermark) watermark = source.watermark;
    }
    if (oldest?.first === undefined || watermark === undefined || oldest.first.commitTs > watermark) return undefined;
    return oldest.shift();
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
      await this.#options.onDdl?.(ddl, { signal: this.#abort.signal });
      return ddl;
    }
    const value = decodePrewriteValue(binlog.prewriteValue ?? Buffer.alloc(0));
    const changes = value.mutations.flatMap((mutation) => {
      const at = this.#options.schemas.at(mutation.tableId, commitTs);
      if (at === undefined) {
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
