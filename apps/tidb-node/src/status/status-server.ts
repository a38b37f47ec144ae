import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { availableParallelism } from 'node:os';
import { encodeJob, type Job, type Json, parseJson, stringifyJson } from '@tidb-js/ddl-jobs';
import type { Logger } from '@tidb-js/etcd-session';
import type { ServerInfo } from '@tidb-js/syncer';
import { HttpError, wholeNumber } from './http-error.js';
import { overviewOf, viewOfSelf } from './overview.js';
import { page } from './page/page.js';
import { schemaAnswer } from './schema-routes.js';
import type { RecoverOperation, StatusSource } from './source.js';

export interface StatusServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 10080; 0 takes a free port. */
  readonly port?: number;
  /** Undefined while the node is still starting: requests are then told to come back. */
  readonly source: () => StatusSource | undefined;
  readonly logger: Logger;
}

/** How long a request may take unless it says otherwise, in milliseconds. */
const REQUEST_LIMIT_MS = 10_000;
const DEFAULT_RECOVER_SECONDS = 1800;
/** How often a page that is open is told how things stand. */
const LIVE_INTERVAL_MS = 1_000;
const MAX_LIVE_PAGES = 64;

/** TiDB's status port: its paths with its answers, `/metrics`, and at `/` a live page. */
export class StatusServer {
  readonly #server: Server;
  readonly #sourceNow: () => StatusSource | undefined;
  readonly #logger: Logger;
  readonly #closed = new AbortController();
  #livePages = 0;

  private constructor(options: StatusServerOptions) {
    this.#sourceNow = options.source;
    this.#logger = options.logger;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => this.#fail(response, error));
    });
    this.#server.requestTimeout = 30_000;
  }

  static async start(options: StatusServerOptions): Promise<StatusServer> {
    const server = new StatusServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port ?? 10080, options.host ?? '127.0.0.1', resolve);
    });
    return server;
  }

  get #source(): StatusSource {
    const source = this.#sourceNow();
    if (source === undefined) throw new HttpError(503, 'the node is still starting');
    return source;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  #fail(response: ServerResponse, error: unknown): void {
    const status = error instanceof HttpError ? error.status : 500;
    const message = error instanceof Error ? error.message : String(error);
    if (status === 500) this.#logger.warn({ err: error }, 'status request failed');
    if (response.headersSent) response.destroy();
    else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://status');
    const path = url.pathname.replace(/\/+$/, '') || '/';
    const left = new AbortController();
    response.once('close', () => left.abort());
    const limit = path === '/binlog/recover' ? undefined : AbortSignal.timeout(REQUEST_LIMIT_MS);
    const signal = AbortSignal.any([left.signal, this.#closed.signal, ...(limit ? [limit] : [])]);
    if (path === '/ddl/owner/resign') {
      if (request.method !== 'POST') throw new HttpError(400, 'This api only support POST method');
      // A page of another site can make a browser send a POST; the browser then says so.
      if (request.headers['sec-fetch-site'] === 'cross-site') throw new HttpError(403, 'not from another site');
      return this.#resign(response, signal);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'use GET');
    return this.#get(path, url, response, signal);
  }

  async #get(path: string, url: URL, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const source = this.#source;
    switch (path) {
      case '/':
        response
          .writeHead(200, {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy':
              "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
          })
          .end(page);
        return;
      case '/api/node':
        return json(response, await viewOfSelf(source, signal));
      case '/api/overview':
        return json(response, await overviewOf(source, signal));
      case '/api/live':
        return this.#live(response);
      case '/status':
        return json(response, { connections: source.connections(), version: source.version, git_hash: source.gitHash });
      case '/info':
        return json(response, {
          is_owner: source.ddl.isOwner,
          max_procs: availableParallelism(),
          ...source.serverInfo(),
        });
      case '/info/all':
        return json(response, await this.#allInfo(signal));
      case '/settings':
        return json(response, source.settings());
      case '/metrics': {
        const { contentType, text } = await source.metrics();
        response.writeHead(200, { 'content-type': contentType }).end(text);
        return;
      }
      case '/ddl/history':
        return json(response, await this.#history(url, signal));
      case '/binlog/recover':
        return json(response, await this.#recover(url, signal));
    }
    const schema = schemaAnswer(source.domain.infoSchema(), path, url.searchParams);
    if (schema === undefined) throw new HttpError(404, '404 page not found');
    return json(response, schema);
  }

  async #resign(response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (!(await this.#source.resignOwner({ signal }))) {
      throw new HttpError(400, "This node is not a ddl owner, can't be resigned.");
    }
    return json(response, 'success!');
  }

  async #allInfo(signal: AbortSignal) {
    const [servers, owner] = await Promise.all([this.#source.servers({ signal }), this.#source.ddl.owner({ signal })]);
    const infos = [...servers.values()];
    const builds = new Map(infos.map((info): [string, ServerInfo] => [`${info.version}\0${info.git_hash}`, info]));
    const different = [...builds.values()].map(({ version, git_hash }) => ({ version, git_hash }));
    return {
      servers_num: infos.length,
      owner_id: owner ?? '',
      is_all_server_version_consistent: different.length <= 1,
      ...(different.length > 1 ? { all_servers_diff_versions: different } : {}),
      all_servers_info: Object.fromEntries(servers),
    };
  }

  async #history(url: URL, signal: AbortSignal): Promise<Json[]> {
    const limit = positive(url, 'limit', 'ddl history limit must be greater than 0');
    const startId = positive(url, 'start_job_id', 'ddl history start_job_id must be greater than 0');
    if (startId !== undefined && limit === undefined) {
      throw new HttpError(400, "when 'start_job_id' is specified, it must work with a 'limit'");
    }
    // With a start, jobs up to that id; the store gives newest first, so those before it are read past.
    const jobs: readonly Job[] = await this.#source.ddl.history(startId === undefined ? (limit ?? 2048) : 1 << 20, {
      signal,
    });
    const wanted = startId === undefined ? jobs : jobs.filter((job) => BigInt(job.id) <= BigInt(startId));
    return wanted.slice(0, limit ?? 2048).map((job) => parseJson(encodeJob(job)));
  }

  async #recover(url: URL, signal: AbortSignal) {
    const operation = url.searchParams.get('op') ?? 'wait';
    if (!['wait', 'nowait', 'reset', 'status'].includes(operation)) {
      throw new HttpError(400, `op=${operation} is unknown; use nowait, reset or status, or leave it out to wait`);
    }
    const seconds = positive(url, 'seconds', 'seconds must be greater than 0') ?? DEFAULT_RECOVER_SECONDS;
    const limit = AbortSignal.timeout(Math.min(seconds, 86_400) * 1000);
    try {
      return await this.#source.recoverBinlog(operation as RecoverOperation, {
        signal: AbortSignal.any([signal, limit]),
      });
    } catch (error) {
      if (limit.aborted) throw new HttpError(400, 'timeout waiting for transactions that skip the binlog; ask again');
      throw error;
    }
  }

  /** Server-sent events: the overview each second, for as long as the page is open. */
  async #live(response: ServerResponse): Promise<void> {
    if (this.#livePages >= MAX_LIVE_PAGES) throw new HttpError(503, `${MAX_LIVE_PAGES} pages are open already`);
    this.#livePages += 1;
    const left = new AbortController();
    response.once('close', () => left.abort());
    const signal = AbortSignal.any([left.signal, this.#closed.signal]);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    try {
      while (!signal.aborted) {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]);
        const event = await overviewOf(this.#source, limit).then(
          (overview) => `data: ${JSON.stringify(overview)}\n\n`,
          (error: Error) => `event: problem\ndata: ${JSON.stringify(error.message)}\n\n`,
        );
        if (signal.aborted) break;
        response.write(event);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LIVE_INTERVAL_MS);
          signal.addEventListener(
            'abort',
            () => {
              clearTimeout(timer);
              resolve();
            },
            { once: true },
          );
        });
      }
    } finally {
      this.#livePages -= 1;
      response.end();
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function positive(url: URL, name: string, rule: string): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  const value = wholeNumber(text);
  if (value <= 0) throw new HttpError(400, rule);
  return value;
}

/** Indented by one space, as TiDB does. */
function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(stringifyJson(value, ' '));
}
