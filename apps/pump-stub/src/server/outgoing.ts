import type { ServerWritableStream } from '@grpc/grpc-js';
import { statusOf } from './status-of.js';

/** Told of a pull, which a closing door lets end. */
export type TrackPull = (pull: Promise<void>) => void;

/** Aborted when the caller goes away or the Pump stops. */
export function endOnCancel(
  call: { on(event: 'cancelled', listener: () => void): unknown },
  stopped: AbortSignal,
): AbortSignal {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort());
  return AbortSignal.any([cancelled.signal, stopped]);
}

/**
 * Answers a call with a stream of encoded messages. A caller that reads more slowly than we send makes the source wait. It ends
 * with OK when the Pump stops, with a status when the source fails.
 */
export function answerWithStream<Request>(
  call: ServerWritableStream<Request, Buffer>,
  { stopped, track }: { readonly stopped: AbortSignal; readonly track: TrackPull },
  messages: (signal: AbortSignal) => AsyncIterable<readonly Buffer[]>,
): void {
  const signal = endOnCancel(call, stopped);
  const answered = sendAll(call, messages(signal), signal).then(
    () => {
      call.end();
    },
    (error: unknown) => {
      call.emit('error', statusOf(error));
    },
  );
  track(answered);
}

async function sendAll<Request>(
  call: ServerWritableStream<Request, Buffer>,
  messages: AsyncIterable<readonly Buffer[]>,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of messages) {
    for (const message of piece) {
      if (!call.write(message)) await drained(call, signal);
      if (signal.aborted) return;
    }
  }
}

function drained(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
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
