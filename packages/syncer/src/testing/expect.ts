import assert from 'node:assert/strict';
import { SyncerError, type SyncerErrorCode } from '../syncer-error.js';

/** How long a case waits for what must come. Generous: only a failing case waits that long. */
export const patience = { timeoutMs: 20_000 };

/** How long a case watches for what must not come. */
export const glance = { timeoutMs: 200 };

/** The call must reject with this code. */
export async function rejects(code: SyncerErrorCode, call: () => Promise<unknown>): Promise<SyncerError> {
  let value: unknown;
  try {
    value = await call();
  } catch (error) {
    assert.ok(error instanceof SyncerError, `expected a SyncerError ${code}, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail(`expected ${code}, but the call resolved to ${String(value)}`);
}

/** The next value of an iterator, which must come. */
export async function next<T>(iterator: AsyncIterator<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: 'nothing came' })), patience.timeoutMs);
  });
  try {
    const { done, value } = await Promise.race([iterator.next(), late]);
    assert.ok(!done, 'the iteration has ended');
    return value;
  } finally {
    clearTimeout(timer);
  }
}
