import type { DdlEvent, DdlWorker } from '@tidb-js/ddl-jobs';
import type { SchemaSyncer } from '@tidb-js/syncer';
import type { BarrierView } from './source.js';

/** How long a look at who is behind may take. */
const LOOK_MS = 1_000;

/** A job whose last step made a version that not everybody is known to have. */
interface Waiting {
  readonly version: bigint;
  readonly sinceMs: number;
}

/** The barriers at which this node waits while it is the owner. Who is behind is asked only when somebody wants to see it. */
export class BarrierWatch implements AsyncDisposable {
  readonly #waiting = new Map<number, Waiting>();
  readonly #ending = new AbortController();
  readonly #listening: Promise<void>;

  constructor(
    worker: DdlWorker,
    private readonly syncer: SchemaSyncer,
    private readonly isOwner: () => boolean,
  ) {
    this.#listening = this.#listen(worker);
  }

  async #listen(worker: DdlWorker): Promise<void> {
    for await (const event of worker.events({ signal: this.#ending.signal })) this.#hear(event);
  }

  #hear(event: DdlEvent): void {
    if (event.kind === 'step' && event.version !== undefined) {
      this.#waiting.set(event.jobId, { version: event.version, sinceMs: Date.now() });
    } else if (event.kind === 'barrier') {
      for (const jobId of event.jobIds) this.#waiting.delete(jobId);
    } else if (event.kind === 'end') this.#waiting.delete(event.jobId);
  }

  /** The barriers of this moment with who is behind; none on a node that is not the owner. */
  async views({ signal }: { readonly signal: AbortSignal }): Promise<readonly BarrierView[]> {
    if (!this.isOwner()) this.#waiting.clear();
    return Promise.all([...this.#waiting].map(([jobId, waiting]) => this.#view(jobId, waiting, signal)));
  }

  async #view(jobId: number, { version, sinceMs }: Waiting, signal: AbortSignal): Promise<BarrierView> {
    const view = { version: version.toString(), jobId: String(jobId), sinceMs };
    try {
      const look = this.syncer.barrier({ version, jobId: BigInt(jobId) }, { signal, timeoutMs: LOOK_MS });
      for await (const { total, behind } of look) {
        return {
          ...view,
          total,
          behind: behind.map((node) => ({
            id: node.id,
            version: node.version?.toString(),
            ...(node.address === undefined ? {} : { address: node.address }),
          })),
        };
      }
    } catch {
      // etcd does not answer: the page says so by everything else.
    }
    return { ...view, total: undefined, behind: [] };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#listening;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
