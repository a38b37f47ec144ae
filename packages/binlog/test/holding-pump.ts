import { readFileSync } from 'node:fs';
import type { TableInfo } from '../src/codec/index.js';
import { MutationBuffer, SchemaHistory } from '../src/index.js';
import { encodeBinlog } from '../src/wire/index.js';
import { ScriptedPump, type ScriptedPumpOptions } from './scripted-pump.js';

const vectors = JSON.parse(readFileSync(new URL('./fixtures/real-tidb/dml-binlogs.json', import.meta.url), 'utf8')) as {
  tables: Record<string, { table_info: string }>;
};
/** The table of the rows that {@link dml} inserts. */
export const intPk = JSON.parse(vectors.tables.int_pk?.table_info ?? '') as TableInfo;

/** A committed binlog as a pump holds it. */
export interface Stored {
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly payload: Buffer;
}

/** A transaction that inserted one row, with so many bytes besides. */
export function dml(commitTs: bigint, padding = 0): Stored {
  const buffer = new MutationBuffer();
  buffer.insert(intPk, { id: Number(commitTs), name: `row ${commitTs}`, age: 1 });
  return committed(commitTs, buffer, Buffer.alloc(padding));
}

/** A transaction with these rows. */
export function committed(commitTs: bigint, buffer: MutationBuffer, prewriteKey?: Buffer): Stored {
  const startTs = commitTs - 1n;
  const prewriteValue = buffer.encode(7n);
  return { startTs, commitTs, payload: encodeBinlog({ type: 1, startTs, commitTs, prewriteKey, prewriteValue }) };
}

/** A schema change. */
export function ddl(commitTs: bigint, jobId: bigint, query: string): Stored {
  const startTs = commitTs - 1n;
  const change = { ddlJobId: jobId, ddlQuery: Buffer.from(query), ddlSchemaState: 5 };
  return { startTs, commitTs, payload: encodeBinlog({ type: 1, startTs, commitTs, ...change }) };
}

/** What says only how far a pump is. */
export function fake(ts: bigint): Stored {
  return { startTs: ts, commitTs: ts, payload: encodeBinlog({ type: 2, startTs: ts, commitTs: ts }) };
}

/** A history with the table of {@link dml}. */
export function history(): SchemaHistory {
  const schemas = new SchemaHistory();
  schemas.add({ commitTs: 0n, schema: 'test', tableId: intPk.id, table: intPk });
  return schemas;
}

export interface HoldingPumpOptions extends ScriptedPumpOptions {
  /** Ends each stream after so many binlogs. */
  readonly cut?: number;
}

/** A pump that gives what it holds after the position asked for, also what is added while a stream is open. */
export class HoldingPump {
  /** The positions that were asked for. */
  readonly pulls: bigint[] = [];
  /** Streams that are open. */
  open = 0;
  readonly #pokes = new Set<() => void>();

  private constructor(
    readonly server: ScriptedPump,
    readonly holds: Stored[],
    cut: number,
  ) {
    server.pull = (call) => {
      let position = call.request.startFrom.offset;
      this.#serve(call, position, () => {
        const given = this.#after(position).slice(0, cut);
        for (const entity of given) call.write({ entity: { ...entity, pos: { suffix: 0n, offset: 0n } } });
        position = given.at(-1)?.commitTs ?? position;
        if (given.length === cut) call.end();
      });
    };
    server.pullBatches = (call) => {
      let position = call.request.afterCommitTs;
      this.#serve(call, position, () => {
        const binlogs = this.#after(position).slice(0, cut);
        position = binlogs.at(-1)?.commitTs ?? position;
        call.write({ binlogs, watermark: position });
        if (binlogs.length === cut) call.end();
      });
    };
  }

  static async start(
    holds: Stored[],
    { cut = Number.POSITIVE_INFINITY, ...options }: HoldingPumpOptions = {},
  ): Promise<HoldingPump> {
    return new HoldingPump(await ScriptedPump.start(options), holds, cut);
  }

  get address(): string {
    return this.server.address;
  }

  add(...stored: Stored[]): void {
    this.holds.push(...stored);
    for (const poke of this.#pokes) poke();
  }

  #after(position: bigint): Stored[] {
    return this.holds.filter(({ commitTs }) => commitTs > position);
  }

  #serve(call: { on(event: string, listener: () => void): unknown }, position: bigint, poke: () => void): void {
    this.pulls.push(position);
    this.open++;
    this.#pokes.add(poke);
    call.on('cancelled', () => {
      this.open--;
      this.#pokes.delete(poke);
    });
    poke();
  }
}
