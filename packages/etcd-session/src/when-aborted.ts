import { setMaxListeners } from 'node:events';

/** Listens for the end of a caller's signal. Any number of calls may share one, where Node would take the eleventh for a leak and warn. */
export function whenAborted(signal: AbortSignal | undefined, listener: (() => void) | { handleEvent(): void }): void {
  if (signal === undefined) return;
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
}
