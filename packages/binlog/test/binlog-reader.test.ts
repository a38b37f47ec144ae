import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { TableInfo } from '../src/codec/index.js';
import {
  BinlogReader,
  type BinlogReaderOptions,
  type CommittedEvent,
  MutationBuffer,
  SchemaHistory,
} from '../src/index.js';
import { encodeBinlog, encodePullBatchesResponse } from '../src/wire/index.js';
import { ScriptedPump } from './scripted-pump.js';

const vectors = JSON.parse(readFileSync(new URL('./fixtures/real-tidb/dml-binlogs.json', import.meta.url), 'utf8')) as {
  tables: Record<string, { table_info: string }>;
};
const intPk = JSON.parse(vectors.tables.int_pk?.table_info ?? '') as TableInfo;

let ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

interface Stored {
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly payload: Buffer;
}

function dml(commitTs: bigint): Stored {
  const buffer = new MutationBuffer();
  buffer.insert(intPk, { id: Number(commitTs), name: `row ${commitTs}`, age: 1 });
  const startTs = commitTs - 1n;
  return { startTs, commitTs, payload: encodeBinlog({ type: 1, startTs, commitTs, prewriteValue: buffer.encode(7n) }) };
}

const fake = (ts: bigint): Stored => ({
  startTs: ts,
  commitTs: ts,
  payload: encodeBinlog({ type: 2, startTs: ts, commitTs: ts }),
});

/** A pump that gives what it holds after the position asked for, and then keeps the stream open, or ends it after `cut` binlogs. */
async function pump(
  holds: Stored[],
  { stream = false, cut = Number.POSITIVE_INFINITY } = {},
): Promise<ScriptedPump & { pulls: bigint[] }> {
  const pulls: bigint[] = [];
  const server = Object.assign(await ScriptedPump.start({ stream }), { pulls });
  const after = (position: bigint) => {
    pulls.push(position);
    return holds.filter(({ commitTs }) => commitTs > position).slice(0, cut);
  };
  server.pull = (call) => {
    const given = after(call.request.startFrom.offset);
    for (const entity of given) call.write({ entity: { ...entity, pos: { suffix: 0n, offset: 0n } } });
    if (given.length === cut) call.end();
  };
  server.pullBatches = (call) => {
    const binlogs = after(call.request.afterCommitTs);
    const watermark = binlogs.at(-1)?.commitTs ?? call.request.afterCommitTs;
    expect(encodePullBatchesResponse({ binlogs, watermark }).length).toBeGreaterThan(0);
    call.write({ binlogs, watermark });
    if (binlogs.length === cut) call.end();
  };
  ends.push(() => server.stop());
  return server;
}

function history(): SchemaHistory {
  const schemas = new SchemaHistory();
  schemas.add({ commitTs: 0n, schema: 'test', tableId: intPk.id, table: intPk });
  return schemas;
}

async function read(
  pumps: ScriptedPump[],
  count: number,
  options: Partial<BinlogReaderOptions> = {},
): Promise<CommittedEvent[]> {
  const addresses = pumps.map(({ address }) => address);
  const reader = new BinlogReader({
    addresses,
    clusterId: 1n,
    after: 0n,
    schemas: history(),
    ...options,
  } as BinlogReaderOptions);
  const events: CommittedEvent[] = [];
  for await (const event of reader) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const commits = (events: readonly CommittedEvent[]) => events.map(({ commitTs }) => commitTs);

describe.each([{ stream: false }, { stream: true }])('pulling in batches: $stream', (door) => {
  it('merges pumps by commit_ts, drops fakes and what two pumps have, and decodes rows', async () => {
    const a = await pump([dml(10n), dml(30n), dml(40n), fake(100n)], door);
    const b = await pump([dml(20n), fake(25n), dml(30n), dml(50n), fake(100n)], door);
    const events = await read([a, b], 5);
    expect(commits(events)).toEqual([10n, 20n, 30n, 40n, 50n]);
    expect(events[0]).toMatchObject({
      type: 'dml',
      startTs: 9n,
      schemaVersion: 7n,
      changes: [{ type: 'insert', schema: 'test', table: 'int_pk', after: { id: 10, name: 'row 10', age: 1 } }],
    });
  });

  it('waits for a pump that is behind: it may hold what comes first', async () => {
    const a = await pump([dml(10n), dml(30n)], door);
    const b = await pump([dml(20n)], door);
    const reader = new BinlogReader({
      addresses: [a.address, b.address],
      clusterId: 1n,
      after: 0n,
      schemas: history(),
    });
    const events = reader[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ commitTs: 10n });
    expect((await events.next()).value).toMatchObject({ commitTs: 20n });
    const third = events.next();
    expect(await Promise.race([third, new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))])).toBe('waiting');
    await reader.close();
    expect(await third).toEqual({ done: true, value: undefined });
  });

  it('reconnects after each cut and goes on after the last binlog, none lost and none twice', async () => {
    const server = await pump(
      Array.from({ length: 12 }, (_, i) => dml(BigInt(i * 10 + 10))),
      { ...door, cut: 5 },
    );
    expect(commits(await read([server], 12))).toEqual(Array.from({ length: 12 }, (_, i) => BigInt(i * 10 + 10)));
    expect(server.pulls.slice(0, 3)).toEqual([0n, 50n, 100n]);
  });

  it('begins after its checkpoint', async () => {
    const server = await pump([dml(10n), dml(20n), dml(30n)], door);
    expect(commits(await read([server], 2, { after: 10n }))).toEqual([20n, 30n]);
  });

  it('survives a pump that is away for a while', async () => {
    const holds = [dml(10n)];
    const server = await pump(holds, door);
    const reader = new BinlogReader({ addresses: [server.address], clusterId: 1n, after: 0n, schemas: history() });
    const events = reader[Symbol.asyncIterator]();
    await events.next();
    server.stop();
    holds.push(dml(20n));
    await server.listen();
    expect((await events.next()).value).toMatchObject({ commitTs: 20n });
    await reader.close();
  });

  it('an event is given again when it was not dealt with', async () => {
    const server = await pump([dml(10n), dml(20n)], door);
    let position = -1n;
    const reader = new BinlogReader({ addresses: [server.address], clusterId: 1n, after: 0n, schemas: history() });
    await expect(
      (async () => {
        for await (const event of reader) {
          if (event.commitTs === 20n) {
            position = reader.position;
            throw new Error('the consumer fails');
          }
        }
      })(),
    ).rejects.toThrow('the consumer fails');
    expect(position).toBe(10n);
    expect(commits(await read([server], 1, { after: position }))).toEqual([20n]);
  });

  it('a position that was garbage-collected is an error', async () => {
    const server = await pump([], door);
    const gone = { code: status.OUT_OF_RANGE, details: 'position 5 is before 100, the oldest' };
    server.pull = (call) => void call.emit('error', gone);
    server.pullBatches = (call) => void call.emit('error', gone);
    await expect(read([server], 1)).rejects.toMatchObject({ code: 'POSITION_GONE' });
  });
});

describe('schemas', () => {
  it('a DDL is given before the rows of its new schema, which the history then has', async () => {
    const ddl = {
      startTs: 14n,
      commitTs: 15n,
      payload: encodeBinlog({
        type: 1,
        startTs: 14n,
        commitTs: 15n,
        ddlJobId: 3n,
        ddlQuery: Buffer.from('rename table int_pk to t'),
        ddlSchemaState: 5,
      }),
    };
    const server = await pump([dml(10n), ddl, dml(20n)]);
    const schemas = history();
    const renamed = { ...intPk, name: { O: 't', L: 't' } };
    const events = await read([server], 3, {
      schemas,
      onDdl: ({ commitTs }) => schemas.add({ commitTs, schema: 'test', tableId: intPk.id, table: renamed }),
    });
    expect(events.map((event) => (event.type === 'ddl' ? event.query : event.changes[0]?.table))).toEqual([
      'int_pk',
      'rename table int_pk to t',
      't',
    ]);
  });

  it('a table that nobody told of is an error that says so', async () => {
    const server = await pump([dml(10n)]);
    await expect(read([server], 1, { schemas: new SchemaHistory() })).rejects.toThrow(
      `no table ${intPk.id} is known at commit_ts 10`,
    );
  });

  it('the history answers by commit_ts, in whatever order it was told', () => {
    const schemas = new SchemaHistory();
    schemas.add({ commitTs: 30n, schema: 'b', tableId: 1, table: undefined });
    schemas.add({ commitTs: 10n, schema: 'a', tableId: 1, table: intPk });
    expect([5n, 10n, 29n, 30n].map((ts) => schemas.at(1n, ts)?.schema)).toEqual([undefined, 'a', 'a', undefined]);
    schemas.forgetBefore(20n);
    expect(schemas.at(1n, 20n)?.schema).toBe('a');
    schemas.forgetBefore(40n);
    expect(schemas.at(1n, 20n)).toBeUndefined();
  });
});

describe('an end', () => {
  it('by the signal, while it waits', async () => {
    const server = await pump([]);
    expect(await read([server], 1, { signal: AbortSignal.timeout(50) })).toEqual([]);
  });

  it('by a pump that breaks the order', async () => {
    const server = await pump([dml(20n), dml(10n)]);
    await expect(read([server], 2)).rejects.toMatchObject({ code: 'OUT_OF_ORDER' });
  });

  it('for want of a pump', async () => {
    await expect(read([], 1)).rejects.toMatchObject({ code: 'NO_PUMP' });
  });
});
