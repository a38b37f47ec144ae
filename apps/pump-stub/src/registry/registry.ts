import { compare, type EtcdClient, op } from '@tidb-js/etcd-session';
import { PumpError } from '../errors.js';
import { decodeNodeStatus, encodeNodeStatus, type NodeStatus } from './node-status.js';

const root = '/tidb-binlog/v1';
const clusterIdKey = '/pd/cluster_id';

/** The Pumps and Drainers of a cluster as etcd lists them. There is no lease on an entry: who crashes stays `online`. */
export class Registry {
  constructor(readonly etcd: EtcdClient) {}

  /**
   * Writes this Pump's entry. The last writer wins, as among all programs that write there.
   *
   * @throws PumpError `REGISTRY_FAILED`.
   */
  async publish(status: NodeStatus, signal?: AbortSignal): Promise<void> {
    await this.#ask('write this Pump’s entry', () =>
      this.etcd.put(pumpKey(status.nodeId), encodeNodeStatus(status), { ...(signal && { signal }) }),
    );
  }

  /** This Pump's entry; undefined when there is none. */
  async find(nodeId: string, signal?: AbortSignal): Promise<NodeStatus | undefined> {
    const { kv } = await this.#ask('read this Pump’s entry', () =>
      this.etcd.get(pumpKey(nodeId), { ...(signal && { signal }) }),
    );
    return kv && decodeNodeStatus(kv.value.toString());
  }

  async pumps(): Promise<NodeStatus[]> {
    return this.#list('pumps');
  }

  async drainers(): Promise<NodeStatus[]> {
    return this.#list('drainers');
  }

  /**
   * The cluster's id where PD keeps it, as 8 bytes big endian. In an etcd without a PD nobody has written it: then it is made,
   * as PD would, from the time and chance.
   */
  async clusterId(signal?: AbortSignal): Promise<bigint> {
    const made = Buffer.alloc(8);
    made.writeUInt32BE(Math.floor(Date.now() / 1000), 0);
    made.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), 4);
    const { succeeded, results } = await this.#ask('read the cluster’s id', () =>
      this.etcd.txn(
        {
          compare: [compare.create(clusterIdKey, '=', 0n)],
          success: [op.put(clusterIdKey, made)],
          failure: [op.range(clusterIdKey)],
        },
        { ...(signal && { signal }) },
      ),
    );
    if (succeeded) return made.readBigUInt64BE();
    const found = results[0]?.kind === 'range' ? results[0].kvs[0]?.value : undefined;
    if (found?.length !== 8) {
      throw new PumpError(
        'REGISTRY_FAILED',
        `the etcd key ${clusterIdKey} holds ${found?.length ?? 0} bytes where 8 are expected; set --cluster-id, or delete the key if no PD uses it`,
      );
    }
    return found.readBigUInt64BE();
  }

  async #list(kind: 'pumps' | 'drainers'): Promise<NodeStatus[]> {
    const { kvs } = await this.#ask(`list the ${kind}`, () => this.etcd.range({ prefix: `${root}/${kind}/` }));
    return kvs.flatMap(({ value }) => decodeNodeStatus(value.toString()) ?? []);
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PumpError('REGISTRY_FAILED', `cannot ${what} in etcd: ${reason}`, { cause });
    }
  }
}

function pumpKey(nodeId: string): string {
  return `${root}/pumps/${nodeId}`;
}
