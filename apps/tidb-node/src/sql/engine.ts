import { randomInt } from 'node:crypto';
import { StatementCache } from './parse/index.js';
import type { SqlServices } from './services.js';
import { Session } from './session.js';
import type { Encryption, ProcessInfo, SqlSession } from './types.js';
import { GlobalVariables } from './variables.js';

/** Who a session is for. */
export interface SessionOwner {
  readonly id: bigint;
  readonly user: string;
  /** Address of the client, `host:port`. */
  readonly host: string;
  readonly tls?: Encryption | undefined;
  readonly database?: string | undefined;
}

/**
 * SQL over a node's store, schema and DDL. One engine serves all connections of a node: they share the global variables and the
 * statement cache, and see each other in the process list.
 */
export class SqlEngine {
  readonly globals: GlobalVariables;
  readonly statements = new StatementCache();
  private readonly sessions = new Map<bigint, Session>();
  private nextId = BigInt(randomInt(1, 1 << 20)) << 12n;

  constructor(readonly services: SqlServices) {
    this.globals = new GlobalVariables(services.variables);
  }

  /** Opens a session. Error 1049 when its database does not exist. */
  createSession(owner: Omit<SessionOwner, 'id'> & { readonly id?: bigint | undefined }): SqlSession {
    const id = owner.id ?? this.nextId++;
    const session = new Session(this, { ...owner, id }, () => this.sessions.delete(id));
    if (owner.database !== undefined && owner.database !== '') session.useDatabase(owner.database);
    this.sessions.set(id, session);
    return session;
  }

  /** The sessions of the server, or of this engine when there is no server. */
  processes(): readonly ProcessInfo[] {
    return this.services.processes?.list() ?? [...this.sessions.values()].map((session) => session.processInfo);
  }

  /** KILL [QUERY] id. False when there is no such session. */
  kill(id: bigint, queryOnly: boolean): boolean {
    if (!this.processes().some((each) => each.id === id)) return false;
    const { processes } = this.services;
    if (processes !== undefined) processes.kill(id, queryOnly ? 'query' : 'connection');
    else if (queryOnly) this.sessions.get(id)?.cancelStatement();
    else void this.sessions.get(id)?.close();
    return true;
  }
}
