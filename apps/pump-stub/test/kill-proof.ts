import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PumpCaller } from './pump-fixture.js';
import type { Answer, Question, Ready } from './pump-process.js';
import { commit, prewrite, rollback } from './transactions.js';

const script = fileURLToPath(new URL('./pump-process.ts', import.meta.url));
const everyNthRollsBack = 7n;
const longestReprieveMs = 50;

export interface KillProofOptions {
  readonly pdUrl: string;
  readonly dataDir: string;
  readonly writers: number;
  /** Whether it is time to kill, after so many commits and milliseconds with this process. */
  readonly isKillDue: (commits: number, ms: number) => boolean;
  readonly kills: number;
}

export interface KillProof {
  readonly committed: number;
  readonly rolledBack: number;
  /** Commits whose binlog was not acknowledged before the kill, so that the Pump had to ask for them. */
  readonly unacknowledged: number;
  readonly pulled: number;
  /** What was found wrong; empty when the proof holds. */
  readonly faults: readonly string[];
}

/**
 * Writes transactions, kills the Pump with -9 again and again, and reads all the while. As TiDB does, a writer asks for its
 * commit_ts when its Prewrite is acknowledged, commits in the storage, and then sends the Commit once, whatever becomes of it.
 */
export async function proveByKills(options: KillProofOptions): Promise<KillProof> {
  const storage = new Storage();
  const reader = new Reader();
  let unacknowledged = 0;
  for (let round = 0; round <= options.kills; round++) {
    const isLast = round === options.kills;
    const pump = await PumpUnderFire.spawn(options, storage);
    const reading = reader.read(pump.caller, () => isLast && reader.position >= storage.lastCommit);
    if (!isLast) {
      const begun = performance.now();
      let commits = 0;
      let isDoomed = false;
      const write = async (): Promise<void> => {
        while (!pump.isKilled) {
          const startTs = storage.begin();
          if ((await pump.caller.write(prewrite(startTs))) !== 'ok') {
            storage.rollBack(startTs);
            return;
          }
          if (startTs % everyNthRollsBack === 0n) {
            storage.rollBack(startTs);
            await pump.caller.write(rollback(startTs));
            continue;
          }
          const commitTs = storage.commit(startTs);
          if ((await pump.caller.write(commit(startTs, commitTs))) !== 'ok') unacknowledged++;
          commits++;
          // Writers whose binlogs shared a group are answered at one moment; a little later, what they sent next is cut off.
          if (!isDoomed && options.isKillDue(commits, performance.now() - begun)) {
            isDoomed = true;
            setTimeout(() => pump.kill(), Math.random() * longestReprieveMs);
          }
        }
      };
      await Promise.all(Array.from({ length: options.writers }, write));
    }
    await reading;
    await pump.end();
  }
  return {
    committed: storage.committed.size,
    rolledBack: storage.rolledBack.size,
    unacknowledged,
    pulled: reader.pulled.length,
    faults: [...reader.faults, ...compare(reader.pulled, storage)],
  };
}

/** Every committed one exactly once, in order, and none that was rolled back. */
export function compare(pulled: readonly bigint[], storage: Storage): string[] {
  const expected = [...storage.committed.values()].sort((a, b) => (a < b ? -1 : 1));
  const seen = new Set(pulled);
  const known = new Set(expected);
  return [
    ...expected.filter((ts) => !seen.has(ts)).map((ts) => `the commit ${ts} is missing`),
    ...pulled.filter((ts) => !known.has(ts)).map((ts) => `${ts} was pulled but never committed`),
  ];
}

/** What a TiKV would know: how each transaction ended. Its timestamps are its own, above what `floor` gives. */
export class Storage {
  readonly committed = new Map<bigint, bigint>();
  readonly rolledBack = new Set<bigint>();
  lastCommit = 0n;
  #last = 0n;

  constructor(readonly floor: () => bigint = () => 100n) {}

  begin(): bigint {
    return this.#next();
  }

  commit(startTs: bigint): bigint {
    this.lastCommit = this.#next();
    this.committed.set(startTs, this.lastCommit);
    return this.lastCommit;
  }

  rollBack(startTs: bigint): void {
    this.rolledBack.add(startTs);
  }

  answer({ startTs }: Question): Answer {
    const commitTs = this.committed.get(BigInt(startTs));
    if (commitTs !== undefined) return { startTs, kind: 'committed', commitTs: String(commitTs) };
    return { startTs, kind: this.rolledBack.has(BigInt(startTs)) ? 'rolled-back' : 'pending' };
  }

  #next(): bigint {
    const floor = this.floor();
    this.#last = (this.#last < floor ? floor : this.#last) + 1n;
    return this.#last;
  }
}

/** Reads on where it stood, whatever becomes of the Pump. What comes at or below a watermark it was told is a fault. */
class Reader {
  readonly pulled: bigint[] = [];
  readonly faults: string[] = [];
  position = 0n;

  async read(caller: PumpCaller, isEnough: () => boolean): Promise<void> {
    if (isEnough()) return;
    const stream = caller.openPullBatches(this.position, 0);
    try {
      for await (const { binlogs, watermark } of stream) {
        for (const { commitTs } of binlogs) {
          if (commitTs <= this.position) this.faults.push(`${commitTs} came after the watermark ${this.position}`);
          this.position = commitTs;
          this.pulled.push(commitTs);
        }
        if (watermark > this.position) this.position = watermark;
        if (isEnough()) return;
      }
    } catch {
      // The Pump was killed: the next one is asked from the same position on.
    } finally {
      stream.on('error', () => {});
      stream.cancel();
    }
  }
}

/** A Pump in a process of its own. */
export class PumpUnderFire {
  isKilled = false;

  private constructor(
    readonly child: ChildProcess,
    readonly caller: PumpCaller,
  ) {}

  static async spawn(
    {
      pdUrl,
      dataDir,
      more = [],
    }: { readonly pdUrl: string; readonly dataDir: string; readonly more?: readonly string[] },
    storage: Storage,
  ): Promise<PumpUnderFire> {
    const child = spawn(process.execPath, ['--import', 'tsx', script, pdUrl, dataDir, ...more], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ready = await new Promise<Ready>((resolve, reject) => {
      child.on('message', (message: Ready | Question) => {
        if ('address' in message) resolve(message);
        // The answer to a Pump that was killed meanwhile cannot be delivered.
        else child.send(storage.answer(message), () => {});
      });
      child.once('exit', () => reject(new Error('the Pump ended at its start')));
    });
    return new PumpUnderFire(child, new PumpCaller(ready.address, BigInt(ready.clusterId)));
  }

  kill(): void {
    this.isKilled = true;
    this.child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.kill();
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    this.caller.client.close();
  }
}
