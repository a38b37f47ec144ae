import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type RowDataPacket } from 'mysql2/promise';

/** What a client must be ready for: it tries again, or finds out what became of its work. */
const PASSING = new Set([
  1040, // too many connections
  1053, // the server is going down
  1105, // the storage or a Pump is away for the moment; the text says which
  1317, // interrupted
  8002, // a row read for update has changed
  8027, // the schema lease could not be renewed
  8028, // the schema has changed
  9001, // the oracle is away
  9004, // a lock that is kept alive
  9005, // the storage did not answer
  9007, // write conflict
]);

/** Whether an error belongs to a life with faults: a conflict, a lost connection, a service that is away. */
export function isPassing(error: unknown): boolean {
  const { errno, code, fatal, sqlState } = error as {
    errno?: number;
    code?: string;
    fatal?: boolean;
    sqlState?: string;
  };
  if (sqlState === undefined) return fatal === true || code !== undefined;
  return errno !== undefined && PASSING.has(errno);
}

/** A connection to one node that is opened again when it was lost. */
export class BankClient {
  private connection: mysql.Connection | undefined;

  constructor(
    private readonly port: () => number,
    private readonly signal: AbortSignal,
  ) {}

  async query(sql: string, values: readonly unknown[] = []): Promise<RowDataPacket[]> {
    this.connection ??= await this.connect();
    const [rows] = await this.connection.query<RowDataPacket[]>({ sql, values: [...values], timeout: 60_000 });
    return rows;
  }

  private async connect(): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      host: '127.0.0.1',
      port: this.port(),
      user: 'root',
      database: 'bank',
      connectTimeout: 5_000,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    connection.on('error', () => this.drop());
    return connection;
  }

  /** Runs `work` again and again until the end; `onError` hears of each failure that is no part of a life with faults. */
  async repeat(work: () => Promise<void>, onError: (error: unknown) => void): Promise<void> {
    while (!this.signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!isPassing(error)) onError(error);
        this.drop();
        await pause(100, this.signal);
      }
    }
    this.drop();
  }

  drop(): void {
    this.connection?.destroy();
    this.connection = undefined;
  }
}

/** Ends early, without an error, when the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
