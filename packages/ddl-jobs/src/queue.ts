import { DdlError } from './errors.js';
import type { MetaAccess } from './meta/meta-buffer.js';
import type { MetaRange } from './meta/storage.js';
import {
  decodeListHead,
  encodeListHead,
  type ListBounds,
  listHeadKey,
  listIndexOf,
  listItemKey,
  listRange,
  stringKey,
} from './meta/structure.js';
import { decodeJob, encodeJob } from './model/codec.js';
import type { Job, QueueName } from './model/job.js';

const lists: Readonly<Record<QueueName, string>> = { general: 'DDLJobList', reorg: 'DDLJobAddIdxList' };
const text = new TextDecoder();

/** A job where it lies in its queue. */
export interface QueuedJob {
  readonly queue: QueueName;
  readonly index: bigint;
  readonly job: Job;
}

/** Bytes in a queue that are no job. */
export interface MalformedItem {
  readonly queue: QueueName;
  readonly index: bigint;
  readonly bytes: Uint8Array;
  readonly error: DdlError;
}

/** The range of a queue, for a watch. */
export function queueRange(queue: QueueName): MetaRange {
  return listRange(lists[queue]);
}

/** The key that says where a queue begins and ends. */
export function queueHead(queue: QueueName): Uint8Array {
  return listHeadKey(lists[queue]);
}

/** Jobs decoded before, by their bytes: a worker reads its queues for every round, and most of what is in them has not changed. */
export class JobCache {
  #recent = new Map<string, Job>();
  #older = new Map<string, Job>();

  decode(bytes: Uint8Array): Job {
    const source = text.decode(bytes);
    const job = this.#recent.get(source) ?? this.#older.get(source) ?? decodeJob(source);
    this.#recent.set(source, job);
    return job;
  }

  /** Forgets what has not been asked for since the last call. */
  turnOver(): void {
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}

/**
 * One of TiDB's two job lists, within a transaction. A job enters on the right. TiDB takes jobs off the left alone; here jobs that do not touch
 * each other run side by side, so one may end in the middle: those before it move up by one, and the list stays without gaps, as TiDB reads it.
 */
export class JobQueue {
  readonly name: QueueName;
  readonly #access: MetaAccess;
  #bounds: ListBounds;
  #items: (QueuedJob | MalformedItem)[];

  private constructor(access: MetaAccess, name: QueueName, bounds: ListBounds, items: (QueuedJob | MalformedItem)[]) {
    this.#access = access;
    this.name = name;
    this.#bounds = bounds;
    this.#items = items;
  }

  /** Reads a queue whole: its head and its items lie next to one another. */
  static async read(access: MetaAccess, name: QueueName, cache?: JobCache): Promise<JobQueue> {
    const list = lists[name];
    const headKey = listHeadKey(list);
    const pairs = await access.scan(listRange(list));
    const head = pairs.find((pair) => Buffer.compare(pair.key, headKey) === 0);
    const bounds = decodeListHead(head?.value);
    if (bounds === undefined) {
      throw new DdlError('MALFORMED', `the head of ${list} must be 16 bytes, not ${head?.value.length}`);
    }
    const items = pairs
      .filter((pair) => pair !== head)
      .map((pair) => itemOf(name, listIndexOf(pair.key), pair.value, cache))
      .filter((item) => item.index >= bounds.first && item.index < bounds.end);
    return new JobQueue(access, name, bounds, items);
  }

  /** Appends jobs to a queue that was not read: for that its head is enough. */
  static async append(access: MetaAccess, name: QueueName, jobs: readonly Job[]): Promise<void> {
    const list = lists[name];
    const bounds = decodeListHead(await access.get(listHeadKey(list)));
    if (bounds === undefined) {
      throw new DdlError('MALFORMED', `the head of ${list} must be 16 bytes`);
    }
    let end = bounds.end;
    for (const job of jobs) {
      access.set(listItemKey(list, end), Buffer.from(encodeJob(job), 'utf8'));
      end += 1n;
    }
    access.set(listHeadKey(list), encodeListHead({ first: bounds.first, end }));
  }

  /** The jobs in their order. */
  get jobs(): readonly QueuedJob[] {
    return this.#items.filter((item) => 'job' in item);
  }

  get malformed(): readonly MalformedItem[] {
    return this.#items.filter((item) => 'bytes' in item);
  }

  find(jobId: number): QueuedJob | undefined {
    return this.jobs.find((item) => item.job.id === jobId);
  }

  /** Writes a job back to its place. */
  replace(job: Job): void {
    const at = this.#items.findIndex((item) => 'job' in item && item.job.id === job.id);
    const item = this.#items[at];
    if (item === undefined) {
      throw new DdlError('JOB_NOT_FOUND', `DDL Job:${job.id} not found`);
    }
    this.#items[at] = { queue: this.name, index: item.index, job };
    this.#access.set(listItemKey(lists[this.name], item.index), Buffer.from(encodeJob(job), 'utf8'));
  }

  /** Takes the item at an index out. */
  remove(index: bigint): void {
    const list = lists[this.name];
    const at = this.#items.findIndex((item) => item.index === index);
    if (at < 0) {
      return;
    }
    const first = this.#items[0]?.index ?? index;
    for (let before = at; before > 0; before--) {
      const item = this.#items[before - 1];
      if (item !== undefined) {
        this.#items[before] = { ...item, index: item.index + 1n };
        const bytes = 'job' in item ? Buffer.from(encodeJob(item.job), 'utf8') : item.bytes;
        this.#access.set(listItemKey(list, item.index + 1n), bytes);
      }
    }
    this.#items.shift();
    this.#access.delete(listItemKey(list, first));
    this.#bounds = { first: first + 1n, end: this.#bounds.end };
    if (this.#bounds.first === this.#bounds.end) {
      this.#access.delete(listHeadKey(list));
    } else {
      this.#access.set(listHeadKey(list), encodeListHead(this.#bounds));
    }
  }

  /** Moves bytes that are no job aside, where they can be looked at, so that the queue goes on. */
  quarantine(item: MalformedItem, startTs: bigint): void {
    this.#access.set(stringKey(`DDLJobMalformed:${lists[this.name]}:${startTs}:${item.index}`), item.bytes);
    this.remove(item.index);
  }
}

function itemOf(queue: QueueName, index: bigint, bytes: Uint8Array, cache?: JobCache): QueuedJob | MalformedItem {
  try {
    return { queue, index, job: cache === undefined ? decodeJob(text.decode(bytes)) : cache.decode(bytes) };
  } catch (error) {
    return { queue, index, bytes, error: DdlError.from(error) };
  }
}
