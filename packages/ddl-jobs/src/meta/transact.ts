import { setTimeout as delay } from 'node:timers/promises';
import type { Compare } from '@tidb-js/etcd-session';
import { DdlError } from '../errors.js';
import { MetaBuffer } from './meta-buffer.js';
import type { MetaStorage } from './storage.js';

/** Pauses between two tries, doubled each time, with chance in them so that those who collided do not collide again. */
const pauseMs = { first: 2, most: 200 };
const defaultAttempts = 60;

/**
 * Runs a transaction and commits it, and runs it anew when another was first. What it does may therefore run more than once, and must do nothing but
 * read and write through its buffer.
 *
 * @throws DdlError CONFLICT when others were first every time.
 */
export async function transact<T>(
  storage: MetaStorage,
  options: { readonly signal: AbortSignal; readonly fence?: readonly Compare[]; readonly attempts?: number },
  run: (buffer: MetaBuffer, startTs: bigint) => Promise<T>,
): Promise<T> {
  const { signal, fence, attempts = defaultAttempts } = options;
  for (let attempt = 1, pause = pauseMs.first; ; attempt++, pause = Math.min(pause * 2, pauseMs.most)) {
    const transaction = await storage.begin({ signal });
    try {
      const buffer = new MetaBuffer(transaction, signal);
      const result = await run(buffer, transaction.startTs);
      if (buffer.writes > 0) {
        buffer.flush();
        await transaction.commit({ signal, ...(fence !== undefined && { fence }) });
      }
      return result;
    } catch (error) {
      if (!DdlError.is(error) || error.code !== 'CONFLICT' || attempt >= attempts) {
        throw DdlError.from(error);
      }
    } finally {
      await transaction.rollback();
    }
    await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch((cause: unknown) => {
      throw DdlError.from(cause);
    });
  }
}
