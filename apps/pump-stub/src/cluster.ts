import { EtcdClient } from '@tidb-js/etcd-session';
import { ClockTimestampSource } from './clock-timestamp-source.js';
import { findPd, hostOf, PdTimestampSource } from './registry/pd-client.js';
import { Registry } from './registry/registry.js';
import type { ResolvedOptions } from './resolved-options.js';
import type { TimestampSource } from './timestamp-source.js';
import { clientCredentials, clientTls } from './tls-files.js';

const etcdTimeoutMs = 5_000;

/** What a Pump has of the cluster that it belongs to. */
export interface Cluster {
  readonly id: bigint;
  readonly registry: Registry;
  readonly timestamps: TimestampSource;
  /** Closes what was opened for it. */
  close(): Promise<void>;
}

/**
 * Finds the cluster behind `pdUrls`: a PD tells its id and hands out timestamps; an etcd alone holds the registry and the id.
 *
 * @throws PumpError `REGISTRY_FAILED`, `INVALID_OPTION`.
 */
export async function joinCluster(options: ResolvedOptions): Promise<Cluster> {
  const addresses = options.pdUrls.map(hostOf);
  const credentials = await clientCredentials(options.tls);
  const tls = await clientTls(options.tls);
  const pd = await findPd(addresses, credentials);
  const scheme = tls ? 'https' : 'http';
  const etcd = new EtcdClient({
    endpoints: addresses.map((address) => `${scheme}://${address}`),
    timeoutMs: etcdTimeoutMs,
    logger: options.logger,
    ...(tls && { tls }),
  });
  const registry = new Registry(etcd);
  try {
    const id = options.clusterId ?? pd?.clusterId ?? (await registry.clusterId(options.signal));
    const own = options.timestamps ? undefined : pd ? new PdTimestampSource(pd, addresses, credentials) : undefined;
    const timestamps = options.timestamps ?? own ?? new ClockTimestampSource(options.clockErrorMs);
    options.logger.info(
      { clusterId: String(id), pd: pd?.leader, timestamps: own ? 'pd' : options.timestamps ? 'given' : 'clock' },
      'joined the cluster',
    );
    return {
      id,
      registry,
      timestamps,
      close: async () => {
        await own?.close();
        await etcd.close();
      },
    };
  } catch (error) {
    await etcd.close();
    throw error;
  }
}
