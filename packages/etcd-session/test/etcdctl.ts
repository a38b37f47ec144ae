import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.js';

/** A running etcdctl, and what it has printed. */
export class Etcdctl implements AsyncDisposable {
  static readonly found = isOnPath('etcdctl');
  readonly #child: ChildProcess;
  output = '';

  constructor(endpoints: readonly string[], args: readonly string[]) {
    const env = { ...process.env, ETCDCTL_API: '3' };
    this.#child = spawn('etcdctl', [`--endpoints=${endpoints.join(',')}`, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const add = (bytes: Buffer) => {
      this.output += bytes.toString();
    };
    this.#child.stdout?.on('data', add);
    this.#child.stderr?.on('data', add);
  }

  async printed(text: string): Promise<void> {
    await eventually(() => this.output.includes(text), `etcdctl prints ${text}; so far: ${this.output}`);
  }

  /** SIGINT, upon which etcdctl gives up what it holds. */
  async interrupt(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

export function isOnPath(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
