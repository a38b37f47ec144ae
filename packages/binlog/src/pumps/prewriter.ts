import { BinlogError } from '../errors.js';
import { pause } from './backoff.js';
import type { WriteSettings } from './client-options.js';
import type { PrewriteHolders } from './prewrite-holders.js';
import type { Pump, PumpPool } from './pump-pool.js';
import type { Selector } from './selector.js';

/** What ends a write: the caller's signal, and (`any`) the client's own end besides. A connection that closes fails its writes itself. */
export class Ends {
  #any: AbortSignal | undefined;

  constructor(
    readonly caller: AbortSignal | undefined,
    private readonly own: AbortSignal,
  ) {}

  /** Made for the writes that fail and wait: the others end without it. */
  get any(): AbortSignal {
    this.#any ??= this.caller === undefined ? this.own : AbortSignal.any([this.caller, this.own]);
    return this.#any;
  }
}

/** What a {@link Prewriter} works with. */
export interface PrewriterParts {
  readonly pool: PumpPool;
  readonly selector: Selector;
  readonly settings: WriteSettings;
  readonly holders: PrewriteHolders;
}

/** What became of the tries of one Prewrite. */
interface Failures {
  last: BinlogError | undefined;
  /** Pumps that may have stored it without an acknowledgement. */
  possible: Set<Pump> | undefined;
}

/** Writes Prewrites: to one pump after the other until the time is up, and then once to every pump that the registry calls online. */
export class Prewriter {
  readonly #parts: PrewriterParts;

  constructor(parts: PrewriterParts) {
    this.#parts = parts;
  }

  /**
   * Settles when a pump has it on its disk.
   *
   * @throws BinlogError `TOO_LARGE` at once; `NO_PUMP`, `WRONG_CLUSTER` or `WRITE_FAILED` when every pump refused or failed; what ends it.
   */
  async write(startTs: bigint, payload: Uint8Array, ends: Ends): Promise<void> {
    const { pool, selector, settings, holders } = this.#parts;
    const { writeTimeoutMs, retryIntervalMs } = settings;
    const until = performance.now() + writeTimeoutMs;
    // One pump that hangs must leave time for another.
    const tryMs = Math.max(writeTimeoutMs / 3, Math.min(1_000, writeTimeoutMs));
    const failures: Failures = { last: undefined, possible: undefined };
    try {
      for (let tries = 0; ; tries++) {
        const usable = pool.usable();
        const pump = usable.length === 0 ? undefined : selector.select(usable, startTs, tries);
        const timeoutMs = usable.length > 1 ? tryMs : writeTimeoutMs;
        if (pump !== undefined && (await this.#writeTo(pump, startTs, payload, timeoutMs, ends, failures))) return;
        if (performance.now() > until && (pump === undefined || tries >= pool.size)) break;
        await pause(retryIntervalMs, ends.any);
      }
      for (const pump of pool.online()) {
        if (await this.#writeTo(pump, startTs, payload, tryMs, ends, failures)) return;
      }
      throw this.#refusal(failures);
    } catch (error) {
      holders.remember(startTs, { acknowledged: undefined, possible: [...(failures.possible ?? [])] });
      throw error;
    }
  }

  /** One try; false when another may help. */
  async #writeTo(
    pump: Pump,
    startTs: bigint,
    payload: Uint8Array,
    timeoutMs: number,
    ends: Ends,
    failures: Failures,
  ): Promise<boolean> {
    try {
      await pump.connection.write(payload, { timeoutMs, signal: ends.caller });
      this.#parts.pool.succeeded(pump);
      failures.possible?.delete(pump);
      const possible = [...(failures.possible ?? [])];
      this.#parts.holders.remember(startTs, possible.length === 0 ? pump.alone : { acknowledged: pump, possible });
      return true;
    } catch (error) {
      failures.last = BinlogError.from(error);
      if (failures.last.outcomeUnknown) {
        failures.possible ??= new Set();
        failures.possible.add(pump);
      }
      if (failures.last.code === 'TOO_LARGE' || ends.any.aborted) throw failures.last;
      this.#parts.pool.failed(pump, failures.last);
      return false;
    }
  }

  #refusal({ last, possible }: Failures): BinlogError {
    if (last?.code === 'WRONG_CLUSTER') return last;
    const { pool } = this.#parts;
    const options = { cause: last, outcomeUnknown: (possible?.size ?? 0) > 0 };
    if (last !== undefined && pool.online().length > 0)
      return new BinlogError('WRITE_FAILED', `write binlog failed, the last error: ${last.rawMessage}`, options);
    const states = pool.all().map(({ status }) => `${status.nodeId} ${status.state}`);
    const registered = states.join(', ') || 'none';
    return new BinlogError('NO_PUMP', `no available pump to write binlog; registered: ${registered}`, options);
  }
}
