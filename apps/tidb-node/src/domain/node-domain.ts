import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobsIn, type MetaChange, metaRange } from '@tidb-js/ddl-jobs';
import type { Logger } from '@tidb-js/etcd-session';
import type { SchemaSyncer } from '@tidb-js/syncer';
import { StoreMetaStorage } from '../ddl/store-meta-storage.js';
import type { EtcdStorage } from '../storage/etcd-storage.js';
import type { SchemaUse, Timestamp } from '../storage/types.js';
import { StoredAutoIds } from './auto-ids.js';
import { JobAnswers } from './job-answers.js';
import type { LoadedSchema } from './loaded-schema.js';
import { SchemaHolds } from './schema-holds.js';
import { SchemaLoader } from './schema-loader.js';
import { schemaByNews } from './schema-news.js';
import { SchemaValidator } from './schema-validator.js';
import type { AutoIds, Domain, InfoSchema, SchemaHold } from './types.js';

type CallOptions = { readonly signal?: AbortSignal | undefined };

export interface NodeDomainOptions {
  readonly storage: EtcdStorage;
  /** Not initialised yet; the domain closes it. */
  readonly syncer: SchemaSyncer;
  readonly leaseMs: number;
  readonly metadataLock: boolean;
  readonly logger: Logger;
  readonly onLoad?: (outcome: 'succ' | 'failed') => void;
}

const RETRY_MS = 200;
const CHECK_RETRIES = 10;
const CHECK_RETRY_MS = 500;

/** A node's loaded schema, its lease on it, and its part in the fleet. */
export class NodeDomain implements Domain, AsyncDisposable {
  readonly storage: EtcdStorage;
  readonly autoIds: AutoIds;
  readonly #options: NodeDomainOptions;
  readonly #loader: SchemaLoader;
  readonly #validator: SchemaValidator;
  readonly #holds: SchemaHolds;
  /** With metadata lock. */
  readonly #answers: JobAnswers | undefined;
  readonly #closing = new AbortController();
  #schema: LoadedSchema;
  #loading: Promise<LoadedSchema> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(options: NodeDomainOptions, schema: LoadedSchema) {
    this.#options = options;
    this.#schema = schema;
    this.storage = options.storage;
    this.autoIds = new StoredAutoIds(options.storage);
    this.#loader = new SchemaLoader(options.storage);
    this.#validator = new SchemaValidator(options.leaseMs, options.metadataLock);
    this.#holds = new SchemaHolds(this.#validator, () => this.#answers?.released());
    const { syncer, logger, metadataLock } = options;
    const isCounted = () => this.#isCounted();
    const version = () => this.#schema.version;
    this.#answers = metadataLock
      ? new JobAnswers({ syncer, holds: this.#holds, version, isCounted, logger })
      : undefined;
  }

  /** Joins the fleet, loads the newest schema, and follows it from then on. */
  static async open(options: NodeDomainOptions, call: CallOptions = {}): Promise<NodeDomain> {
    await options.syncer.init(call.signal === undefined ? {} : { signal: call.signal });
    const { schema } = await new SchemaLoader(options.storage).load(undefined, call);
    const domain = new NodeDomain(options, schema);
    await domain.reload(call);
    options.storage.checkSchema = (use, commitTs) => domain.#check(use, commitTs);
    domain.#running = Promise.all([domain.#follow(), domain.#followNews(), domain.#renew()]);
    return domain;
  }

  get nodeId(): string {
    return this.#options.syncer.id;
  }

  infoSchema(): InfoSchema {
    return this.#schema;
  }

  async infoSchemaAt(ts: Timestamp): Promise<InfoSchema> {
    return this.#loader.loadAt(ts);
  }

  hold(): SchemaHold {
    return this.#holds.take(this.#schema);
  }

  /** Loads the newest version; calls at the same time share one load only if it began after them. */
  async reload(options: CallOptions = {}): Promise<InfoSchema> {
    while (this.#loading !== undefined) await this.#loading.catch(() => undefined);
    this.#loading = this.#load(options);
    try {
      return await this.#loading;
    } finally {
      this.#loading = undefined;
    }
  }

  /** Waits until this node has loaded at least a version. */
  async loadVersion(version: bigint, options: CallOptions = {}): Promise<void> {
    if (this.#schema.version < version) await this.reload(options);
  }

  async #load(options: CallOptions): Promise<LoadedSchema> {
    const signal =
      options.signal === undefined ? this.#closing.signal : AbortSignal.any([options.signal, this.#closing.signal]);
    // A load reads many keys at once.
    setMaxListeners(0, signal);
    const session = this.#options.syncer.signal;
    try {
      const { schema, ts, changed, jobs } = await this.#loader.load(this.#schema, { signal });
      // News may have been faster.
      if (schema.version >= this.#schema.version) this.#use(schema, changed);
      // A load that another session began says nothing of what owners waited for since.
      if (session === this.#options.syncer.signal && this.#isCounted()) this.#validator.renew(ts);
      this.#options.onLoad?.('succ');
      this.#answers?.replace(jobs);
      return this.#schema;
    } catch (error) {
      this.#options.onLoad?.('failed');
      throw error;
    }
  }

  #use(schema: LoadedSchema, changed: ReadonlySet<number> | undefined): void {
    this.#schema = schema;
    this.#validator.record(schema.version, changed);
  }

  /**
   * Takes what is committed to the metadata as it comes: a version is then in use, and answered, before its owner has raised the global one. What news do
   * not tell whole is loaded when that is raised. The lease is left alone: news say nothing of when they were new.
   */
  async #followNews(): Promise<void> {
    const { storage, logger } = this.#options;
    const { signal } = this.#closing;
    try {
      for await (const changes of new StoreMetaStorage(storage).watch(metaRange, { signal })) {
        if (changes.length > 0) await this.#take(changes);
      }
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'the metadata are no longer followed: each version is loaded');
    }
  }

  async #take(changes: readonly MetaChange[]): Promise<void> {
    const before = this.#schema;
    const news = await schemaByNews(before, changes);
    if (news !== undefined && this.#schema === before) this.#use(news.schema, news.changed);
    this.#answers?.take(jobsIn(changes));
  }

  /** Follows the global version; after a lost session joins again before anything may commit. */
  async #follow(): Promise<void> {
    const { syncer, logger } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const session = AbortSignal.any([signal, syncer.signal]);
        for await (const version of syncer.globalVersions({ signal: session })) {
          await this.#reloadTo(version, session);
          if (!this.#options.metadataLock)
            await syncer.updateSelfVersion({ version: this.#schema.version }, { signal: session });
        }
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'following the schema version failed');
      }
      if (signal.aborted) return;
      if (syncer.signal.aborted) await this.#rejoin();
      else await pause(RETRY_MS, signal);
    }
  }

  async #rejoin(): Promise<void> {
    const { syncer, logger } = this.#options;
    const { signal } = this.#closing;
    this.#validator.stop();
    logger.warn({ id: syncer.id }, 'the session is lost: nothing commits until this node has joined again');
    while (!signal.aborted) {
      try {
        await syncer.restart({ signal });
        await this.reload({ signal });
        return;
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'joining again failed');
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #reloadTo(version: bigint, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#schema.version < version) {
      await this.reload({ signal });
      if (this.#schema.version < version) await pause(RETRY_MS, signal);
    }
  }

  /** Extends the lease twice in its time, whether or not anything changes. */
  async #renew(): Promise<void> {
    const { leaseMs, logger, syncer } = this.#options;
    const { signal } = this.#closing;
    if (leaseMs === 0) return;
    while (!signal.aborted) {
      await pause(leaseMs / 2, signal);
      if (signal.aborted || syncer.signal.aborted) continue;
      await this.reload({ signal }).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error }, 'the schema could not be loaded for its lease');
      });
    }
  }

  async #check(use: SchemaUse, commitTs: Timestamp): Promise<void> {
    if (this.#isCurrent(commitTs)) {
      this.#validator.check(use, commitTs);
      return;
    }
    // The lease may have run out only because this node was slow: one load decides.
    for (let tries = 0; !this.#isCurrent(commitTs) && tries < CHECK_RETRIES; tries += 1) {
      if (tries > 0) await pause(CHECK_RETRY_MS, this.#closing.signal);
      if (this.#closing.signal.aborted) break;
      if (this.#isCounted()) await this.reload().catch(() => undefined);
    }
    // Whoever is not counted at this moment was not waited for: its lease, however long, says nothing.
    if (!this.#isCounted()) this.#validator.stop();
    this.#validator.check(use, commitTs);
  }

  #isCurrent(ts: Timestamp): boolean {
    return this.#isCounted() && this.#validator.isCurrent(ts);
  }

  /** Whether owners certainly wait for this node: asked of the clock, since a process that was asleep hears of nothing. */
  #isCounted(): boolean {
    try {
      this.#options.syncer.assertLive();
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the domain is closing'));
    await this.#running;
    await this.#answers?.close();
    await this.#options.syncer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Ends early, without an error, when the signal fires. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
