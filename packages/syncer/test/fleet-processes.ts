import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SyncProtocol } from '../src/syncer-options.js';
import { eventually } from './local-fleet.js';

/** What a process told: when, what, who, and a version if there is one. */
export interface FleetEvent {
  readonly at: bigint;
  readonly what: string;
  readonly id: string;
  readonly version: bigint | undefined;
}

/** What a process of the fleet is started with. */
export interface FleetProcessOptions {
  readonly role: 'members' | 'owner';
  readonly protocol: SyncProtocol;
  readonly endpoint: string;
  readonly ttlSeconds: number;
  readonly ids: readonly string[];
}

/** A process of `fleet-process.ts`, and all that it has told. */
export class FleetProcess {
  readonly events: FleetEvent[] = [];
  readonly ids: readonly string[];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor({ role, protocol, endpoint, ttlSeconds, ids }: FleetProcessOptions) {
    this.ids = ids;
    const program = fileURLToPath(new URL('fleet-process.ts', import.meta.url));
    const args = ['--import', 'tsx', program, role, protocol, endpoint, String(ttlSeconds), ...ids];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no stdout');
    createInterface(this.#child.stdout).on('line', (line) => {
      const [at = '', what = '', id = '', version] = line.split(' ');
      this.events.push({
        at: BigInt(at),
        what,
        id,
        version: what === 'failed' || version === undefined ? undefined : BigInt(version),
      });
    });
    this.#closed = once(this.#child, 'close');
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when each of its ids has told `what`, counted from `from` on. */
  async told(what: string, from = 0): Promise<void> {
    await eventually(() => {
      const tail = this.events.slice(from);
      return this.ids.every((id) => tail.some((event) => event.what === what && event.id === id));
    }, `${this.ids.join()} told ${what}`);
  }

  /** The newest version that it has told `what` of. */
  last(what: string): bigint {
    return this.events.findLast((event) => event.what === what)?.version ?? -1n;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it for good, frozen or not. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.alive) {
      this.#child.kill('SIGCONT');
      this.#child.kill(signal);
    }
    await this.#closed;
  }
}
