import type { Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { Backoff, pause } from './backoff.js';
import { PumpConnection, type PumpConnectionOptions } from './connection.js';
import { readHealth } from './health.js';
import type { Holders } from './prewrite-holders.js';
import type { PumpStatus } from './pump-status.js';
import type { Candidate, PumpHealth } from './selector.js';

export interface PumpPoolOptions {
  readonly connection: PumpConnectionOptions;
  /** How long the connection to a pump that left the registry is kept: Commits for its Prewrites may be on their way. */
  readonly keepDepartedMs: number;
  /** Errors in a row after which a pump is left alone until it answers a probe. */
  readonly maxErrors: number;
  /** Longest pause between two probes of a pump that is left alone. */
  readonly checkIntervalMs: number;
  readonly probeTimeoutMs: number;
  /** Whether the pumps' disks are looked at. */
  readonly watchHealth: boolean;
  readonly logger: Logger | undefined;
}

const firstProbeMs = 500;
const healthIntervalMs = 10_000;
const unknownHealth: PumpHealth = { availableBytes: undefined, capacityBytes: undefined };

/** One pump: where it is, how it does, and the connection to it. */
export class Pump implements Candidate {
  status: PumpStatus;
  health = unknownHealth;
  /** Left alone after errors, until a probe succeeds. */
  suspended = false;
  /** No longer in the registry. */
  gone = false;
  /** What is remembered of a Prewrite that only this pump has. */
  readonly alone: Holders = { acknowledged: this, possible: [] };
  #errors = 0;
  #connection: PumpConnection | undefined;
  readonly #options: PumpPoolOptions;

  constructor(status: PumpStatus, options: PumpPoolOptions) {
    this.status = status;
    this.#options = options;
  }

  get usable(): boolean {
    return this.status.state === 'online' && !this.suspended && !this.gone;
  }

  get connection(): PumpConnection {
    this.#connection ??= new PumpConnection(this.status.host, this.#options.connection);
    return this.#connection;
  }

  moveTo(status: PumpStatus): void {
    if (status.host !== this.status.host) this.disconnect();
    this.status = status;
  }

  succeeded(): void {
    this.#errors = 0;
  }

  /** Counts an error; true when the pump is better left alone: it cannot be reached, or fails again and again. */
  failed(error: BinlogError): boolean {
    this.#errors++;
    return error.code === 'UNAVAILABLE' || this.#errors > this.#options.maxErrors;
  }

  disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

/** The pumps that a client can write to, kept in line with the registry, and probed while they are left alone. */
export class PumpPool {
  readonly #options: PumpPoolOptions;
  readonly #abort = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #pumps = new Map<string, Pump>();
  readonly #departed = new Set<Pump>();
  /** Made anew after each change. */
  #usable: readonly Pump[] | undefined;

  constructor(options: PumpPoolOptions) {
    this.#options = options;
    if (options.watchHealth) this.#run(this.#watchHealth());
  }

  /** Takes over what the registry says. */
  sync(statuses: ReadonlyMap<string, PumpStatus>): void {
    this.#usable = undefined;
    for (const [nodeId, status] of statuses) {
      const known = this.#pumps.get(nodeId);
      if (known === undefined) this.#pumps.set(nodeId, new Pump(status, this.#options));
      else known.moveTo(status);
    }
    for (const [nodeId, pump] of this.#pumps) {
      if (statuses.has(nodeId)) continue;
      pump.gone = true;
      this.#pumps.delete(nodeId);
      this.#departed.add(pump);
      this.#run(this.#forget(pump));
    }
  }

  get size(): number {
    return this.#pumps.size;
  }

  /** All that are registered. */
  all(): Pump[] {
    return [...this.#pumps.values()];
  }

  usable(): readonly Pump[] {
    this.#usable ??= this.all().filter((pump) => pump.usable);
    return this.#usable;
  }

  /** Those that the registry calls online, also while they are left alone. */
  online(): Pump[] {
    return this.all().filter(({ status }) => status.state === 'online');
  }

  /** Notes a failed write. */
  failed(pump: Pump, error: BinlogError): void {
    if (!pump.failed(error) || pump.suspended) return;
    pump.suspended = true;
    this.#usable = undefined;
    this.#options.logger?.warn(
      { err: error, nodeId: pump.status.nodeId },
      'a pump is left alone until it answers again',
    );
    this.#run(this.#probe(pump));
  }

  succeeded(pump: Pump): void {
    pump.succeeded();
    if (!pump.suspended) return;
    pump.suspended = false;
    this.#usable = undefined;
  }

  async close(): Promise<void> {
    this.#abort.abort(new BinlogError('CLOSED', 'the pump client was closed'));
    for (const pump of [...this.#pumps.values(), ...this.#departed]) pump.disconnect();
    await Promise.all(this.#tasks);
  }

  #run(task: Promise<void>): void {
    // Tasks end by the abort signal only; what it throws then says nothing.
    const settled = task.catch(() => undefined).finally(() => this.#tasks.delete(settled));
    this.#tasks.add(settled);
  }

  async #forget(pump: Pump): Promise<void> {
    await pause(this.#options.keepDepartedMs, this.#abort.signal);
    this.#departed.delete(pump);
    pump.disconnect();
  }

  async #probe(pump: Pump): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff(Math.min(firstProbeMs, this.#options.checkIntervalMs), this.#options.checkIntervalMs);
    while (pump.suspended && !pump.gone) {
      await pause(backoff.next(), signal);
      if (pump.status.state !== 'online') continue;
      const { connection } = pump;
      const { answers } = connection;
      try {
        await connection.probe(this.#options.probeTimeoutMs, signal);
        this.succeeded(pump);
        this.#options.logger?.info({ nodeId: pump.status.nodeId }, 'a pump answers again');
      } catch (error) {
        this.#options.logger?.debug({ err: error, nodeId: pump.status.nodeId }, 'a pump does not answer a probe');
        // A connection may look alive for long after its other end is gone: only a new one shows.
        if (!signal.aborted && connection.answers === answers) pump.disconnect();
      }
    }
  }

  async #watchHealth(): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      await Promise.all(
        this.online().map(async (pump) => {
          pump.health = await readHealth(pump.status.host, signal);
        }),
      );
      await pause(healthIntervalMs, signal);
    }
  }
}
