import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds, long enough for a slow machine. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`never so: ${what}`);
    await pause(10);
  }
}
