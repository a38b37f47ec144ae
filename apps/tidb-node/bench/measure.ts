/** What a number of callers, each with one call after the other, got through. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Runs `callers` for some seconds; the first tenth of the calls of each is left out. */
export async function measure(
  callers: readonly (() => Promise<unknown>)[],
  seconds: number,
  countOf = 1,
): Promise<Measured> {
  const times: number[] = [];
  const warm = performance.now() + seconds * 100;
  const until = warm + seconds * 1_000;
  await Promise.all(
    callers.map(async (call) => {
      for (let began = performance.now(); began < until; ) {
        await call();
        const ended = performance.now();
        if (began >= warm) times.push(ended - began);
        began = ended;
      }
    }),
  );
  times.sort((a, b) => a - b);
  return {
    perSecond: (times.length * countOf) / seconds,
    p50: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
  };
}

/** A line of the report; `aim` says what was hoped for. */
export function report(name: string, { perSecond, p50, p99 }: Measured, aim = ''): void {
  const rate = Math.round(perSecond).toLocaleString('en').padStart(9);
  console.log(`${name.padEnd(52)} ${rate} /s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${aim}`.trimEnd());
}
