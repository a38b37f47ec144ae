import { DdlJobs, DdlWorker, MemoryMetaStorage, Meta, type TableInfo, SchemaState } from '@tidb-js/ddl-jobs';
import { MemoryFleet, MemorySchemaSyncer } from '@tidb-js/syncer';
import type { Ddl } from '../src/ddl/types.js';
import type { Domain, InfoSchema, Schema } from '../src/domain/types.js';
import { SqlEngine } from '../src/sql/engine.js';
import type { Pair, Savepoint, Snapshot, Storage, Transaction } from '../src/storage/types.js';
import { StorageError } from '../src/storage/errors.js';

const data = new Map<string, Buffer>();
let ts = 1n << 40n;
const keyOf = (key: Uint8Array) => Buffer.from(key).toString('latin1');
class Mem implements Transaction {
  startTs = ++ts; ts = this.startTs; finished = false;
  writes: [string, Buffer | null, boolean][] = [];
  get size() { return this.writes.length; }
  bytes = 0;
  get snapshot(): Snapshot { return new Mem(); }
  buffered(key: Uint8Array) { const k = keyOf(key); for (let i = this.writes.length - 1; i >= 0; i--) { const w = this.writes[i]; if (w !== undefined && w[0] === k) return w[1]; } return undefined; }
  async get(key: Uint8Array) { const b = this.buffered(key); return b === null ? undefined : (b ?? data.get(keyOf(key))); }
  async batchGet(keys: readonly Uint8Array[]) { return Promise.all(keys.map((k) => this.get(k))); }
  async *scan(range: { start: Uint8Array; end: Uint8Array }, o: { limit?: number | undefined; reverse?: boolean | undefined } = {}): AsyncGenerator<Pair> {
    const all = new Map(data);
    for (const [k, v] of this.writes) { if (v === null) all.delete(k); else all.set(k, v); }
    const [s, e] = [keyOf(range.start), keyOf(range.end)];
    const keys = [...all.keys()].filter((k) => k >= s && k < e).sort();
    if (o.reverse) keys.reverse();
    for (const k of keys.slice(0, o.limit)) yield { key: Buffer.from(k, 'latin1'), value: all.get(k) as Buffer };
  }
  set(key: Uint8Array, value: Uint8Array) { this.writes.push([keyOf(key), Buffer.from(value), false]); }
  insert(key: Uint8Array, value: Uint8Array) { const b = this.buffered(key); if (b) throw new StorageError('KEY_EXISTS', 'exists', { key }); this.writes.push([keyOf(key), Buffer.from(value), b === undefined]); }
  delete(key: Uint8Array) { this.writes.push([keyOf(key), null, false]); }
  lockKeys() {}
  primaryKey() { return this.writes[0] && Buffer.from(this.writes[0][0], 'latin1'); }
  savepoint() { return this.writes.length as Savepoint; }
  rollbackTo(s: Savepoint) { this.writes = this.writes.slice(0, s); }
  async commit() {
    for (const [k, , check] of this.writes) if (check && data.has(k)) throw new StorageError('KEY_EXISTS', 'exists', { key: Buffer.from(k, 'latin1') });
    for (const [k, v] of this.writes) { if (v === null) data.delete(k); else data.set(k, v); }
    this.finished = true; return ++ts;
  }
  async rollback() { this.finished = true; }
  async [Symbol.asyncDispose]() {}
}
const storage: Storage = { timestamp: async () => ++ts, begin: async () => new Mem(), snapshot: () => new Mem(), latest: () => new Mem(), close: async () => {}, [Symbol.asyncDispose]: async () => {} };

export async function devNode() {
  const meta = new MemoryMetaStorage();
  const fleet = new MemoryFleet();
  const syncer = new MemorySchemaSyncer(fleet, { id: 'n1' }); await syncer.init(); const stop = new AbortController(); (async () => { for await (const version of syncer.globalVersions({ signal: stop.signal })) await syncer.updateSelfVersion({ version }); })().catch(() => {});
  const jobs = new DdlJobs({ storage: meta });
  const abort = new AbortController();
  const owner = { isOwner: true, whenOwner: async () => ({ signal: abort.signal }), fence: () => [] };
  const worker = new DdlWorker({ storage: meta, syncer, owner, retryDelayMs: 20 });
  worker.start();
  let schema: InfoSchema;
  const reload = async (): Promise<InfoSchema> => {
    const txn = await meta.begin();
    const m = new Meta(txn as any);
    const schemas = new Map<string, Schema>();
    for (const info of await m.databases()) {
      const tables = new Map<string, TableInfo>();
      for (const t of await (m as any).tables(info.id)) if (t.state === SchemaState.Public) tables.set(t.name.L, t);
      schemas.set(info.db_name.L, { info, tables });
    }
    const version = await m.schemaVersion();
    schema = {
      version, schemas,
      schema: (n) => schemas.get(n.toLowerCase()),
      table: (s, t) => schemas.get(s.toLowerCase())?.tables.get(t.toLowerCase()),
      tableById: (id) => { for (const s of schemas.values()) for (const t of s.tables.values()) if (t.id === id) return { table: t, schema: s.info }; return undefined; },
      schemaById: (id) => [...schemas.values()].find((s) => s.info.id === id),
    };
    return schema;
  };
  await reload();
  const counters = new Map<number, bigint>();
  const domain: Domain = {
    storage, nodeId: 'n1', infoSchema: () => schema, infoSchemaAt: async () => schema,
    hold: () => { const s = schema; return { infoSchema: s, use: () => {}, release: () => {}, [Symbol.dispose]: () => {} }; },
    reload,
    autoIds: {
      next: async ({ table }, n) => { const at = counters.get(table.id) ?? 1n; counters.set(table.id, at + BigInt(n)); return at; },
      rebase: async ({ table }, v) => { if (v >= (counters.get(table.id) ?? 1n)) counters.set(table.id, v + 1n); },
      peek: async ({ table }) => counters.get(table.id) ?? 1n,
    },
  };
  const ddl: Ddl = {
    run: async (spec, o) => { const job = await jobs.submit(spec); const done = await jobs.wait(job.id, o as any); await reload(); return done; },
    cancel: (ids) => jobs.cancel(ids as any), pause: (ids) => jobs.pause(ids as any), resume: (ids) => jobs.resume(ids as any),
    queued: async () => (jobs as any).queued?.() ?? [], history: async (n) => (await (jobs as any).history?.({ limit: n })) ?? [], job: async () => undefined, owner: async () => 'n1', isOwner: true,
  };
  const engine = new SqlEngine({ domain, ddl, binlogEnabled: false });
  return { engine, close: async () => { await worker.close(); await jobs[Symbol.asyncDispose](); } };
}
