import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { actionTypeName, type DdlEvent, ddlChannelName, jobStateName } from '@tidb-js/ddl-jobs';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges read when they are asked. */
export interface GaugeSources {
  connections(): number;
  schemaVersion(): bigint;
  isOwner(): boolean;
  /** Writes to Pumps that failed and were ignored (`--ignore-binlog-error`). */
  ignoredBinlogErrors(): number;
}

const SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4, 8, 16, 32, 64];

/** A node's metrics, under TiDB's names where TiDB has them. */
export class NodeMetrics {
  readonly registry = new Registry();
  #statements = 0;

  readonly #queries = new Counter({
    name: 'tidb_server_query_total',
    help: 'Statements by kind and outcome',
    labelNames: ['type', 'result'],
    registers: [this.registry],
  });
  readonly #duration = new Histogram({
    name: 'tidb_server_handle_query_duration_seconds',
    help: 'Time of a statement in seconds',
    labelNames: ['sql_type'],
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #errors = new Counter({
    name: 'tidb_server_execute_error_total',
    help: 'Failed statements by error number',
    labelNames: ['type'],
    registers: [this.registry],
  });
  /** Commits refused by the schema lease: `outdated` is 8027, `changed` is 8028. */
  readonly schemaLeaseErrors = new Counter({
    name: 'tidb_session_schema_lease_error_total',
    help: 'Commits refused because of the schema, by kind',
    labelNames: ['type'],
    registers: [this.registry],
  });
  readonly schemaLoads = new Counter({
    name: 'tidb_domain_load_schema_total',
    help: 'Schema loads by outcome',
    labelNames: ['type'],
    registers: [this.registry],
  });
  /** Rounds of garbage collection on this node. */
  readonly gcRounds = new Counter({
    name: 'tidb_tikvclient_gc_worker_actions_total',
    help: 'Rounds of garbage collection that ran on this node',
    labelNames: ['type'],
    registers: [this.registry],
  });
  readonly #ddlJobs = new Counter({
    name: 'tidb_ddl_finished_jobs_total',
    help: 'DDL jobs that ended on this node as owner, by action and state',
    labelNames: ['type', 'state'],
    registers: [this.registry],
  });
  readonly #barrier = new Histogram({
    name: 'tidb_ddl_wait_version_synced_duration_seconds',
    help: 'Time until all nodes had a schema version',
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #backfilled = new Counter({
    name: 'tidb_ddl_backfill_rows_total',
    help: 'Rows backfilled',
    registers: [this.registry],
  });
  readonly #onDdl = (event: unknown) => this.#countDdl(event as DdlEvent);

  constructor(sources: GaugeSources) {
    collectDefaultMetrics({ register: this.registry });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    gauge('tidb_server_connections', 'Open MySQL connections', () => sources.connections());
    gauge('tidb_domain_schema_version', 'Schema version that this node has loaded', () =>
      Number(sources.schemaVersion()),
    );
    gauge('tidb_ddl_is_owner', '1 while this node runs the DDL jobs', () => (sources.isOwner() ? 1 : 0));
    new Counter({
      name: 'tidb_server_critical_error_total',
      help: 'Binlogs that were lost because --ignore-binlog-error is set',
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(sources.ignoredBinlogErrors());
      },
    });
    subscribe(ddlChannelName, this.#onDdl);
  }

  /** Statements finished since the start. */
  get statements(): number {
    return this.#statements;
  }

  /** A statement has ended; `errno` when it failed. */
  countStatement(kind: string, seconds: number, errno?: number): void {
    this.#statements += 1;
    this.#queries.inc({ type: kind, result: errno === undefined ? 'OK' : 'Error' });
    this.#duration.observe({ sql_type: kind }, seconds);
    if (errno !== undefined) this.#errors.inc({ type: String(errno) });
    if (errno === 8027) this.schemaLeaseErrors.inc({ type: 'outdated' });
    if (errno === 8028) this.schemaLeaseErrors.inc({ type: 'changed' });
  }

  #countDdl(event: DdlEvent): void {
    if (event.kind === 'end') {
      const type = actionTypeName(event.type) ?? String(event.type);
      this.#ddlJobs.inc({ type, state: jobStateName(event.state) });
    } else if (event.kind === 'barrier') this.#barrier.observe(event.elapsedMs / 1000);
    else if (event.kind === 'rows') this.#backfilled.inc(event.rows);
  }

  /** The text that `/metrics` answers. */
  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  close(): void {
    unsubscribe(ddlChannelName, this.#onDdl);
    this.registry.clear();
  }
}
