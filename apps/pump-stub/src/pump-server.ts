import type { AdminTarget } from './admin.js';
import { fakeBinlog } from './binlog/assemble.js';
import { scanBinlog } from './binlog/scan.js';
import { describeBinlog } from './describe-binlog.js';
import { diskSpaceOf } from './disk-space.js';
import { PumpError } from './errors.js';
import { Periodic } from './periodic.js';
import type { PumpOptions, PumpState, PumpStatus } from './pump-options.js';
import { openParts, type PumpParts } from './pump-parts.js';
import { resolveOptions } from './resolved-options.js';

const spaceIntervalMs = 3_000;
const gcIntervalMs = 60 * 60 * 1000;
const drainerCheckIntervalMs = 10 * 60 * 1000;
const settleIntervalMs = 250;
const shownUndecided = 100;
const outcomeMs = 10_000;

/**
 * A running Pump: it listens, is registered, and holds its data directory.
 *
 * ```ts
 * await using pump = await PumpServer.start({ pdUrls: ['127.0.0.1:2379'], dataDir: 'data.pump', address: '127.0.0.1:8250' });
 * ```
 */
export class PumpServer implements AsyncDisposable {
  readonly nodeId: string;
  readonly clusterId: bigint;
  /** `host:port` of the listener. */
  readonly address: string;
  readonly #parts: PumpParts;
  #work: Periodic[] = [];
  #closing: Promise<void> | undefined;

  private constructor(parts: PumpParts) {
    this.#parts = parts;
    this.nodeId = parts.lifecycle.nodeId;
    this.clusterId = parts.cluster.id;
    this.address = parts.address;
  }

  /**
   * Opens the data directory, listens, and registers as `online`.
   *
   * @throws PumpError `INVALID_OPTION`, `DATA_DIR_LOCKED`, `DATA_DIR_INVALID`, `REGISTRY_FAILED`, `NOTIFY_FAILED`.
   */
  static async start(options: PumpOptions): Promise<PumpServer> {
    const resolved = resolveOptions(options);
    const opened: (() => Promise<void>)[] = [];
    try {
      const parts = await openParts(resolved, opened);
      const pump = new PumpServer(parts);
      parts.admin.target = pump.#adminTarget();
      await parts.lifecycle.goOnline(resolved.signal);
      pump.#begin();
      return pump;
    } catch (error) {
      for (const close of opened.reverse()) await close().catch(() => {});
      throw error;
    }
  }

  get state(): PumpState {
    return this.#parts.lifecycle.state;
  }

  /** Settles when the Pump has ended; rejects when it ended by a fault. */
  get done(): Promise<void> {
    return this.#parts.lifecycle.done;
  }

  status(): PumpStatus {
    const { store, jobCheck, space } = this.#parts;
    const own = store.status();
    return {
      nodeId: this.nodeId,
      clusterId: this.clusterId,
      address: this.address,
      state: this.state,
      maxCommitTs: own.watermark,
      gcTs: own.gcTs,
      undecided: own.undecided,
      oldestUndecided: own.oldestUndecided,
      logBytes: own.logBytes,
      availableBytes: space.now.available,
      illegalDdlBinlogs: jobCheck?.illegalCount ?? 0,
    };
  }

  /** As SIGTERM: no more Prewrites, state `paused`, pulls end, all is on disk. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close('paused');
    return this.#closing;
  }

  /**
   * As `PUT /state/<id>/close`: waits until every transaction is decided and every drainer has everything, then ends with state
   * `offline`. When the signal is aborted the Pump goes on, and refuses Prewrites.
   */
  async offline(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#parts.lifecycle.drain(options.signal);
    this.#closing ??= this.#close('offline');
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(): void {
    const { options, lifecycle, settler, intake, cluster, store, garbage, space, metrics } = this.#parts;
    const every = (name: string, ms: number, work: (signal: AbortSignal) => Promise<void>): void => {
      this.#work.push(new Periodic(name, ms, work, options.logger));
    };
    every('heartbeat', options.heartbeatIntervalMs, async (signal) => {
      if (store.broken) this.#fault(store.broken);
      else await lifecycle.heartbeat(signal);
    });
    every('disk space', spaceIntervalMs, async () => {
      space.now = await diskSpaceOf(options.dataDir);
      garbage.triggerBySize();
    });
    let callsBefore = intake.calls;
    every('fake binlog', options.fakeBinlogIntervalMs, async (signal) => {
      const isIdle = intake.calls === callsBefore;
      callsBefore = intake.calls;
      if (!isIdle) return;
      const ts = await cluster.timestamps.next({ signal });
      if (ts > store.watermark) await intake.store(fakeBinlog(ts));
    });
    every('garbage collection', gcIntervalMs, async () => {
      garbage.trigger();
    });
    every('drainer check', drainerCheckIntervalMs, async () => {
      for (const { nodeId, state, maxCommitTs } of await cluster.registry.drainers()) {
        if (state === 'offline' || maxCommitTs >= store.gcTs) continue;
        metrics.countOvertakenDrainer(nodeId);
        options.logger.error(
          { drainer: nodeId, maxCommitTs: String(maxCommitTs), gcTs: String(store.gcTs) },
          'a drainer has not read what garbage collection has taken',
        );
      }
    });
    const { metricsAddress } = options;
    if (metricsAddress !== undefined) {
      every('pushing metrics', options.metricsIntervalMs, (signal) =>
        metrics.push(metricsAddress, this.nodeId, signal),
      );
    }
    every('settling', settleIntervalMs, (signal) => settler.settle(signal));
  }

  #fault(error: PumpError): void {
    this.#parts.options.logger.error({ code: error.code, error: error.message }, 'the Pump ends by a fault');
    this.#closing ??= this.#close('paused', error);
    this.#closing.catch(() => {});
  }

  async #close(state: 'paused' | 'offline', fault?: PumpError): Promise<void> {
    const { lifecycle, listener, door, store, cluster, jobCheck, garbage } = this.#parts;
    lifecycle.beginClose();
    await Promise.all(this.#work.map((work) => (fault ? undefined : work.stop())));
    await lifecycle.leave(state);
    listener.stop();
    await door.close();
    listener.close();
    await jobCheck?.close();
    await garbage.idle();
    await store.close();
    if (fault) await Promise.all(this.#work.map((work) => work.stop()));
    await cluster.close();
    lifecycle.ended(fault);
  }

  #adminTarget(): AdminTarget {
    const { cluster, garbage, jobCheck, options } = this.#parts;
    return {
      nodeId: this.nodeId,
      status: () => this.status(),
      undecided: () => this.#undecided(),
      describe: (ts) => this.#describe(ts),
      endOf: (startTs) => this.#parts.store.endOf(startTs),
      illegalDdlBinlogs: () => jobCheck?.illegal ?? [],
      pumps: () => cluster.registry.pumps(),
      drainers: () => cluster.registry.drainers(),
      changeState: (action) => {
        if (this.state !== 'online') {
          throw new PumpError('NOT_ONLINE', `the pump is ${this.state}, only an online pump can ${action}`);
        }
        const ending = action === 'pause' ? this.close() : this.offline();
        ending.catch((error: unknown) => options.logger.error({ action, error: String(error) }, 'cannot end as asked'));
      },
      collect: () => garbage.trigger(),
    };
  }

  #undecided(): { startTs: bigint; waitingMs: number; why: string }[] {
    const { store, settler } = this.#parts;
    const shown: { startTs: bigint; waitingMs: number; why: string }[] = [];
    for (const { startTs, sinceMs } of store.undecided()) {
      if (shown.length === shownUndecided) break;
      shown.push({ startTs, waitingMs: performance.now() - sinceMs, why: settler.reasonOf(startTs) });
    }
    return shown;
  }

  async #describe(ts: bigint): Promise<string | undefined> {
    const { store, options } = this.#parts;
    const payload = await store.find(ts);
    if (!payload) return undefined;
    const described = describeBinlog(payload);
    const answer = {
      binlog: described,
      ...(options.outcomes && described.type === 'Prewrite' && { outcome: await this.#outcomeOf(payload) }),
    };
    return `${JSON.stringify(answer, undefined, 2)}\n`;
  }

  async #outcomeOf(payload: Buffer): Promise<string> {
    const { startTs, prewriteKey, ddlJobId } = scanBinlog(payload);
    const transaction = { primaryKey: prewriteKey ?? Buffer.alloc(0), startTs, ddlJobId };
    try {
      const outcome = await this.#parts.options.outcomes?.outcome(transaction, {
        signal: AbortSignal.timeout(outcomeMs),
      });
      return outcome?.kind === 'committed' ? `committed at ${outcome.commitTs}` : String(outcome?.kind);
    } catch (error) {
      return `unknown: ${error instanceof Error ? error.message : error}`;
    }
  }
}
