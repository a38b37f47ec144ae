import type { EtcdClient } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { Backoff, pause } from '../pumps/backoff.js';
import { PumpRegistry } from '../pumps/registry.js';
import type { PulledBinlog } from '../wire/pump-stream.js';
import { type PullSettings, PumpSource } from './pump-source.js';

/** Where the pumps are: a registry, or a list of addresses. */
export type PumpPlaces =
  | { readonly etcd: EtcdClient; readonly registryRoot: string }
  | { readonly addresses: readonly string[] };

export interface PumpMergeOptions extends PullSettings {
  readonly places: PumpPlaces;
  /** Exclusive. */
  readonly after: bigint;
}

/**
 * The binlogs of all pumps in ascending commit_ts, each once. One is given when every pump is past it, also those that registered a
 * moment ago: before a binlog is given, the registry is read once more after it was received, so that the pump whose
 * registration the watch has not told of yet is waited for too.
 */
export class PumpMerge {
  readonly #options: PumpMergeOptions;
  readonly #sources = new Map<string, PumpSource>();
  readonly #abort = new AbortController();
  readonly #registry: PumpRegistry | undefined;
  #position: bigint;
  /** Up to here every pump is known. */
  #confirmed: bigint;
  #changed = Promise.resolve();
  #change: () => void = () => undefined;

  private constructor(options: PumpMergeOptions, registry: PumpRegistry | undefined) {
    this.#options = options;
    this.#registry = registry;
    this.#position = options.after;
    this.#confirmed = options.after;
    this.#newChange();
  }

  /**
   * Begins to pull.
   *
   * @throws BinlogError `NO_PUMP`, `UNAVAILABLE` when etcd cannot be read, `ABORTED`.
   */
  static async open(options: PumpMergeOptions, { signal }: { readonly signal: AbortSignal }): Promise<PumpMerge> {
    const { places, logger } = options;
    let registry: PumpRegistry | undefined;
    if ('etcd' in places) {
      const { etcd, registryRoot: root } = places;
      registry = await PumpRegistry.open({ etcd, root, ...(logger && { logger }) }, { signal });
    }
    const merge = new PumpMerge(options, registry);
    if ('addresses' in places) for (const address of places.addresses) merge.#add(address, address);
    registry?.onChange(() => merge.#sync());
    merge.#sync();
    if (merge.#sources.size > 0) return merge;
    await merge.close();
    throw new BinlogError('NO_PUMP', 'no pump to read from: none is registered or listed, but offline ones');
  }

  /**
   * The next binlog; undefined once the merge is closed.
   *
   * @throws BinlogError `POSITION_GONE`, `WRONG_CLUSTER`, `OUT_OF_ORDER`, `MALFORMED`
   */
  async next(): Promise<PulledBinlog | undefined> {
    for (;;) {
      if (this.#abort.signal.aborted) return undefined;
      const { oldest, watermark } = this.#look();
      const first = oldest?.first;
      if (oldest === undefined || first === undefined || (watermark !== undefined && first.commitTs > watermark)) {
        await this.#changed;
        this.#newChange();
      } else if (this.#registry !== undefined && first.commitTs > this.#confirmed) {
        await this.#confirm(this.#registry);
        this.#confirmed = watermark ?? first.commitTs;
      } else {
        oldest.shift();
        // A Prewrite that was written twice comes from two pumps.
        if (first.commitTs <= this.#position) continue;
        this.#position = first.commitTs;
        return first;
      }
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#change();
    await Promise.all([this.#registry?.close(), ...[...this.#sources.values()].map((source) => source.close())]);
  }

  #newChange(): void {
    this.#changed = new Promise((resolve) => {
      this.#change = resolve;
    });
  }

  /** The source with the oldest binlog, and up to where all of them are complete. */
  #look(): { oldest: PumpSource | undefined; watermark: bigint | undefined } {
    let oldest: PumpSource | undefined;
    let watermark: bigint | undefined;
    for (const source of this.#sources.values()) {
      if (source.failure !== undefined) throw source.failure;
      if (source.finished) this.#sources.delete(source.nodeId);
      const { first } = source;
      if (first !== undefined && (oldest?.first === undefined || first.commitTs < oldest.first.commitTs))
        oldest = source;
      const own = source.watermark;
      if (own !== undefined && (watermark === undefined || own < watermark)) watermark = own;
    }
    return { oldest, watermark };
  }

  async #confirm(registry: PumpRegistry): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff(100, 5_000);
    while (!signal.aborted) {
      try {
        return await registry.confirm({ signal });
      } catch (error) {
        this.#options.logger?.warn({ err: error }, 'the registry of the pumps cannot be read; reading waits for it');
      }
      await pause(backoff.next(), signal).catch(() => undefined);
    }
  }

  /** Follows the registry: a pump that is offline, or no longer there, gives what it has left and is not waited for. */
  #sync(): void {
    const pumps = this.#registry?.pumps;
    if (pumps === undefined) return;
    for (const [nodeId, { host, state, maxCommitTs }] of pumps) {
      const source = this.#sources.get(nodeId);
      if (state === 'offline') source?.leave(maxCommitTs);
      else if (source === undefined || source.leaving) this.#add(nodeId, host);
      else source.host = host;
    }
    for (const [nodeId, source] of this.#sources) if (!pumps.has(nodeId)) source.leave(0n);
    this.#change();
  }

  #add(nodeId: string, host: string): void {
    void this.#sources.get(nodeId)?.close();
    const onChange = () => this.#change();
    const source = new PumpSource({ ...this.#options, nodeId, host, after: this.#position, onChange });
    this.#sources.set(nodeId, source);
  }
}
