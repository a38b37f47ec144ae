import { actionTypeName, type Job, jobStateName, schemaStateName, timestampToMs } from '@tidb-js/ddl-jobs';
import { httpGet } from '../http-get.js';
import type { BarrierView, StatusSource } from './source.js';

/** What one node says of itself at `/api/node`. */
export interface NodeView {
  readonly id: string;
  readonly address: string;
  readonly statusAddress: string;
  readonly version: string;
  readonly startedAt: number;
  readonly isOwner: boolean;
  /** As text: it can pass 2^53. Absent when the node does not answer. */
  readonly schemaVersion?: string;
  readonly connections?: number;
  readonly statements?: number;
  readonly barriers?: readonly BarrierView[];
  /** Why there is no more: the node is announced but does not answer. */
  readonly problem?: string;
}

export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly database: string;
  readonly table: string;
  readonly state: string;
  readonly schemaState: string;
  readonly rows: number;
  readonly startedAt: number;
  readonly query: string;
  readonly error?: string;
}

export interface PumpView {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  readonly watermark: string;
  /** How far the watermark stands behind now, in milliseconds. */
  readonly lagMs: number;
  /** Milliseconds since the Pump last wrote its entry. */
  readonly silentMs: number;
}

/** The whole cluster at one moment, as the page shows it. */
export interface Overview {
  readonly at: number;
  readonly self: string;
  readonly owner: string | undefined;
  readonly nodes: readonly NodeView[];
  readonly jobs: readonly JobView[];
  readonly pumps: readonly PumpView[];
}

const PEER_TIMEOUT_MS = 1_500;
const HISTORY_SHOWN = 12;

/** This node's own line. */
export async function viewOfSelf(source: StatusSource, signal: AbortSignal): Promise<NodeView> {
  const info = source.serverInfo();
  const barriers = await source.barriers({ signal });
  return {
    id: info.ddl_id,
    address: hostPort(info.ip, info.listening_port),
    statusAddress: hostPort(info.ip, info.status_port),
    version: info.version,
    startedAt: info.start_timestamp * 1000,
    isOwner: source.ddl.isOwner,
    schemaVersion: source.domain.infoSchema().version.toString(),
    connections: source.connections(),
    statements: source.statements(),
    barriers,
  };
}

/** Everything at once: this node from memory, the others by their status ports, jobs and Pumps from the store and etcd. */
export async function overviewOf(source: StatusSource, signal: AbortSignal): Promise<Overview> {
  const options = { signal };
  const [self, servers, owner, queued, history, pumps] = await Promise.all([
    viewOfSelf(source, signal),
    source.servers(options),
    source.ddl.owner(options),
    source.ddl.queued(options),
    source.ddl.history(HISTORY_SHOWN, options),
    source.pumps(options),
  ]);
  const others = [...servers.values()].filter((info) => info.ddl_id !== self.id);
  const nodes = await Promise.all(
    others.map(async (info): Promise<NodeView> => {
      const statusAddress = hostPort(info.ip, info.status_port);
      const known = {
        id: info.ddl_id,
        address: hostPort(info.ip, info.listening_port),
        statusAddress,
        version: info.version,
        startedAt: info.start_timestamp * 1000,
        isOwner: info.ddl_id === owner,
      };
      return { ...known, ...(await askPeer(statusAddress, signal)) };
    }),
  );
  const now = Date.now();
  return {
    at: now,
    self: self.id,
    owner,
    nodes: [self, ...nodes].sort((a, b) => a.address.localeCompare(b.address)),
    jobs: [...queued, ...history].map(viewOfJob),
    pumps: pumps.map((pump) => ({
      id: pump.nodeId,
      address: pump.host,
      state: pump.state,
      watermark: pump.maxCommitTS.toString(),
      lagMs: Math.max(0, now - timestampToMs(pump.maxCommitTS)),
      silentMs: Math.max(0, now - timestampToMs(pump.updateTS)),
    })),
  };
}

/** Asks a peer for its own line. A TiDB written in Go has none: what it announces must do. */
async function askPeer(address: string, signal: AbortSignal): Promise<Partial<NodeView>> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PEER_TIMEOUT_MS)]);
    const { status, text } = await httpGet(`http://${address}/api/node`, limit);
    return status === 200 ? (JSON.parse(text) as NodeView) : {};
  } catch (error) {
    return {
      problem: error instanceof Error && error.name === 'AbortError' ? 'does not answer' : 'cannot be reached',
    };
  }
}

function viewOfJob(job: Job): JobView {
  const error = job.err?.message;
  return {
    id: String(job.id),
    type: actionTypeName(job.type) ?? `type ${job.type}`,
    database: job.schema_name ?? '',
    table: job.table_name ?? '',
    state: jobStateName(job.state),
    schemaState: schemaStateName(job.schema_state),
    rows: Number(job.row_count),
    startedAt: timestampToMs(job.start_ts),
    query: job.query,
    ...(error ? { error } : {}),
  };
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
