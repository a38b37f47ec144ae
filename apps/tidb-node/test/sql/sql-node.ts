import type { BinlogWriter } from '@tidb-js/binlog';
import { BinlogType } from '@tidb-js/binlog/wire';
import {
  DdlJobs,
  DdlWorker,
  MemoryMetaStorage,
  Meta,
  type Ownership,
  SchemaState,
  type TableInfo,
} from '@tidb-js/ddl-jobs';
import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { MemoryFleet, MemorySchemaSyncer } from '@tidb-js/syncer';
import type { Ddl } from '../../src/ddl/types.js';
import type { Domain, InfoSchema, Schema } from '../../src/domain/types.js';
import { textOf } from '../../src/server/rows.js';
import { SqlEngine } from '../../src/sql/engine.js';
import type { ExecuteOptions, ResultColumn, SqlSession } from '../../src/sql/types.js';
import { EtcdStorage } from '../../src/storage/etcd-storage.js';

export interface Outcome {
  readonly affected: number | undefined;
  readonly info: string;
  readonly columns: readonly ResultColumn[];
  /** Values as the text protocol shows them, bytes in hexadecimal. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** SQL on one node: rows in a real etcd, ddl-jobs' own worker and actions, the schema read after each job. */
export class SqlNode implements AsyncDisposable {
  readonly storage: EtcdStorage;
  readonly session: SqlSession;
  /** The Prewrite values of the transactions that committed, in order. */
  readonly prewriteValues: Uint8Array[];
  readonly #closeStore: () => Promise<void>;
  readonly #meta = new MemoryMetaStorage();
  readonly #jobs = new DdlJobs({ storage: this.#meta });
  readonly #stop = new AbortController();
  readonly #worker: DdlWorker;
  readonly #syncer: MemorySchemaSyncer;
  #schema: InfoSchema = infoSchemaOf(0n, []);
  #following: Promise<void> | undefined;

  private constructor(storage: EtcdStorage, prewriteValues: Uint8Array[], closeStore: () => Promise<void>) {
    this.storage = storage;
    this.prewriteValues = prewriteValues;
    this.#closeStore = closeStore;
    this.#syncer = new MemorySchemaSyncer(new MemoryFleet(), { id: 'node' });
    const owner: Ownership = { isOwner: true, whenOwner: async () => ({ signal: this.#stop.signal }), fence: () => [] };
    this.#worker = new DdlWorker({ storage: this.#meta, syncer: this.#syncer, owner, retryDelayMs: 20 });
    const engine = new SqlEngine({ domain: this.#domain(), ddl: this.#ddl(), binlogEnabled: true });
    this.session = engine.createSession({ user: 'root', host: '127.0.0.1:1' });
  }

  static async start(): Promise<SqlNode> {
    const etcd = await LocalEtcd.start();
    const client = new EtcdClient({ endpoints: etcd.endpoints, coalesce: true });
    const prewriteValues: Uint8Array[] = [];
    const values = new Map<bigint | undefined, Uint8Array>();
    const binlog: BinlogWriter = {
      write: async ({ type, startTs, prewriteValue }) => {
        if (type === BinlogType.Prewrite && prewriteValue !== undefined) {
          values.set(startTs, prewriteValue);
        } else if (type === BinlogType.Rollback) {
          values.delete(startTs);
        }
        prewriteValues.splice(0, prewriteValues.length, ...values.values());
        return 'written';
      },
    };
    const storage = await EtcdStorage.open({ client, binlog });
    // One node that waits for its own jobs: its schema is never out of date.
    storage.checkSchema = async () => undefined;
    const node = new SqlNode(storage, prewriteValues, async () => {
      await storage.close();
      await client.close();
      await etcd.close();
    });
    await node.#syncer.init();
    node.#following = node.#follow();
    node.#worker.start();
    return node;
  }

  /** Runs one statement and reads its result to the end. */
  async run(sql: string, options: ExecuteOptions = {}): Promise<Outcome> {
    let outcome: Outcome = { affected: undefined, info: '', columns: [], rows: [] };
    for await (const result of this.session.execute(sql, options)) {
      if (result.kind === 'ok') {
        outcome = { affected: Number(result.affectedRows), info: result.info, columns: [], rows: [] };
        continue;
      }
      const { columns } = result;
      const rows: (string | null)[][] = [];
      for await (const batch of result.rows) {
        for (const row of batch) {
          rows.push(
            columns.map((column, at) => {
              const value = row[at] ?? null;
              const text = value === null ? null : textOf(value, column);
              return Buffer.isBuffer(text) ? text.toString('hex') : text;
            }),
          );
        }
      }
      outcome = { affected: undefined, info: '', columns, rows };
    }
    return outcome;
  }

  infoSchema(): InfoSchema {
    return this.#schema;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.#worker.close();
    await this.#jobs.close();
    this.#stop.abort();
    await this.#following;
    await this.#syncer.close();
    await this.#closeStore();
  }

  async #follow(): Promise<void> {
    for await (const version of this.#syncer.globalVersions({ signal: this.#stop.signal })) {
      await this.#syncer.updateSelfVersion({ version });
    }
  }

  async #reload(): Promise<InfoSchema> {
    const meta = new Meta(await this.#meta.begin());
    const schemas: Schema[] = [];
    for (const info of await meta.databases()) {
      const tables = (await meta.tables(info.id)).filter((table) => table.state === SchemaState.Public);
      schemas.push({ info, tables: new Map(tables.map((table): [string, TableInfo] => [table.name.L, table])) });
    }
    this.#schema = infoSchemaOf(await meta.schemaVersion(), schemas);
    return this.#schema;
  }

  #domain(): Domain {
    const next = new Map<number, bigint>();
    const nextOf = (id: number) => next.get(id) ?? 1n;
    return {
      storage: this.storage,
      nodeId: 'node',
      infoSchema: () => this.#schema,
      infoSchemaAt: async () => this.#schema,
      hold: () => ({
        infoSchema: this.#schema,
        use: () => undefined,
        release: () => undefined,
        [Symbol.dispose]: () => undefined,
      }),
      reload: () => this.#reload(),
      autoIds: {
        next: async ({ table }, count) => {
          const first = nextOf(table.id);
          next.set(table.id, first + BigInt(count));
          return first;
        },
        rebase: async ({ table }, value) => {
          if (value >= nextOf(table.id)) next.set(table.id, value + 1n);
        },
        nextHere: (table) => nextOf(table.id),
        peek: async ({ table }) => nextOf(table.id),
      },
    };
  }

  #ddl(): Ddl {
    const jobs = this.#jobs;
    return {
      isOwner: true,
      run: async (spec) => {
        const { id } = await jobs.submit(spec);
        const job = await jobs.wait(id);
        await this.#reload();
        return job;
      },
      cancel: (ids) => jobs.cancel(ids),
      pause: (ids) => jobs.pause(ids),
      resume: (ids) => jobs.resume(ids),
      queued: () => jobs.jobs(),
      history: async (limit) => await jobs.history({ limit }),
      job: (id) => jobs.job(id),
      owner: async () => 'node',
    };
  }
}

function infoSchemaOf(version: bigint, list: readonly Schema[]): InfoSchema {
  const schemas = new Map(list.map((schema) => [schema.info.db_name.L, schema]));
  return {
    version,
    schemas,
    schema: (name) => schemas.get(name.toLowerCase()),
    table: (schema, table) => schemas.get(schema.toLowerCase())?.tables.get(table.toLowerCase()),
    tableById: (id) => {
      for (const { info, tables } of list) {
        for (const table of tables.values()) if (table.id === id) return { table, schema: info };
      }
      return undefined;
    },
    schemaById: (id) => list.find((schema) => schema.info.id === id),
  };
}
