import type { SchemaSyncer } from '../schema-syncer.js';
import type { ServerInfo } from '../server-info.js';
import type { NodeOptions } from '../syncer-options.js';

/** A fleet that has nobody in it yet, for one compliance case. */
export interface ComplianceFleet extends AsyncDisposable {
  /** A node of the fleet, before its init(). The fleet closes it at the end. */
  node(options: NodeOptions): SchemaSyncer;
  /** Ends a node's session from outside, as when it was silent for longer than its TTL. */
  expire(node: SchemaSyncer): Promise<void>;
}

/** A server info for tests. */
export function exampleServerInfo(id: string, port: number, more: Partial<ServerInfo> = {}): ServerInfo {
  return {
    version: '8.0.11-TiDB-v8.3.0',
    git_hash: '0000000000000000000000000000000000000000',
    ddl_id: id,
    ip: '127.0.0.1',
    listening_port: port,
    status_port: port + 1,
    lease: '45s',
    start_timestamp: 1_700_000_000,
    labels: {},
    ...more,
  };
}
