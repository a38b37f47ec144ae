import { SyncerError } from './syncer-error.js';

/**
 * A server as TiDB announces it under `/tidb/server/info/<id>`: the fields of that JSON, with its names.
 * Fields that this package does not know are kept as they are.
 */
export interface ServerInfo {
  readonly version: string;
  readonly git_hash: string;
  /** The server's id: the last part of its key. */
  readonly ddl_id: string;
  readonly ip: string;
  /** The port of the MySQL protocol. */
  readonly listening_port: number;
  readonly status_port: number;
  /** The schema lease as Go writes a duration: `45s`. */
  readonly lease: string;
  /** `On`, `Off`, `Skipping` or `Unknown`; absent since TiDB dropped its binlog. */
  readonly binlog_status?: string;
  /** Seconds since 1970. Of two ids at one `ip:port` the one with the later start counts. */
  readonly start_timestamp: number;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly server_id?: number;
  readonly keyspace?: string;
  /** The keyspace whose schema this server takes as its own. */
  readonly assumed_keyspace?: string;
  readonly [field: string]: unknown;
}

const order = [
  'version',
  'git_hash',
  'ddl_id',
  'ip',
  'listening_port',
  'status_port',
  'lease',
  'binlog_status',
  'start_timestamp',
  'labels',
  'server_id',
];

const numbers = ['listening_port', 'status_port', 'start_timestamp', 'server_id'];
const texts = ['version', 'git_hash', 'ddl_id', 'ip', 'lease', 'binlog_status', 'keyspace', 'assumed_keyspace'];

/** The JSON text that TiDB would write: its fields in its order, others after them. */
export function formatServerInfo(info: ServerInfo): string {
  const problem = problemOf(info);
  if (problem !== undefined)
    throw new SyncerError('INVALID_ARGUMENT', `The server info cannot be announced: ${problem}`);
  const known = order.filter((field) => info[field] !== undefined).map((field) => [field, info[field]]);
  const others = Object.entries(info).filter(([field]) => !order.includes(field));
  return JSON.stringify(Object.fromEntries([...known, ...others]));
}

/** Reads a server info. `undefined` when the text is none: no JSON object, or a known field of another type. Absent fields become empty, as in Go. */
export function parseServerInfo(text: string): ServerInfo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const info: ServerInfo = { ...emptyServerInfo, ...value };
  return problemOf(info) === undefined ? info : undefined;
}

/** `ip:port`, or `undefined` for a server that does not tell where it is. */
export function addressOf({ ip, listening_port }: ServerInfo): string | undefined {
  if (ip === '') return undefined;
  return ip.includes(':') ? `[${ip}]:${listening_port}` : `${ip}:${listening_port}`;
}

const emptyServerInfo: ServerInfo = {
  version: '',
  git_hash: '',
  ddl_id: '',
  ip: '',
  listening_port: 0,
  status_port: 0,
  lease: '',
  start_timestamp: 0,
};

function problemOf(info: ServerInfo): string | undefined {
  for (const field of numbers) {
    const value = info[field];
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) >= 0)) {
      return `${field} is ${JSON.stringify(value)}; it must be a whole number, 0 or more`;
    }
  }
  for (const field of texts) {
    const value = info[field];
    if (value !== undefined && typeof value !== 'string')
      return `${field} is ${JSON.stringify(value)}; it must be text`;
  }
  return undefined;
}
