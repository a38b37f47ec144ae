import { pino } from 'pino';
import { expect, test } from 'vitest';
import { fakeBinlog } from '../src/binlog/assemble.js';
import { scanBinlog } from '../src/binlog/scan.js';
import { BinlogStore } from '../src/store/binlog-store.js';
import { temporaryFolder } from './pump-fixture.js';
import { commit, prewrite, rollback } from './transactions.js';

interface Line {
  readonly level: string;
  readonly startTs?: string;
  readonly msg: string;
}

/** A store, what it logs of transactions, and how many outcomes it calls late. */
interface LoggedStore extends AsyncDisposable {
  readonly store: BinlogStore;
  readonly lines: Line[];
  late: number;
}

async function openStore(path: string): Promise<LoggedStore> {
  const lines: Line[] = [];
  const write = (text: string): void => {
    const line = JSON.parse(text) as Line;
    if (line.startTs !== undefined) lines.push(line);
  };
  const formatters = { level: (level: string) => ({ level }) };
  const store = await BinlogStore.open(path, {
    segmentBytes: 500 << 20,
    syncLog: true,
    maxPendingBytes: 64 << 20,
    maxQueuedIndexEntries: 1 << 20,
    index: {},
    logger: pino({ level: 'debug', base: null, timestamp: false, formatters }, { write }),
    onLate: () => {
      logged.late++;
    },
  });
  const logged: LoggedStore = { store, lines, late: 0, [Symbol.asyncDispose]: () => store.close() };
  return logged;
}

/** Writes one after the other, and waits until the index has all of it. */
async function write(store: BinlogStore, ...payloads: readonly Buffer[]): Promise<void> {
  for (const payload of payloads) await store.write([scanBinlog(payload)]);
  await expect.poll(() => store.status().queuedIndexEntries).toBe(0);
}

const upTo20 = [prewrite(1n), commit(1n, 10n), prewrite(15n), commit(15n, 20n)];

const cases: { what: string; late: Buffer[]; level: string | undefined; says: RegExp; counted: number }[] = [
  {
    what: 'a Commit that is sent again, since its answer was lost, alarms nobody',
    late: [commit(1n, 10n)],
    level: undefined,
    says: /./,
    counted: 0,
  },
  {
    what: 'a fake that the commits of its moment overtook alarms nobody',
    late: [fakeBinlog(12n).payload],
    level: undefined,
    says: /./,
    counted: 0,
  },
  {
    what: 'a Commit that is told to a Pump which might have had its Prewrite alarms nobody',
    late: [commit(4n, 5n)],
    level: 'debug',
    says: /whose Prewrite is not in this Pump/,
    counted: 0,
  },
  {
    what: 'a Prewrite that comes after the watermark has passed its end is told, as its writer has given it to another Pump',
    late: [prewrite(4n), commit(4n, 5n)],
    level: 'warn',
    says: /a Prewrite came after/,
    counted: 1,
  },
  {
    what: 'a Commit after a Rollback of the same transaction is an error',
    late: [prewrite(4n), rollback(4n), commit(4n, 5n)],
    level: 'error',
    says: /a Commit came after/,
    counted: 1,
  },
  {
    what: 'a second commit_ts of one transaction is an error',
    late: [commit(1n, 9n)],
    level: 'error',
    says: /a Commit came after/,
    counted: 1,
  },
];

for (const { what, late, level, says, counted } of cases) {
  test(what, async () => {
    await using folder = await temporaryFolder();
    await using logged = await openStore(folder.path);
    await write(logged.store, ...upTo20, ...late);
    if (level === undefined) {
      expect(logged.lines).toEqual([]);
    } else {
      await expect
        .poll(() => logged.lines)
        .toEqual([expect.objectContaining({ level, msg: expect.stringMatching(says) })]);
    }
    expect(logged.late).toBe(counted);
    expect(logged.store.watermark).toBe(20n);
  });
}

test('a Commit that is sent again after a restart is known by the index', async () => {
  await using folder = await temporaryFolder();
  {
    await using logged = await openStore(folder.path);
    await write(logged.store, ...upTo20);
  }
  await using logged = await openStore(folder.path);
  await write(logged.store, commit(1n, 10n));
  expect(logged.lines).toEqual([]);
  expect(logged.late).toBe(0);
});
