import { Deadline } from './deadline.js';
import { SyncerError } from './syncer-error.js';
import { Wakeup } from './wakeup.js';

/** Something that holds a version which rises. */
export interface VersionSource {
  /** The newest version; `undefined` while none is known. */
  current(): bigint | undefined;
  /** Calls `changed` whenever {@link current} may be another; returns how to stop that. */
  subscribe(changed: () => void): () => void;
}

/** The version of `source` now, and then whenever it rises, until `signal` or `closed` fires; then it returns. */
export async function* risingVersions(
  source: VersionSource,
  signal: AbortSignal | undefined,
  closed: AbortSignal,
): AsyncGenerator<bigint, void> {
  const deadline = new Deadline('Following the global version', signal ? { signal } : {}, closed);
  const wakeup = new Wakeup();
  const unsubscribe = source.subscribe(() => wakeup.notify());
  wakeup.notify();
  let last: bigint | undefined;
  try {
    for (;;) {
      await wakeup.wait(deadline);
      const version = source.current();
      if (version === undefined || (last !== undefined && version <= last)) continue;
      last = version;
      yield version;
    }
  } catch (error) {
    if (!deadline.over) throw SyncerError.from(error, 'Following the global version');
  } finally {
    unsubscribe();
    deadline.end();
  }
}
