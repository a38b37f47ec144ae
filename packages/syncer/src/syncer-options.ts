import type { VersionComparison } from './barrier-state.js';
import { checkId } from './schema-keys.js';
import { formatServerInfo, type ServerInfo } from './server-info.js';
import { SyncerError } from './syncer-error.js';

/**
 * How nodes report and owners wait. `version-keys`: one leased key a node (TiDB 2017 to v6, and later with metadata lock off).
 * `metadata-lock`: one key a job and node, waited for by the list of servers (TiDB since v6.3, the default since v6.5).
 */
export type SyncProtocol = 'version-keys' | 'metadata-lock';

/** Who a node is and how it takes part; the same for every kind of syncer. */
export interface NodeOptions {
  /** This node's id, unique in the fleet for every start: TiDB uses a UUID. */
  readonly id: string;
  /** Default `version-keys`. */
  readonly protocol?: SyncProtocol;
  /** Default `at-least`. Only `version-keys` knows `equal`. */
  readonly comparison?: VersionComparison;
  /**
   * Announced on this node's lease from init() on. By `metadata-lock` owners wait for the servers that are announced, so a node without
   * one is not waited for.
   */
  readonly serverInfo?: ServerInfo;
}

/** {@link NodeOptions} with nothing left open. */
export interface Node {
  readonly id: string;
  readonly protocol: SyncProtocol;
  readonly comparison: VersionComparison;
  readonly serverInfo: ServerInfo | undefined;
}

/** Fills in the defaults and refuses what cannot work. */
export function nodeOf({ id, protocol = 'version-keys', comparison = 'at-least', serverInfo }: NodeOptions): Node {
  if (protocol !== 'version-keys' && protocol !== 'metadata-lock') {
    throw new SyncerError(
      'INVALID_ARGUMENT',
      `protocol is ${JSON.stringify(protocol)}; it must be "version-keys" or "metadata-lock"`,
    );
  }
  if (comparison !== 'at-least' && comparison !== 'equal') {
    throw new SyncerError(
      'INVALID_ARGUMENT',
      `comparison is ${JSON.stringify(comparison)}; it must be "at-least" or "equal"`,
    );
  }
  if (comparison === 'equal' && protocol === 'metadata-lock') {
    throw new SyncerError(
      'INVALID_ARGUMENT',
      'comparison "equal" belongs to protocol "version-keys"; metadata lock compares "at-least"',
    );
  }
  if (serverInfo) {
    formatServerInfo(serverInfo);
    if (serverInfo.ddl_id !== id) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        `serverInfo.ddl_id is ${JSON.stringify(serverInfo.ddl_id)}; it must be the id, ${JSON.stringify(id)}`,
      );
    }
  }
  return { id: checkId(id), protocol, comparison, serverInfo };
}
