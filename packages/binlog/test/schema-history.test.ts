import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { ColumnInfo, TableInfo } from '../src/codec/index.js';
import { BinlogReader, type CommittedEvent, type FinishedJob, MutationBuffer, SchemaHistory } from '../src/index.js';
import { decodeBinlog } from '../src/wire/index.js';
import { committed, ddl, HoldingPump, intPk, type Stored } from './holding-pump.js';

const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/real-tidb/ddl-between-rows.json', import.meta.url), 'utf8'),
) as { jobs: Record<string, FinishedJob>; binlogs: { commit_ts: string; payload: string }[] };

let ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

async function readAll(
  holds: Stored[],
  schemas: SchemaHistory,
  jobs: Readonly<Record<string, FinishedJob>>,
): Promise<CommittedEvent[]> {
  const pump = await HoldingPump.start(holds, { stream: true });
  ends.push(() => pump.server.stop());
  const reader = new BinlogReader({
    addresses: [pump.address],
    clusterId: 1n,
    after: 0n,
    schemas,
    onDdl: ({ jobId, commitTs }) => {
      const job = jobs[String(jobId)];
      if (job !== undefined) schemas.addJob(job, commitTs);
    },
  });
  const events: CommittedEvent[] = [];
  for await (const event of reader) if (events.push(event) === holds.length) break;
  return events;
}

it('rows of a real TiDB whose tables change meanwhile are read with the schema of their time', async () => {
  const holds = recorded.binlogs.map(({ payload }): Stored => {
    const bytes = Buffer.from(payload, 'hex');
    const { startTs, commitTs } = decodeBinlog(bytes);
    return { startTs, commitTs, payload: bytes };
  });
  const events = await readAll(holds, new SchemaHistory(), recorded.jobs);
  const seen: string[] = [];
  const note = (line: string) => seen.at(-1) === line || seen.push(line);
  let gone = 0;
  for (const event of events) {
    if (event.type === 'ddl') note(event.query.replace(/ \(.*/, ''));
    else if (event.changes.length === 0) gone++;
    else {
      for (const change of event.changes) {
        const row = change.type === 'delete' ? change.before : change.after;
        note(`${change.schema}.${change.table} ${Object.keys(row).join()}`);
      }
    }
  }
  // Transactions that began before the table was truncated, and committed after.
  expect(gone).toBe(3);
  expect(seen).toMatchSnapshot();
});

describe('a column that is being added or dropped', () => {
  const columns = intPk.cols ?? [];
  const extra = (state: number): ColumnInfo => ({
    id: 9,
    name: { O: 'extra', L: 'extra' },
    offset: columns.length,
    state,
    type: { Tp: 3, Flag: 0, Flen: 11, Decimal: 0, Charset: 'binary', Collate: 'binary' },
    default: '5',
    origin_default: '5',
  });
  const tableWith = (state: number): TableInfo => ({ ...intPk, cols: [...columns, extra(state)] });
  const row = { id: 1, name: 'a', age: 1 };

  it.each([
    ['write-only', 2, true],
    ['write-reorganisation', 3, true],
    ['delete-reorganisation', 4, true],
    ['delete-only', 1, false],
  ])('in the state %s', async (_, state, isWritten) => {
    const buffer = new MutationBuffer();
    buffer.insert(tableWith(state), { ...row, extra: 7 });
    buffer.update(tableWith(state), { ...row, extra: 7 }, { ...row, age: 2, extra: 8 });
    buffer.delete(tableWith(state), { ...row, age: 2, extra: 8 });
    const schemas = new SchemaHistory();
    schemas.add({ commitTs: 0n, schema: 'test', tableId: intPk.id, table: tableWith(state) });
    const become: Record<string, FinishedJob> = {
      1: { type: 5, state: 6, schema_name: 'test', table_id: intPk.id, query: '', binlog: { TableInfo: tableWith(5) } },
      2: { type: 6, state: 6, schema_name: 'test', table_id: intPk.id, query: '', binlog: { TableInfo: intPk } },
    };
    // The same rows while the column is not public, when it is, and when it is gone: two versions are in use at a time.
    const holds = [
      committed(10n, buffer),
      ddl(15n, 1n, 'add'),
      committed(20n, buffer),
      ddl(25n, 2n, 'drop'),
      committed(30n, buffer),
    ];
    const events = await readAll(holds, schemas, become);
    const rows = events.flatMap((event) => (event.type === 'dml' ? [event.changes] : []));
    const shown = rows.map((changes) =>
      changes.map((change) => (change.type === 'delete' ? change.before : change.after)),
    );
    const without = [row, { ...row, age: 2 }, { ...row, age: 2 }];
    const values = isWritten ? [7, 8, 8] : [null, null, null];
    expect(shown).toEqual([without, without.map((each, index) => ({ ...each, extra: values[index] })), without]);
  });
});

describe('what jobs change', () => {
  const job = (type: number, changes: Partial<FinishedJob>): FinishedJob => ({
    type,
    state: 6,
    schema_name: 'a',
    table_id: 1,
    query: '',
    binlog: null,
    ...changes,
  });
  const table = (id: number, name: string): TableInfo => ({ ...intPk, id, name: { O: name, L: name } });
  const named = (schemas: SchemaHistory, id: bigint, ts: bigint) => {
    const at = schemas.at(id, ts);
    return at === undefined ? undefined : `${at.schema}.${at.table.name.O}`;
  };

  it('dropping a schema drops its tables, and no others', () => {
    const schemas = new SchemaHistory();
    schemas.addJob(job(3, { binlog: { TableInfo: table(1, 'x') } }), 10n);
    schemas.addJob(job(3, { schema_name: 'b', table_id: 2, binlog: { TableInfo: table(2, 'y') } }), 11n);
    schemas.addJob(job(2, { table_id: 0 }), 20n);
    expect([named(schemas, 1n, 15n), named(schemas, 1n, 20n), named(schemas, 2n, 20n)]).toEqual([
      'a.x',
      undefined,
      'b.y',
    ]);
    expect([schemas.isDropped(1n, 20n), schemas.isDropped(1n, 19n), schemas.isDropped(7n, 20n)]).toEqual([
      true,
      false,
      false,
    ]);
    schemas.forgetBefore(30n);
    expect(schemas.isDropped(1n, 30n)).toBe(true);
  });

  it('a recovered table is known again; a job that was rolled back changes nothing', () => {
    const schemas = new SchemaHistory();
    schemas.addJob(job(3, { binlog: { TableInfo: table(1, 'x') } }), 10n);
    schemas.addJob(job(4, { binlog: { TableInfo: table(1, 'x') } }), 20n);
    schemas.addJob(job(25, { binlog: { TableInfo: table(1, 'x') } }), 30n);
    schemas.addJob(job(5, { state: 3, binlog: { TableInfo: table(1, 'never') } }), 40n);
    expect([named(schemas, 1n, 25n), named(schemas, 1n, 45n)]).toEqual([undefined, 'a.x']);
  });

  it('several tables renamed at once, into schemas that only the statement names', () => {
    const schemas = new SchemaHistory();
    const renamed = [table(1, 'x2'), table(2, 'y.2'), table(3, 'z2')];
    schemas.add({ commitTs: 1n, schema: 'c', tableId: 3, table: table(3, 'z') });
    const query = 'rename table x to `b`.x2, a.y TO `we``ird` . `y.2`, z to z2';
    schemas.addJob(job(47, { query, binlog: { MultipleTableInfos: renamed } }), 10n);
    expect([1n, 2n, 3n].map((id) => named(schemas, id, 10n))).toEqual(['b.x2', 'we`ird.y.2', 'c.z2']);
  });
});
