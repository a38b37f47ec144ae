import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a measured process tells of itself. */
export interface BenchUsage {
  /** Microseconds of processor time, of all its threads. */
  readonly cpuMicros: number;
  readonly residentBytes: number;
  /** 0 for a process without a log. */
  readonly logBytes: number;
  /** The Pump's watermark, in decimals. */
  readonly watermark: string;
}

/** The first thing that a measured process says. */
export interface BenchReady {
  readonly port: number;
  /** Seconds from its first line to its readiness: for a Pump, that of its recovery. */
  readonly startSeconds: number;
}

/** A server under measurement, in a process of its own, so that what the load costs is not charged to it. */
export class BenchProcess implements AsyncDisposable {
  private constructor(
    readonly child: ChildProcess,
    readonly ready: BenchReady,
  ) {}

  /** Starts this very program again as `bench-server`. */
  static async start(kind: 'pump' | 'echo', dir: string): Promise<BenchProcess> {
    const program = process.argv[1];
    if (program === undefined) throw new Error('the program does not know its own path');
    const child = fork(program, ['bench-server', kind, dir]);
    const first = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    if (!first) throw new Error(`the measured ${kind} ended at its start`);
    return new BenchProcess(child, first[0] as BenchReady);
  }

  get address(): string {
    return `127.0.0.1:${this.ready.port}`;
  }

  async usage(): Promise<BenchUsage> {
    this.child.send('usage');
    const [usage] = (await once(this.child, 'message')) as [BenchUsage];
    return usage;
  }

  /** As a power cut would end it, but for the disk. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.disconnect();
    await once(this.child, 'exit');
  }
}
