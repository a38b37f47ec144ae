import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where real peers are, if they have been built. */
export const peersFolder = process.env.TIDB_JS_PEERS ?? join(homedir(), '.cache/tidb-peers/bin');

/** Whether TiDB's own syncer of that generation has been built here. */
export function hasGoTidb(generation: string): boolean {
  return existsSync(join(peersFolder, `gotidb-${generation}`));
}

type Reply = Readonly<Record<string, unknown>>;

/** TiDB's own schema syncer as a process that is told what to do by lines of JSON. */
export class GoTidb {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #commands = 0;

  constructor(generation: string, endpoint: string) {
    this.#child = spawn(join(peersFolder, `gotidb-${generation}`), ['-endpoints', endpoint], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (this.#child.stdout === null) throw new Error('no stdout');
    createInterface(this.#child.stdout).on('line', (line) => {
      const reply: Reply = JSON.parse(line);
      if (typeof reply.op === 'string') this.#waiting.get(Number(reply.id))?.(reply);
    });
  }

  /** Sends a command; resolves with its reply, and rejects with the reply's error. */
  async call(op: string, fields: object = {}): Promise<Reply> {
    this.#commands += 1;
    const id = this.#commands;
    const replied = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin?.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    const reply = await replied;
    if (reply.ok !== true) throw new Error(`${op}: ${String(reply.error)}`);
    return reply;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
