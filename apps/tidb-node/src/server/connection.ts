import type { Socket } from 'node:net';
import type { Logger } from '@tidb-js/etcd-session';
import { SqlError } from '../sql/errors.js';
import { decodeStatement } from '../sql/parse/raw-bytes.js';
import type { Encryption, PreparedStatement, SqlSession, StatementResult } from '../sql/types.js';
import { encodeColumn, encodeDone, encodeEnd, encodeError, encodeOk, statusFlags } from './answers.js';
import { Capability, Command } from './capabilities.js';
import { decodeChangeUser } from './handshake.js';
import { challenge, greet, type Login, type LoginContext } from './login.js';
import { PacketStream, PacketTooLarge } from './packet-stream.js';
import { type BoundParameters, readParameters } from './parameters.js';
import { MalformedPacket, PayloadReader, PayloadWriter } from './payload.js';
import { encodeBinaryRow, encodeTextRow } from './rows.js';

/** Who has connected, as far as the greeting told. */
export interface Peer {
  readonly user: string;
  /** `address:port` */
  readonly host: string;
  readonly tls: Encryption | undefined;
  readonly attributes: ReadonlyMap<string, string>;
}

/** What a connection needs from its server. */
export interface ConnectionContext extends LoginContext {
  readonly maxPacket: number;
  readonly logger: Logger;
  openSession(peer: Peer): Promise<SqlSession>;
  /** KILL: error 1094 where there is no such connection. */
  kill(id: bigint): void;
  /** The line of COM_STATISTICS. */
  statistics(): string;
}

interface Prepared extends BoundParameters {
  readonly statement: PreparedStatement;
}

const LOST = new SqlError(1317, 'Query execution was interrupted');

/** One client: greeting, authentication, then one command after the other until it leaves or is killed. */
export class Connection {
  readonly #context: ConnectionContext;
  readonly #socket: Socket;
  readonly #packets: PacketStream;
  readonly #lost = new AbortController();
  #session: SqlSession | undefined;
  #capabilities = 0;
  #collation = 0;
  #multiStatements = false;
  #killed = false;
  #draining = false;
  #busy = false;
  readonly #prepared = new Map<number, Prepared>();

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#packets = new PacketStream(socket, context.maxPacket);
    socket.setNoDelay(true);
    socket.once('close', () => this.#lost.abort(LOST));
  }

  get session(): SqlSession | undefined {
    return this.#session;
  }

  /** KILL: ends the running statement and the connection. */
  kill(): void {
    this.#killed = true;
    this.#session?.cancelStatement();
    if (!this.#busy) this.#packets.destroy();
  }

  /** Ends as soon as no statement runs and no transaction is open. */
  drain(): void {
    this.#draining = true;
    if (!this.#busy && !this.#session?.status.inTransaction) void this.#packets.end();
  }

  destroy(): void {
    this.#packets.destroy();
  }

  /** Serves the client to its end; never throws. */
  async run(): Promise<void> {
    const { logger, id } = this.#context;
    try {
      const login = await greet(this.#packets, this.#socket, this.#context, () => this.#lost.abort(LOST));
      if (login === undefined) return;
      await this.#enter(login);
      await this.#serve();
    } catch (error) {
      if (error instanceof PacketTooLarge) {
        await this.#fail(new SqlError(1153, "Got a packet bigger than 'max_allowed_packet' bytes"));
      } else if (error instanceof MalformedPacket) {
        logger.warn({ connection: id, reason: error.message }, 'malformed packet');
        await this.#fail(new SqlError(1835, `Malformed communication packet: ${error.message}`));
      } else if (SqlError.is(error)) {
        await this.#fail(error);
      } else {
        logger.error({ connection: id, err: error }, 'connection failed');
        await this.#fail(SqlError.from(error));
      }
    } finally {
      await this.#packets.end();
      await this.#session?.close().catch((error: unknown) => {
        logger.warn({ connection: id, err: error }, 'session did not close cleanly');
      });
    }
  }

  async #fail(error: SqlError): Promise<void> {
    if (this.#packets.closed) return;
    this.#packets.write(encodeError(error));
    await this.#packets.flush(AbortSignal.timeout(1000));
  }

  /** Takes over what a login agreed on, and opens the session (or, for a changed user, begins it anew). */
  async #enter(login: Login): Promise<void> {
    this.#capabilities = login.capabilities;
    this.#collation = login.hello.collation;
    this.#multiStatements = (login.capabilities & Capability.MultiStatements) !== 0;
    const { user, database, attributes } = login.hello;
    const { remoteAddress = 'localhost', remotePort = 0 } = this.#socket;
    const host = `${remoteAddress}:${remotePort}`;
    const { tls } = this.#packets;
    if (this.#session === undefined) this.#session = await this.#context.openSession({ user, host, tls, attributes });
    else await this.#session.reset({ name: user, host });
    this.#session.useCollation(login.hello.collation);
    if (database !== undefined) this.#session.useDatabase(database);
    this.#packets.write(encodeDone(this.#session.status));
    await this.#packets.flush();
  }

  async #serve(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    while (!this.#killed && !this.#packets.closed) {
      if (this.#draining && !session.status.inTransaction) return;
      const payload = await this.#readCommand(session);
      if (payload === undefined || payload[0] === Command.Quit) return;
      this.#busy = true;
      try {
        if (!(await this.#command(session, payload))) return;
      } catch (error) {
        if (error instanceof MalformedPacket) throw error;
        this.#packets.write(encodeError(SqlError.from(error)));
      } finally {
        this.#busy = false;
      }
      await this.#packets.flush(this.#lost.signal);
    }
  }

  /** The next command, or undefined when the client has left or was silent for `wait_timeout` seconds. */
  async #readCommand(session: SqlSession): Promise<Buffer | undefined> {
    const seconds = Number(session.variable('wait_timeout') ?? 0);
    if (!(seconds > 0)) return this.#packets.read();
    const idle = setTimeout(() => this.#packets.destroy(), Math.min(seconds * 1000, 2 ** 31 - 1));
    try {
      return await this.#packets.read();
    } finally {
      clearTimeout(idle);
    }
  }

  /** Runs one command; false ends the connection. */
  async #command(session: SqlSession, payload: Buffer): Promise<boolean> {
    switch (payload[0]) {
      case Command.Ping:
        this.#packets.write(encodeDone(session.status));
        return true;
      case Command.Query:
        await this.#query(session, statementIn(payload));
        return true;
      case Command.InitDb:
        session.useDatabase(payload.toString('utf8', 1));
        this.#packets.write(encodeDone(session.status));
        return true;
      case Command.FieldList: {
        const table = new PayloadReader(payload.subarray(1)).nullTerminated().toString();
        for (const column of session.fieldList(table)) this.#packets.write(encodeColumn(column, true));
        this.#packets.write(encodeEnd(0, statusFlags(session.status), this.#capabilities));
        return true;
      }
      case Command.Statistics:
        this.#packets.write(Buffer.from(this.#context.statistics()));
        return true;
      case Command.ProcessKill:
        this.#context.kill(BigInt(new PayloadReader(payload.subarray(1)).uint32()));
        this.#packets.write(encodeDone(session.status));
        return true;
      case Command.SetOption: {
        const option = new PayloadReader(payload.subarray(1)).uint16();
        if (option > 1) throw new SqlError(1047, `Unknown option ${option} of COM_SET_OPTION`);
        this.#multiStatements = option === 0;
        this.#packets.write(new PayloadWriter(8).uint8(0xfe).uint16(0).uint16(statusFlags(session.status)).finish());
        return true;
      }
      case Command.ResetConnection:
        this.#forgetStatements();
        await session.reset();
        this.#packets.write(encodeDone(session.status));
        return true;
      case Command.ChangeUser:
        return this.#changeUser(payload);
      case Command.StmtPrepare:
        await this.#prepare(session, statementIn(payload));
        return true;
      case Command.StmtExecute:
        await this.#execute(session, payload);
        return true;
      case Command.StmtSendLongData:
        this.#longData(payload);
        return true;
      case Command.StmtReset: {
        const prepared = this.#statement(new PayloadReader(payload.subarray(1)).uint32(), 'mysqld_stmt_reset');
        prepared.longData.clear();
        this.#packets.write(encodeDone(session.status));
        return true;
      }
      case Command.StmtClose: {
        const id = new PayloadReader(payload.subarray(1)).uint32();
        this.#prepared.get(id)?.statement.close();
        this.#prepared.delete(id);
        return true;
      }
      default:
        throw new SqlError(1047, `Unknown command ${payload[0] ?? 'without a number'}`);
    }
  }

  async #changeUser(payload: Buffer): Promise<boolean> {
    this.#forgetStatements();
    const hello = decodeChangeUser(payload, this.#capabilities, this.#collation);
    const login = await challenge(this.#packets, this.#socket, this.#context, hello, this.#capabilities);
    if (login === undefined) return false;
    await this.#enter(login);
    return true;
  }

  #forgetStatements(): void {
    for (const { statement } of this.#prepared.values()) statement.close();
    this.#prepared.clear();
  }

  #options() {
    return {
      signal: this.#lost.signal,
      multiStatements: this.#multiStatements,
      foundRows: (this.#capabilities & Capability.FoundRows) !== 0,
    };
  }

  async #query(session: SqlSession, sql: string): Promise<void> {
    for await (const result of session.execute(sql, this.#options())) {
      await this.#answer(session, result, encodeTextRow);
    }
  }

  async #prepare(session: SqlSession, sql: string): Promise<void> {
    const statement = await session.prepare(sql, this.#options());
    this.#prepared.set(statement.id, { statement, types: undefined, longData: new Map() });
    this.#packets.write(
      new PayloadWriter(16)
        .uint8(0)
        .uint32(statement.id)
        .uint16(statement.columns.length)
        .uint16(statement.parameters.length)
        .uint8(0)
        .uint16(0)
        .finish(),
    );
    for (const columns of [statement.parameters, statement.columns]) {
      for (const column of columns) this.#packets.write(encodeColumn(column));
      if (columns.length > 0) this.#endOfColumns(session);
    }
  }

  #statement(id: number, where: string): Prepared {
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) {
      throw new SqlError(1243, `Unknown prepared statement handler (${id}) given to ${where}`);
    }
    return prepared;
  }

  async #execute(session: SqlSession, payload: Buffer): Promise<void> {
    const reader = new PayloadReader(payload.subarray(1));
    const prepared = this.#statement(reader.uint32(), 'mysqld_stmt_execute');
    // Cursors are not offered: the flags are read past, the rows come at once.
    reader.take(5);
    const values = readParameters(reader, prepared, prepared.statement.parameters.length);
    prepared.longData.clear();
    await this.#answer(session, await prepared.statement.execute(values, this.#options()), encodeBinaryRow);
  }

  #longData(payload: Buffer): void {
    const reader = new PayloadReader(payload.subarray(1));
    const prepared = this.#prepared.get(reader.uint32());
    const parameter = reader.uint16();
    // The protocol has no answer to this command: a wrong statement or parameter shows at its execution.
    if (prepared === undefined) return;
    const parts = prepared.longData.get(parameter) ?? [];
    const held = parts.reduce((sum, part) => sum + part.length, 0);
    if (held + reader.remaining > this.#context.maxPacket) throw new PacketTooLarge('a parameter sent in pieces');
    parts.push(reader.rest());
    prepared.longData.set(parameter, parts);
  }

  #endOfColumns(session: SqlSession): void {
    if (this.#capabilities & Capability.DeprecateEof) return;
    this.#packets.write(encodeEnd(0, statusFlags(session.status), this.#capabilities));
  }

  async #answer(session: SqlSession, result: StatementResult, encodeRow: typeof encodeTextRow): Promise<void> {
    if (result.kind === 'ok') {
      this.#packets.write(encodeOk(result, statusFlags(session.status, result.more)));
      return;
    }
    const { columns } = result;
    this.#packets.write(new PayloadWriter(8).lenenc(columns.length).finish());
    for (const column of columns) this.#packets.write(encodeColumn(column));
    this.#endOfColumns(session);
    for await (const rows of result.rows) {
      for (const row of rows) {
        this.#packets.write(encodeRow(columns, row));
        if (this.#packets.full) await this.#packets.flush(this.#lost.signal);
      }
      if (this.#lost.signal.aborted) throw LOST;
    }
    this.#packets.write(encodeEnd(result.warnings, statusFlags(session.status, result.more), this.#capabilities));
  }
}

/** The text of a command. Clients in C (mysqlslap, for one) count the zero that ends it. */
function statementIn(payload: Buffer): string {
  const end = payload.at(-1) === 0 ? payload.length - 1 : payload.length;
  return decodeStatement(payload.subarray(1, end));
}
