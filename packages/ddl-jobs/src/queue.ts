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
/** Both queues, general jobs first. */
export const queueNames = ['general', 'reorg'] as const;
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
export function queueHead(queue: QueueName): Buffer {
  return listHeadKey(lists[queue]);
}

/** A queue is asked for at most so many places behind its end of before: jobs that came meanwhile are then read with its head. */
const mostAhead = 8;
/** More jobs than this are read by a scan. */
const mostSingle = 64;
/** More jobs than this no queue has: a head that says so is none. */
const mostJobs = 1_000_000n;

/** What is known of a queue from when it was read last. */
interface QueuePlaces {
  readonly bounds: ListBounds;
  /** How many jobs had come since the time before. */
  readonly growth: number;
  /** Places that jobs have left. */
  readonly empty: Set<bigint>;
}

/**
 * What was read before: jobs, decoded, by their bytes, since most of what is in a queue has not changed when it is read again; and where the queues
 * lay, so that a head and what it points to can be read together. The owner need not read again which places are empty: nobody
 * but itself moves a job to one, when it tidies up, and it is told of all that others write.
 */
export class JobCache {
  readonly #ofOwner: boolean;
  readonly #places = new Map<QueueName, QueuePlaces>();
  /** Places that others wrote to, until they are read. */
  readonly #told = new Map<QueueName, Set<bigint>>();
  #recent = new Map<string, Job>();
  #older = new Map<string, Job>();

  constructor({ ofOwner = false }: { readonly ofOwner?: boolean } = {}) {
    this.#ofOwner = ofOwner;
  }

  /** The places at which a queue's jobs are likely to be. */
  expected(queue: QueueName): readonly bigint[] {
    const known = this.#places.get(queue);
    if (known === undefined || known.bounds.end - known.bounds.first > mostSingle) {
      return [];
    }
    const { bounds, growth } = known;
    return this.taken(queue, { first: bounds.first, end: bounds.end + BigInt(Math.min(growth + 1, mostAhead)) });
  }

  /** The places of a queue but those that are known to be empty. */
  taken(queue: QueueName, bounds: ListBounds): readonly bigint[] {
    const empty = this.#places.get(queue)?.empty;
    return placesOf(bounds).filter((place) => empty?.has(place) !== true);
  }

  /** A queue lies here, and these places of it are taken. */
  lies(queue: QueueName, bounds: ListBounds, taken: readonly bigint[]): void {
    const before = this.#places.get(queue)?.bounds;
    const growth = before === undefined ? 0 : Math.max(0, Number(bounds.end - before.end));
    const remembers = this.#ofOwner && bounds.end - bounds.first <= mostSingle;
    const empty = new Set(remembers ? placesOf(bounds) : []);
    const told = this.#told.get(queue);
    for (const place of taken) {
      empty.delete(place);
      told?.delete(place);
    }
    // What was read may be older than the news.
    for (const place of told ?? []) {
      empty.delete(place);
    }
    this.#places.set(queue, { bounds, growth, empty });
  }

  /** Somebody wrote to this place, whether one does so or not. */
  noteTaken(queue: QueueName, place: bigint): void {
    this.#places.get(queue)?.empty.delete(place);
    this.#told.set(queue, (this.#told.get(queue) ?? new Set()).add(place));
  }

  /** Jobs are going to move, or may have moved unseen. */
  forgetPlaces(): void {
    this.#places.clear();
    this.#told.clear();
  }

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
 * One of TiDB's two job lists, within a transaction. A job enters on the right, which moves the head. TiDB takes jobs off the left alone, which moves it
 * too; here jobs that do not touch each other run side by side, so one may end in the middle, and it leaves an empty place. So whoever queues a job
 * and whoever ends one do not meet; the empty places go when there is time for it.
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

  /**
   * Reads a queue whole, place by place: in a storage that keeps old versions, a scan would step over all jobs that ever were. With a cache that knows
   * where it lay its head and its jobs are read together.
   */
  static async read(access: MetaAccess, name: QueueName, cache?: JobCache): Promise<JobQueue> {
    const list = lists[name];
    const [head] = await Promise.all([
      access.get(listHeadKey(list)),
      ...(cache?.expected(name) ?? []).map((place) => access.get(listItemKey(list, place))),
    ]);
    const bounds = decodeListHead(head);
    if (bounds === undefined || bounds.end < bounds.first || bounds.end - bounds.first > mostJobs) {
      const found = head?.length === 16 ? Buffer.from(head).toString('hex') : `${head?.length} bytes`;
      throw new DdlError(
        'MALFORMED',
        `the head of ${list} must be the index of its first job and the one after its last, 8 bytes each, not ${found}`,
      );
    }
    const pairs = await readItems(access, name, bounds, cache);
    cache?.lies(
      name,
      bounds,
      pairs.map(({ index }) => index),
    );
    const items = pairs.map(({ index, value }) => itemOf(name, index, value, cache));
    return new JobQueue(access, name, bounds, items);
  }

  /** Reads both queues, together. */
  static async readAll(access: MetaAccess, cache?: JobCache): Promise<readonly JobQueue[]> {
    return Promise.all(queueNames.map((name) => JobQueue.read(access, name, cache)));
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

  /** Takes the item at an index out, and leaves its place empty. */
  remove(index: bigint): void {
    const at = this.#items.findIndex((item) => item.index === index);
    if (at < 0) {
      return;
    }
    this.#items.splice(at, 1);
    this.#access.delete(listItemKey(lists[this.name], index));
  }

  /** How many places are empty. */
  get emptyPlaces(): number {
    return Number(this.#bounds.end - this.#bounds.first) - this.#items.length;
  }

  /** Moves the items together, to the right end, and leaves no place empty: as TiDB reads the list. */
  tidy(): void {
    if (this.emptyPlaces === 0) {
      return;
    }
    const list = lists[this.name];
    const { first, end } = this.#bounds;
    const start = end - BigInt(this.#items.length);
    const items = this.#items.map((item, at) => ({ ...item, index: start + BigInt(at) }));
    for (const [at, item] of items.entries()) {
      if (item.index !== this.#items[at]?.index) {
        const bytes = 'job' in item ? Buffer.from(encodeJob(item.job), 'utf8') : item.bytes;
        this.#access.set(listItemKey(list, item.index), bytes);
      }
    }
    for (const { index } of this.#items.filter((item) => item.index < start)) {
      this.#access.delete(listItemKey(list, index));
    }
    this.#items = items;
    this.#bounds = { first: start, end };
    if (start === end) {
      this.#access.delete(listHeadKey(list));
    } else if (start > first) {
      this.#access.set(listHeadKey(list), encodeListHead(this.#bounds));
    }
  }

  /** Moves bytes that are no job aside, where they can be looked at, so that the queue goes on. */
  quarantine(item: MalformedItem, startTs: bigint): void {
    this.#access.set(stringKey(`DDLJobMalformed:${lists[this.name]}:${startTs}:${item.index}`), item.bytes);
    this.remove(item.index);
  }
}

/** Indexes of a list's places. */
function placesOf({ first, end }: ListBounds): readonly bigint[] {
  return Array.from({ length: Number(end - first) }, (_, at) => first + BigInt(at));
}

async function readItems(access: MetaAccess, name: QueueName, bounds: ListBounds, cache: JobCache | undefined) {
  const list = lists[name];
  if (bounds.end - bounds.first > mostSingle) {
    const pairs = await access.scan({ start: listItemKey(list, bounds.first), end: listItemKey(list, bounds.end) });
    return pairs.map(({ key, value }) => ({ index: listIndexOf(key), value }));
  }
  const places = cache?.taken(name, bounds) ?? placesOf(bounds);
  const values = await Promise.all(places.map((index) => access.get(listItemKey(list, index))));
  return places.flatMap((index, at) => {
    const value = values[at];
    return value === undefined ? [] : [{ index, value }];
  });
}

function itemOf(queue: QueueName, index: bigint, bytes: Uint8Array, cache?: JobCache): QueuedJob | MalformedItem {
  try {
    return { queue, index, job: cache === undefined ? decodeJob(text.decode(bytes)) : cache.decode(bytes) };
  } catch (error) {
    return { queue, index, bytes, error: DdlError.from(error) };
  }
}
