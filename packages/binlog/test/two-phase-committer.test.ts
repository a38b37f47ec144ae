import { describe, expect, it } from 'vitest';
import { type BinlogWriter, type CommitStorage, PumpsClient, TwoPhaseCommitter } from '../src/index.js';
import { addSpecialComments } from '../src/two-phase-commit/special-comments.js';
import type { BinlogInit } from '../src/wire/index.js';
import { ScriptedPump } from './scripted-pump.js';

type Step = 'prewrite' | 'timestamp' | 'check' | 'commit' | 'rollback';

/** A storage that notes its calls, and fails where a test wants it to. */
class NotingStorage implements CommitStorage<readonly string[]> {
  readonly calls: Step[] = [];
  failing: Partial<Record<Step, unknown>> = {};
  beforePrewrite: () => Promise<void> = async () => undefined;

  async #step(step: Step): Promise<void> {
    this.calls.push(step);
    if (step in this.failing) throw this.failing[step];
  }
  async prewrite(): Promise<void> {
    await this.beforePrewrite();
    await this.#step('prewrite');
  }
  async timestamp(): Promise<bigint> {
    await this.#step('timestamp');
    return 20n;
  }
  check = () => this.#step('check');
  commit = () => this.#step('commit');
  rollback = () => this.#step('rollback');
}

async function withPump(
  run: (parts: {
    storage: NotingStorage;
    pump: ScriptedPump;
    committer: TwoPhaseCommitter<readonly string[]>;
  }) => Promise<void>,
  writeTimeoutMs = 20_000,
): Promise<void> {
  const pump = await ScriptedPump.start();
  const client = PumpsClient.local({ address: pump.address, clusterId: 1n, writeTimeoutMs, retryIntervalMs: 5 });
  const storage = new NotingStorage();
  const committer = new TwoPhaseCommitter({ storage, binlog: client });
  try {
    await run({ storage, pump, committer });
  } finally {
    await committer.close();
    await client.close();
    pump.stop();
  }
}

const primary = Buffer.from('primary');
const transaction = { startTs: 10n, primary, mutations: ['a'], prewriteValue: Buffer.from('rows') };

describe('two-phase commit with a binlog', () => {
  it('asks for commit_ts when data and Prewrite are durable, and sends the Commit without the rows', () =>
    withPump(async ({ storage, pump, committer }) => {
      let prewrites = -1;
      storage.timestamp = async () => {
        prewrites = pump.binlogs.length;
        return 20n;
      };
      expect(await committer.execute(transaction)).toBe(20n);
      expect(prewrites).toBe(1);
      await committer.close();
      expect(storage.calls).toEqual(['prewrite', 'check', 'commit']);
      expect(pump.binlogs).toMatchObject([
        { type: 0, startTs: 10n, prewriteKey: primary, prewriteValue: Buffer.from('rows') },
        { type: 1, startTs: 10n, commitTs: 20n, prewriteKey: primary, prewriteValue: undefined },
      ]);
    }));

  it('takes a commit_ts that the prewrite answered only where there is no binlog', () =>
    withPump(async ({ storage, committer }) => {
      const prewriting = Object.assign(storage, { prewrite: async () => 15n });
      const plain = { startTs: 10n, primary, mutations: ['a'] };
      expect(await committer.execute(plain)).toBe(15n);
      expect(await committer.execute(transaction)).toBe(20n);
      await using off = new TwoPhaseCommitter({ storage: prewriting });
      expect(await off.execute(transaction)).toBe(15n);
      expect(storage.calls).toEqual(['check', 'commit', 'timestamp', 'check', 'commit', 'check', 'commit']);
    }));

  it('data and Prewrite are under way at the same time', () =>
    withPump(async ({ storage, pump, committer }) => {
      // Each waits for the other to have begun: one after the other would never end.
      let dataBegan: () => void = () => undefined;
      const data = new Promise<void>((resolve) => {
        dataBegan = resolve;
      });
      let binlogBegan: () => void = () => undefined;
      const binlog = new Promise<void>((resolve) => {
        binlogBegan = resolve;
      });
      storage.beforePrewrite = async () => {
        dataBegan();
        await binlog;
      };
      pump.refuse = async () => {
        binlogBegan();
        await data;
        return undefined;
      };
      expect(await committer.execute(transaction)).toBe(20n);
    }));

  it.each<[Step, number[]]>([
    ['prewrite', [0, 2]],
    ['timestamp', [0, 2]],
    ['check', [0, 2]],
    ['commit', [0, 2]],
  ])('a failing %s rolls back, and sends a Rollback', (step, types) =>
    withPump(async ({ storage, pump, committer }) => {
      storage.failing = { [step]: new Error('no') };
      await expect(committer.execute(transaction)).rejects.toMatchObject({
        code: 'COMMIT_FAILED',
        outcomeUnknown: false,
      });
      await committer.close();
      expect(storage.calls.at(-1)).toBe('rollback');
      expect(pump.types).toEqual(types);
      expect(pump.binlogs.at(-1)?.commitTs).toBe(0n);
    }),
  );

  it('an unknown outcome of the commit sends nothing: only the storage can tell', () =>
    withPump(async ({ storage, pump, committer }) => {
      storage.failing = { commit: Object.assign(new Error('connection lost'), { outcomeUnknown: true }) };
      await expect(committer.execute(transaction)).rejects.toMatchObject({ outcomeUnknown: true });
      await committer.close();
      expect(storage.calls).not.toContain('rollback');
      expect(pump.types).toEqual([0]);
    }));

  it('a Prewrite that no pump takes fails the transaction before it has a commit_ts', () =>
    withPump(async ({ storage, pump, committer }) => {
      pump.refuse = ({ type }) => (type === 0 ? { code: 2, message: 'fake error' } : undefined);
      await expect(committer.execute(transaction)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
      expect(storage.calls).toEqual(['prewrite', 'rollback']);
    }, 200));

  it('a Prewrite whose outcome is unknown is followed by a Rollback where it may be', () =>
    withPump(async ({ storage, pump, committer }) => {
      let release: () => void = () => undefined;
      pump.refuse = () =>
        new Promise((resolve) => {
          release = () => resolve(undefined);
        });
      await expect(committer.execute(transaction)).rejects.toMatchObject({ outcomeUnknown: true });
      pump.refuse = () => undefined;
      release();
      await committer.close();
      expect(storage.calls.at(-1)).toBe('rollback');
      expect(pump.types).toContain(2);
      expect(pump.types).not.toContain(1);
    }, 2_000));

  it('a storage that throws at once is as one that fails', () =>
    withPump(async ({ storage, pump, committer }) => {
      storage.prewrite = () => {
        throw new Error('no');
      };
      await expect(committer.execute(transaction)).rejects.toMatchObject({ code: 'COMMIT_FAILED' });
      await committer.close();
      expect(pump.types).toEqual([0, 2]);
    }));

  it('an abort before it begins leaves nothing behind', () =>
    withPump(async ({ storage, pump, committer }) => {
      const call = { signal: AbortSignal.abort() };
      await expect(committer.execute(transaction, call)).rejects.toMatchObject({ code: 'ABORTED' });
      expect([storage.calls, pump.types]).toEqual([[], []]);
    }));

  it('an abort while the Prewrite is on its way rolls back', () =>
    withPump(async ({ storage, pump, committer }) => {
      const abort = new AbortController();
      pump.refuse = async () => {
        abort.abort();
        return undefined;
      };
      await expect(committer.execute(transaction, abort)).rejects.toMatchObject({ code: 'ABORTED' });
      await committer.close();
      expect(storage.calls).toEqual(['prewrite', 'rollback']);
      expect(pump.types).toEqual([0, 2]);
    }));

  it('an abort while the storage commits leaves the outcome to the storage', () =>
    withPump(async ({ storage, pump, committer }) => {
      const abort = new AbortController();
      storage.commit = async () => {
        abort.abort();
        throw new Error('given up');
      };
      await expect(committer.execute(transaction, abort)).rejects.toMatchObject({ outcomeUnknown: true });
      await committer.close();
      expect(storage.calls).not.toContain('rollback');
      expect(pump.types).toEqual([0]);
    }));

  it('closing waits for the outcomes on their way', () =>
    withPump(async ({ pump, committer }) => {
      let release: () => void = () => undefined;
      const held = new Promise<undefined>((resolve) => {
        release = () => resolve(undefined);
      });
      pump.refuse = ({ type }) => (type === 0 ? undefined : held);
      await committer.execute(transaction);
      const closing = committer.close();
      expect(committer.finishing).toBe(1);
      release();
      await closing;
      expect([pump.types, committer.lostOutcomes]).toEqual([[0, 1], 0]);
    }));

  it('closing can be cut short: what is on its way then counts as lost', () =>
    withPump(async ({ pump, committer }) => {
      pump.refuse = ({ type }) => (type === 0 ? undefined : new Promise(() => undefined));
      await committer.execute(transaction);
      await committer.close({ signal: AbortSignal.timeout(20) });
      expect([committer.finishing, committer.lostOutcomes]).toEqual([0, 1]);
    }));

  it('a transaction without changes leaves no binlog', () =>
    withPump(async ({ pump, committer }) => {
      expect(await committer.execute({ startTs: 1n, primary, mutations: [] })).toBe(20n);
      await committer.close();
      expect(pump.binlogs).toEqual([]);
    }));

  it('a schema change goes the same way, with special comments, in Prewrite and Commit', () =>
    withPump(async ({ pump, committer }) => {
      const query = 'create table t1 (id int ) shard_row_id_bits=2;';
      const { prewriteValue: _, ...rest } = transaction;
      await committer.execute({ ...rest, ddl: { jobId: 77n, query, schemaState: 5 } });
      await committer.close();
      const ddl = { ddlJobId: 77n, ddlSchemaState: 5 };
      expect(pump.binlogs).toMatchObject([
        { type: 0, ...ddl },
        { type: 1, ...ddl },
      ]);
      expect(String(pump.binlogs[1]?.ddlQuery)).toBe('create table t1 (id int ) /*!90000 shard_row_id_bits=2 */ ;');
    }));

  it('outcomes that do not fit the queue are counted and logged, never silent', async () => {
    const logged: object[] = [];
    const note = (fields: object) => void logged.push(fields);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const binlog: BinlogWriter = {
      write: async (entry: BinlogInit) => {
        if (entry.type !== 0) await held;
        return 'written';
      },
    };
    const logger = { debug: note, info: note, warn: note, error: note };
    const committer = new TwoPhaseCommitter({ storage: new NotingStorage(), binlog, maxFinishing: 1, logger });
    await committer.execute(transaction);
    await committer.execute({ ...transaction, startTs: 11n });
    expect([committer.finishing, committer.lostOutcomes]).toEqual([1, 1]);
    expect(logged).toMatchObject([{ startTs: 11n, type: 1 }]);
    release();
    await committer.close();
    await expect(committer.execute(transaction)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('special comments', () => {
  it.each([
    ['create table t1 (id int ) shard_row_id_bits=2;', 'create table t1 (id int ) /*!90000 shard_row_id_bits=2 */ ;'],
    [
      'create table t (a bigint primary key AUTO_RANDOM(5))',
      'create table t (a bigint primary key /*T![auto_rand] AUTO_RANDOM(5) */ )',
    ],
    [
      'create table t (a int primary key clustered)',
      'create table t (a int primary key /*T![clustered_index] clustered */ )',
    ],
    [
      'create table t1 (id int) shard_row_id_bits=2 pre_split_regions=2;',
      'create table t1 (id int) /*!90000 shard_row_id_bits=2 pre_split_regions=2 */ ;',
    ],
    ['alter table t auto_id_cache 100', 'alter table t /*T![auto_id_cache] auto_id_cache 100 */ '],
    [
      "create table t (a int comment 'clustered') -- clustered",
      "create table t (a int comment 'clustered') -- clustered",
    ],
    ['create table `clustered` (auto_random_col int)', 'create table `clustered` (auto_random_col int)'],
  ])('%s', (query, commented) => {
    expect(addSpecialComments(query)).toBe(commented);
    expect(addSpecialComments(commented)).toBe(commented);
  });
});
