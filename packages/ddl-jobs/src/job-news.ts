import { historyIdOf, historyRange } from './meta/meta.js';
import type { MetaChange, MetaRange } from './meta/storage.js';
import { isListHead } from './meta/structure.js';
import { decodeJob } from './model/codec.js';
import type { Job } from './model/job.js';
import { queueNames, queueRange } from './queue.js';

const queues = queueNames.map(queueRange);

/** What changes of the metadata say of jobs. */
export interface JobNews {
  /** Jobs that were queued, or moved. */
  readonly queued: readonly Job[];
  /** Ids of jobs that are in the history now. */
  readonly ended: readonly number[];
}

/** Reads jobs out of changes that a watch brought. What cannot be read as a job is left out: the worker deals with it. */
export function jobsIn(changes: readonly MetaChange[]): JobNews {
  const queued: Job[] = [];
  const ended: number[] = [];
  for (const { key, value } of changes) {
    if (value === undefined) {
      continue;
    }
    if (lies(key, historyRange)) {
      ended.push(...historyIdOf(key));
    } else if (!isListHead(value) && queues.some((queue) => lies(key, queue))) {
      queued.push(...jobOf(value));
    }
  }
  return { queued, ended };
}

function lies(key: Uint8Array, { start, end }: MetaRange): boolean {
  return Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0;
}

function jobOf(value: Uint8Array): readonly Job[] {
  try {
    return [decodeJob(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))];
  } catch {
    return [];
  }
}
