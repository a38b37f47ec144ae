import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { BinlogReader, type BinlogReaderOptions, type CommittedEvent, SchemaHistory } from '../src/index.js';
import { ddl, dml, fake, HoldingPump, type HoldingPumpOptions, history, intPk, type Stored } from './holding-pump.js';

let ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

async function pump(holds: Stored[], options: HoldingPumpOptions = {}): Promise<HoldingPump> {
  const started = await HoldingPump.start(holds, options);
  ends.push(() => started.server.stop());
  return started;
}

async function read(
  pumps: HoldingPump[],
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
    server.server.stop();
    holds.push(dml(20n));
    await server.server.listen();
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
    server.server.pull = (call) => void call.emit('error', gone);
    server.server.pullBatches = (call) => void call.emit('error', gone);
    await expect(read([server], 1)).rejects.toMatchObject({ code: 'POSITION_GONE' });
  });
});

describe('schemas', () => {
  it('a DDL is given before the rows of its new schema, which the history then has', async () => {
    const server = await pump([dml(10n), ddl(15n, 3n, 'rename table int_pk to t'), dml(20n)]);
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

  it('a sequence that was set is told as a DDL, but has no job to ask for', async () => {
    const server = await pump([ddl(10n, 3n, 'SELECT SETVAL(`test`.`s`, 7);'), ddl(20n, 4n, 'drop sequence s')]);
    const asked: bigint[] = [];
    const events = await read([server], 2, { onDdl: ({ jobId }) => void asked.push(jobId) });
    expect(events.map(({ type }) => type)).toEqual(['ddl', 'ddl']);
    expect(asked).toEqual([4n]);
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
