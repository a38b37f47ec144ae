import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { EtcdError } from '../client/errors.js';

/** What a member is started with. */
export interface MemberSetup {
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly endpoint: string;
  readonly logFile: string;
  /** Resolves to true when the member answers. */
  readonly answers: (signal: AbortSignal) => Promise<boolean>;
  readonly onPids: () => Promise<void>;
}

/** One etcd process, and what can happen to it. */
export class LocalMember {
  /** `host:port` for clients. */
  readonly endpoint: string;
  readonly name: string;
  /** Where etcd writes its log. */
  readonly logFile: string;
  readonly #setup: MemberSetup;
  #child: ChildProcess | undefined;

  /** Made by `LocalEtcd.start`. */
  constructor(setup: MemberSetup) {
    this.#setup = setup;
    this.name = setup.name;
    this.endpoint = setup.endpoint;
    this.logFile = setup.logFile;
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    return this.#running()?.pid;
  }

  /** Starts the process, without waiting until it answers. Does nothing when it runs. */
  async launch(): Promise<void> {
    if (this.#running() !== undefined) return;
    const log = openSync(this.logFile, 'a');
    try {
      this.#child = spawn(this.#setup.binary, this.#setup.args, { stdio: ['ignore', log, log], detached: true });
    } finally {
      closeSync(log);
    }
    const spawned = once(this.#child, 'spawn');
    try {
      await spawned;
    } catch (error) {
      throw new EtcdError('ETCD_NOT_FOUND', `${this.#setup.binary} could not be started`, { cause: error });
    }
    this.#child.unref();
    await this.#setup.onPids();
  }

  /**
   * Waits until the member answers a linearizable read, so that a member of three waits for its quorum.
   *
   * @throws EtcdError `UNAVAILABLE` with the end of its log, when it ended or took longer than `timeoutMs`; `ABORTED`.
   */
  async ready(timeoutMs = 30_000, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (performance.now() < until) {
      if (signal?.aborted) {
        throw new EtcdError('ABORTED', `etcd member ${this.name}: aborted while it came up`, { cause: signal.reason });
      }
      if (this.#running() === undefined) break;
      if (await this.#setup.answers(AbortSignal.timeout(timeoutMs))) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const why = this.#running() === undefined ? 'has ended' : `did not answer in ${timeoutMs} ms`;
    throw new EtcdError('UNAVAILABLE', `etcd member ${this.name} ${why}; the end of its log:\n${await this.logTail()}`);
  }

  /** SIGKILL: a crash. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: an orderly stop. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end('SIGTERM');
  }

  /** SIGSTOP: it holds its connections and says nothing. */
  pause(): void {
    this.#running()?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#running()?.kill('SIGCONT');
  }

  /** Stops it if it runs, starts it again on the same data and port, and waits until it answers. */
  async restart(): Promise<void> {
    await this.stop();
    await this.launch();
    await this.ready();
  }

  /** The last lines of its log. */
  async logTail(bytes = 4_000): Promise<string> {
    await using file = await open(this.logFile, 'r');
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(bytes, size));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString();
  }

  #running(): ChildProcess | undefined {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null ? child : undefined;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.ref();
    child.kill(signal);
    // An orderly stop of a member without a quorum may take for ever.
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exit;
    clearTimeout(impatience);
    await this.#setup.onPids();
  }
}
