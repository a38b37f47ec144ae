import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isOnPath } from './etcdctl.js';

/** The command lines of {@link GoPeer}, or why there are none. */
export type GoProgram =
  | { readonly path: string; readonly missing?: undefined; remove(): Promise<void> }
  | { readonly path?: undefined; readonly missing: string; readonly remove?: undefined };

/** Builds the Go peer into a folder of its own. Only a machine without Go, or without Go's modules, goes without; source that does not build is an error. */
export async function buildGoPeer(): Promise<GoProgram> {
  if (!isOnPath('go')) return { missing: 'go is not on the PATH' };
  const go = (args: readonly string[]) =>
    promisify(execFile)('go', args, {
      cwd: fileURLToPath(new URL('go-peer', import.meta.url)),
      env: { ...process.env, GOWORK: 'off' },
    });
  try {
    await go(['mod', 'download']);
  } catch (error) {
    return { missing: `the modules of the Go peer cannot be had: ${error}` };
  }
  const folder = await mkdtemp(join(tmpdir(), 'go-peer-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'go-peer');
  try {
    await go(['build', '-buildvcs=false', '-o', path, '.']);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove };
}

/** A key as the Go peer sees it. Leases are in hex, revisions in decimal. */
export interface GoKeyValue {
  readonly key: string;
  readonly value: string;
  readonly lease: string;
  readonly createRevision: string;
  readonly modRevision: string;
}

/** What a won election or an acquired lock stands on. */
export interface GoPlace {
  readonly key: string;
  readonly revision: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  onEvent(event: GoKeyValue): void;
}

/** A process of Go's `clientv3/concurrency`, with as many sessions as one likes; the commands are those of go-peer/main.go. */
export class GoPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #stderr = '';

  constructor(path: string, endpoints: readonly string[]) {
    this.#child = spawn(path, ['-endpoints', endpoints.join(',')], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString();
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the Go peer ended: ${this.#stderr}`));
    });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
  }

  /** Opens a session; resolves with its lease in hex. */
  open(session: string, ttl = 60): Promise<string> {
    return this.#call({ op: 'open', session, ttl });
  }

  close(session: string): Promise<true> {
    return this.#call({ op: 'close', session });
  }

  campaign(session: string, prefix: string, value: string, signal?: AbortSignal): Promise<GoPlace> {
    return this.#call({ op: 'campaign', session, prefix, value }, { signal });
  }

  proclaim(session: string, prefix: string, value: string): Promise<true> {
    return this.#call({ op: 'proclaim', session, prefix, value });
  }

  resign(session: string, prefix: string): Promise<true> {
    return this.#call({ op: 'resign', session, prefix });
  }

  leader(session: string, prefix: string): Promise<GoKeyValue> {
    return this.#call({ op: 'leader', session, prefix });
  }

  observe(session: string, prefix: string, onEvent: (seen: GoKeyValue) => void, signal: AbortSignal): Promise<true> {
    return this.#call({ op: 'observe', session, prefix }, { signal, onEvent });
  }

  lock(session: string, prefix: string, signal?: AbortSignal): Promise<GoPlace> {
    return this.#call({ op: 'lock', session, prefix }, { signal });
  }

  tryLock(session: string, prefix: string): Promise<GoPlace> {
    return this.#call({ op: 'tryLock', session, prefix });
  }

  unlock(session: string, prefix: string): Promise<true> {
    return this.#call({ op: 'unlock', session, prefix });
  }

  /** Adds one to the number under `key` so many times, each time under the lock that `prefix` names, and by nothing else made safe. */
  count(session: string, prefix: string, key: string, rounds: number): Promise<true> {
    return this.#call({ op: 'count', session, prefix, key, rounds });
  }

  /** Puts of 256 bytes a second, by so many callers. */
  puts(prefix: string, callers: number, duration: number): Promise<number> {
    return this.#call({ op: 'puts', prefix, callers, duration });
  }

  /** Locks a second, of two sessions that take one lock in turn. */
  contend(prefix: string, duration: number): Promise<number> {
    return this.#call({ op: 'contend', prefix, duration });
  }

  /** SIGKILL: its sessions live on until their leases expire. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  /** An aborted signal cancels the Go context of the command, whose answer is then awaited all the same. */
  #call<T>(
    command: object,
    {
      signal,
      onEvent = () => undefined,
    }: { signal?: AbortSignal | undefined; onEvent?: (event: GoKeyValue) => void } = {},
  ): Promise<T> {
    const id = ++this.#lastId;
    const answered = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject, onEvent });
    });
    // One that is awaited late, or was running when a test ended, is no stray rejection.
    answered.catch(() => undefined);
    this.#write({ id, ...command });
    const cancel = () => this.#write({ id: ++this.#lastId, op: 'cancel', target: id });
    signal?.addEventListener('abort', cancel, { once: true });
    return answered;
  }

  #write(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  #onLine(line: string): void {
    const { id, error, event, result } = JSON.parse(line);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (event !== undefined) {
      waiting.onEvent(event);
      return;
    }
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error));
  }
}
