import { compare, type EtcdClient, op } from '@tidb-js/etcd-session';
import { SqlError } from './sql/errors.js';
import type { PumpState } from './sql/services.js';
import type { PumpEntry } from './status/source.js';
import { physicalMs } from './storage/timestamp.js';

const ROOT = '/tidb-binlog/v1';
const STATES = ['online', 'pausing', 'paused', 'closing', 'offline'];
/** Integers of these names pass 2^53 and are read as text. */
const BIG = /"(maxCommitTS|updateTS)":\s*(\d+)/g;

type Kind = 'pumps' | 'drainers';

/** The Pumps and Drainers that are registered in etcd, for SHOW PUMP STATUS and its kind. */
export class PumpEntries {
  constructor(private readonly client: EtcdClient) {}

  /** Entries that cannot be read are left out. */
  async entries(kind: Kind): Promise<readonly PumpEntry[]> {
    const { kvs } = await this.client.range({ prefix: `${ROOT}/${kind}/` });
    return kvs.flatMap(({ value }) => entryOf(value.toString()) ?? []);
  }

  async states(kind: Kind): Promise<readonly PumpState[]> {
    return (await this.entries(kind)).map(({ nodeId, host, state, maxCommitTS, updateTS }) => ({
      nodeId,
      address: host,
      state,
      maxCommitTs: maxCommitTS,
      updateTime: physicalMs(updateTS),
    }));
  }

  /** CHANGE PUMP: writes another state into the entry, unless it changed meanwhile. */
  async change(nodeId: string, state: string): Promise<void> {
    if (!STATES.includes(state)) throw new SqlError(1105, `state ${state} is unknown; use one of ${STATES.join(', ')}`);
    const key = `${ROOT}/pumps/${nodeId}`;
    for (;;) {
      const { kv } = await this.client.get(key);
      if (kv === undefined) throw new SqlError(1105, `node ${nodeId} is not found; SHOW PUMP STATUS lists the nodes`);
      // Only this member is replaced, so that all others, known or not, stay as they are.
      const text = kv.value.toString().replace(/("state"\s*:\s*)"[^"]*"/, `$1${JSON.stringify(state)}`);
      const { succeeded } = await this.client.txn({
        compare: [compare.mod(key, '=', kv.modRevision)],
        success: [op.put(key, text)],
      });
      if (succeeded) return;
    }
  }
}

function entryOf(text: string): PumpEntry | undefined {
  try {
    const entry = JSON.parse(text.replace(BIG, '"$1":"$2"')) as Record<string, unknown>;
    return {
      nodeId: String(entry.nodeId),
      host: String(entry.host),
      state: String(entry.state),
      maxCommitTS: BigInt(String(entry.maxCommitTS ?? 0)),
      updateTS: BigInt(String(entry.updateTS ?? 0)),
    };
  } catch {
    return undefined;
  }
}
