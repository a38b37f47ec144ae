import type { Writable } from 'node:stream';

/** Aborted when the caller goes away or the Pump stops. */
export function endOnCancel(
  call: { on(event: 'cancelled', listener: () => void): unknown },
  stopped: AbortSignal,
): AbortSignal {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort());
  return AbortSignal.any([cancelled.signal, stopped]);
}

/** Sends one message. When the caller reads more slowly than we send, it returns what to wait for. */
export function sendPiece<T>(
  call: Pick<Writable, 'once' | 'off'> & { write(message: T): boolean },
  message: T,
  signal: AbortSignal,
): Promise<void> | undefined {
  if (call.write(message)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
