import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { httpGet } from '../http-get.js';
import { PlaygroundError } from './errors.js';

/** What part of the cluster a process is. */
export type ComponentKind = 'db' | 'pump';

export type ComponentState = 'starting' | 'up' | 'stopping' | 'stopped' | 'exited';

/** How to start one process of the playground. */
export interface ComponentSpec {
  readonly name: string;
  readonly kind: ComponentKind;
  /** What a client connects to. */
  readonly address: string;
  /** Where it tells of itself over HTTP; a 200 there means that it is up. */
  readonly statusUrl: string;
  /** Arguments of `node`. */
  readonly args: readonly string[];
  readonly logFile: string;
}

/** How long a process may take to answer, and to end, in milliseconds. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const KILL_LIMIT_MS = 5_000;

/** One process of the playground: its log goes to its own file. */
export class Component {
  readonly spec: ComponentSpec;
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  readonly #exited: Promise<void>;
  #state: ComponentState = 'starting';
  #exit = '';

  private constructor(spec: ComponentSpec) {
    this.spec = spec;
    this.#log = createWriteStream(spec.logFile, { flags: 'a' });
    this.#child = spawn(process.execPath, [...spec.args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.pipe(this.#log, { end: false });
    this.#child.stderr?.pipe(this.#log, { end: false });
    this.#exited = once(this.#child, 'close').then(([code, signal]: unknown[]) => {
      this.#exit = signal === null ? `exit code ${String(code)}` : String(signal);
      this.#state = this.#state === 'stopping' ? 'stopped' : 'exited';
      this.#log.end();
    });
  }

  /** Starts the process and waits until it answers. Fails with the end of its log when it ends before that. */
  static async start(spec: ComponentSpec, signal: AbortSignal): Promise<Component> {
    const component = new Component(spec);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)]);
    try {
      await component.#answers(limit);
    } catch (error) {
      await component.stop();
      throw error;
    }
    component.#state = 'up';
    return component;
  }

  async #answers(limit: AbortSignal): Promise<void> {
    // The process says nothing when its port opens, so it is asked, at growing intervals.
    for (let pause = 25; ; pause = Math.min(pause * 1.5, 500)) {
      const answer = await httpGet(this.spec.statusUrl, AbortSignal.timeout(2_000)).catch(() => undefined);
      if (answer?.status === 200) return;
      if (this.#state === 'exited') {
        throw new PlaygroundError(
          `${this.spec.name} ended with ${this.#exit} before it was up; its log is ${this.spec.logFile}`,
        );
      }
      if (limit.aborted) {
        throw new PlaygroundError(
          `${this.spec.name} does not answer at ${this.spec.statusUrl}; its log is ${this.spec.logFile}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get state(): ComponentState {
    return this.#state;
  }

  /** How the process ended, or empty. */
  get exit(): string {
    return this.#exit;
  }

  /** Resolves when the process has ended, however it did. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Asks the process to end, then insists. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state === 'exited' || this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#child.kill('SIGTERM');
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, STOP_LIMIT_MS + KILL_LIMIT_MS).unref());
    await Promise.race([this.#exited, giveUp]);
    clearTimeout(insist);
  }
}
