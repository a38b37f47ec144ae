import { channel } from 'node:diagnostics_channel';
import type { BehindNode } from '@tidb-js/syncer';
import type { JobState } from './model/job-state.js';
import type { SchemaState } from './model/schema-state.js';

/** What a worker did with a job. */
export type DdlEvent =
  | {
      /** Steps of these jobs are about to be committed, in one transaction. */
      readonly kind: 'commit';
      readonly jobIds: readonly number[];
    }
  | {
      /** A step was committed. */
      readonly kind: 'step';
      readonly jobId: number;
      readonly type: number;
      readonly state: JobState;
      readonly schemaState: SchemaState;
      /** The version it made, if it made one. */
      readonly version: bigint | undefined;
    }
  | {
      /** The wait for all servers is about to begin: the global version has yet to be raised. */
      readonly kind: 'barrier-begin';
      readonly jobIds: readonly number[];
      readonly version: bigint;
    }
  | {
      /** All servers have the version. */
      readonly kind: 'barrier';
      readonly jobIds: readonly number[];
      readonly version: bigint;
      readonly elapsedMs: number;
    }
  | {
      /** The barrier's time ran out; what happens next is said by `onBarrierTimeout`. */
      readonly kind: 'barrier-timeout';
      readonly jobIds: readonly number[];
      readonly version: bigint;
      readonly behind: readonly BehindNode[];
    }
  | {
      /** A batch of a backfill is done. */
      readonly kind: 'rows';
      readonly jobId: number;
      readonly rows: number;
    }
  | {
      /** A step failed and will be tried again, or ends the job. */
      readonly kind: 'error';
      readonly jobId: number | undefined;
      readonly error: Error;
    }
  | {
      /** The job is in the history. */
      readonly kind: 'end';
      readonly jobId: number;
      readonly type: number;
      readonly state: JobState;
    }
  | {
      /** Bytes in a queue that are no job: moved aside. */
      readonly kind: 'malformed';
      readonly queue: string;
      readonly index: bigint;
      readonly error: Error;
    };

/** Name of the `node:diagnostics_channel` on which every {@link DdlEvent} of every worker of the process is published. */
export const ddlChannelName = 'tidb-js:ddl-jobs';
const events = channel(ddlChannelName);
const maxBuffered = 1024;

/** A worker's events, to any number of listeners. A listener that is slow loses the oldest ones, the worker never waits. */
export class DdlEvents {
  readonly #listeners = new Set<(event: DdlEvent) => void>();

  /** Tells everybody. */
  publish(event: DdlEvent): void {
    events.publish(event);
    for (const listener of this.#listeners) {
      listener(event);
    }
  }

  /** The events from this call on, until the signal. */
  subscribe(signal: AbortSignal): AsyncIterable<DdlEvent> {
    const waiting: DdlEvent[] = [];
    let wake = (): void => {};
    const listener = (event: DdlEvent): void => {
      if (waiting.length >= maxBuffered) {
        waiting.shift();
      }
      waiting.push(event);
      wake();
    };
    const listeners = this.#listeners;
    const onAbort = (): void => {
      listeners.delete(listener);
      wake();
    };
    if (!signal.aborted) {
      listeners.add(listener);
      signal.addEventListener('abort', onAbort, { once: true });
    }
    return (async function* () {
      try {
        while (!signal.aborted) {
          const event = waiting.shift();
          if (event !== undefined) {
            yield event;
            continue;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        listeners.delete(listener);
        signal.removeEventListener('abort', onAbort);
      }
    })();
  }
}
