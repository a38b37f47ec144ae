import { setTimeout as delay } from 'node:timers/promises';
import { DdlError } from '../errors.js';
import { physicalTableIds } from '../model/table-info.js';
import type { ReorgBackend, ReorgBatch, ReorgRange, ReorgSpeed, ReorgTask } from './backend.js';
import type { ReorgElement } from './checkpoint.js';

/** Parts a range is cut into for each lane: a new owner does at most one part of each lane again. */
const partsPerLane = 8;
/** Tries of one batch before its failure counts as one of the job's. */
const batchAttempts = 5;
const batchPauseMs = 20;

export interface BackfillSetting {
  readonly task: ReorgTask;
  readonly backend: ReorgBackend;
  /** Read before each batch, so that a change takes effect at once. */
  readonly speed: () => ReorgSpeed;
  readonly signal: AbortSignal;
  /** Where a former owner came to. */
  readonly from: ReorgRange | undefined;
  /** Called after each batch, with what is certainly done: everything before `range.start`. */
  readonly onProgress: (batch: ReorgBatch, done: ReorgRange) => Promise<void>;
}

/** What a task's checkpoints are filed under. */
export function elementOf(task: Omit<ReorgTask, 'jobId'>): ReorgElement {
  const [index] = task.indexes;
  const column = task.column?.to ?? task.check?.from;
  return column !== undefined || index === undefined
    ? { kind: 'column', id: column?.id ?? 0 }
    : { kind: 'index', id: index.id };
}

/**
 * Backfills a table, batch by batch, several ranges at a time, partition by partition. Resolves when every row is done.
 *
 * @throws DdlError with `endsJob` when the rows do not allow the change; any other error when a batch failed several times; ABORTED by the signal.
 */
export async function backfill(setting: BackfillSetting): Promise<void> {
  const { task, backend, from, signal } = setting;
  const pace = new Pace(setting);
  const ids = physicalTableIds(task.table);
  // Partitions before the one of the checkpoint are done.
  const first = from === undefined ? 0 : Math.max(0, ids.indexOf(from.physicalId));
  for (const physicalId of ids.slice(first)) {
    const range = from?.physicalId === physicalId ? from : await backend.range(task, physicalId, { signal });
    if (range !== undefined && Buffer.compare(range.start, range.end) < 0) {
      await backfillRange(setting, range, pace);
    }
  }
}

async function backfillRange(setting: BackfillSetting, range: ReorgRange, pace: Pace): Promise<void> {
  const { task, backend, speed } = setting;
  const lanes = Math.max(1, speed().concurrency);
  // One lane that fails stops the others.
  const failed = new AbortController();
  const signal = AbortSignal.any([setting.signal, failed.signal]);
  const parts = await backend.split(task, range, lanes * partsPerLane, { signal });
  const marks = parts.map((part) => part.start);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < parts.length; at = next++) {
      for (let part = parts[at]; part !== undefined; ) {
        const { batchSize } = speed();
        const batch = await attempt(setting, part, batchSize, signal);
        part = batch.next === undefined ? undefined : { ...part, start: batch.next };
        marks[at] = part?.start ?? range.end;
        await setting.onProgress(batch, { ...range, start: lowest(marks, parts, range.end) });
        await pace.wait(batch.rows, signal);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(lanes, parts.length) }, lane));
  } catch (error) {
    failed.abort();
    throw error;
  }
}

/** Where the first part that is not done stands: parts are in order and without gaps. */
function lowest(marks: readonly Uint8Array[], parts: readonly ReorgRange[], end: Uint8Array): Uint8Array {
  const at = marks.findIndex((mark, place) => {
    const partEnd = parts[place]?.end ?? end;
    return Buffer.compare(mark, partEnd) < 0;
  });
  return marks[at] ?? end;
}

async function attempt(setting: BackfillSetting, part: ReorgRange, batchSize: number, signal: AbortSignal) {
  for (let tries = 1; ; tries++) {
    if (signal.aborted) {
      throw new DdlError('ABORTED', 'the backfill was stopped', { cause: signal.reason });
    }
    try {
      return await setting.backend.backfill(setting.task, part, { batchSize, signal });
    } catch (error) {
      const failure = DdlError.from(error);
      if (failure.endsJob || signal.aborted || tries >= batchAttempts) {
        throw failure;
      }
    }
    await delay(batchPauseMs * 2 ** tries, undefined, { signal }).catch(() => {});
  }
}

/** Keeps all lanes together below so many rows a second. */
class Pace {
  readonly #speed: () => ReorgSpeed;
  #freeAt = 0;

  constructor(setting: BackfillSetting) {
    this.#speed = setting.speed;
  }

  async wait(rows: number, signal: AbortSignal): Promise<void> {
    const { rowsPerSecond } = this.#speed();
    if (rowsPerSecond === undefined) {
      return;
    }
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (rows * 1000) / rowsPerSecond;
    await delay(this.#freeAt - now, undefined, { signal }).catch(() => {});
  }
}
