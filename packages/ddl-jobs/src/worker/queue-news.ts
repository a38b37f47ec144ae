import { jobsIn } from '../job-news.js';
import type { MetaStorage } from '../meta/storage.js';
import { listIndexOf } from '../meta/structure.js';
import { encodeJob } from '../model/codec.js';
import type { Job, QueueName } from '../model/job.js';
import { type JobCache, queueHead, queueRange } from '../queue.js';

const mostExpected = 1_000;

/** Tells of what others write into the queues: jobs that are submitted or stopped, as far as they can be read. Only the owner removes jobs, and what it wrote itself is no news. */
export class QueueNews {
  readonly #storage: MetaStorage;
  readonly #signal: AbortSignal;
  readonly #cache: JobCache;
  readonly #tell: (jobs: readonly Job[]) => void;
  /** Jobs as this owner wrote them last, until the watch brings them back. */
  readonly #own = new Set<string>();

  constructor(storage: MetaStorage, signal: AbortSignal, cache: JobCache, tell: (jobs: readonly Job[]) => void) {
    this.#storage = storage;
    this.#signal = signal;
    this.#cache = cache;
    this.#tell = tell;
  }

  /** This owner wrote a job, which the watch is going to show. */
  expect(job: Job): void {
    if (this.#own.size >= mostExpected) {
      this.#own.clear();
    }
    this.#own.add(encodeJob(job));
  }

  /** Follows a queue until the signal. */
  async watch(queue: QueueName): Promise<void> {
    const head = queueHead(queue);
    for await (const changes of this.#storage.watch(queueRange(queue), { signal: this.#signal })) {
      const news = changes.filter(
        ({ key, value }) =>
          value !== undefined && !head.equals(key) && !this.#own.delete(Buffer.from(value).toString('utf8')),
      );
      if (changes.length === 0) {
        this.#cache.forgetPlaces();
      }
      for (const { key } of news) {
        this.#cache.noteTaken(queue, listIndexOf(key));
      }
      // The batch without changes says that the watch begins, or began anew.
      if (changes.length === 0 || news.length > 0) {
        this.#tell(jobsIn(news).queued);
      }
    }
  }
}
