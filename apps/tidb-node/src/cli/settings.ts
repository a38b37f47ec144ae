import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { parseDuration } from '../duration.js';

/** How a node is set up: TiDB's names and defaults, from its command line and its TOML file. */
export interface NodeSettings {
  /** Address of the MySQL port. */
  readonly host: string;
  readonly port: number;
  /** Address that the other nodes are told. */
  readonly advertiseAddress: string;
  readonly statusHost: string;
  readonly statusPort: number;
  /** Endpoints of the etcd that holds everything. */
  readonly path: readonly string[];
  /** The schema lease in milliseconds; 0 switches its check off. */
  readonly leaseMs: number;
  readonly enableBinlog: boolean;
  readonly binlogStrategy: string;
  readonly binlogWriteTimeoutMs: number;
  readonly ignoreBinlogError: boolean;
  readonly binlogSocket: string;
  readonly metadataLock: boolean;
  readonly rootPasswordFile: string | undefined;
  readonly insecure: boolean;
  readonly sslCa: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  /** TLS towards etcd and the Pumps. */
  readonly clusterSslCa: string | undefined;
  readonly clusterSslCert: string | undefined;
  readonly clusterSslKey: string | undefined;
  /** How long a silent node still counts; undefined: TiDB's times. */
  readonly sessionTtlMs: number | undefined;
  readonly maxConnections: number;
  readonly logLevel: string;
  readonly logFile: string | undefined;
}

/** A setting that cannot be used: its message names it, the rule and the remedy. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

type Kind = 'text' | 'number' | 'boolean' | 'port' | 'duration' | 'list';

interface Setting {
  readonly kind: Kind;
  readonly fallback: string | number | boolean | undefined;
  /** Where it stands in the TOML file, as TiDB has it. */
  readonly toml?: string;
  /** The flag, as commander wants it. */
  readonly flag?: string;
  readonly about?: string;
}

/** Every setting once: its default, its flag, its place in the file. */
export const SETTINGS = {
  host: {
    kind: 'text',
    fallback: '127.0.0.1',
    toml: 'host',
    flag: '--host <address>',
    about: 'address of the MySQL port',
  },
  port: { kind: 'port', fallback: 4000, toml: 'port', flag: '-P, --port <port>', about: 'MySQL port' },
  advertiseAddress: {
    kind: 'text',
    fallback: undefined,
    toml: 'advertise-address',
    flag: '--advertise-address <address>',
    about: 'address that other nodes are told (default: --host)',
  },
  statusHost: {
    kind: 'text',
    fallback: '127.0.0.1',
    toml: 'status.status-host',
    flag: '--status-host <address>',
    about: 'address of the status port',
  },
  statusPort: {
    kind: 'port',
    fallback: 10080,
    toml: 'status.status-port',
    flag: '--status <port>',
    about: 'status port',
  },
  path: {
    kind: 'list',
    fallback: '127.0.0.1:2379',
    toml: 'path',
    flag: '--path <endpoints>',
    about: 'etcd endpoints, separated by commas',
  },
  leaseMs: {
    kind: 'duration',
    fallback: '45s',
    toml: 'lease',
    flag: '--lease <duration>',
    about: 'schema lease; 0 switches its check off',
  },
  enableBinlog: {
    kind: 'boolean',
    fallback: false,
    toml: 'binlog.enable',
    flag: '--enable-binlog',
    about: 'write each commit and each DDL to a Pump',
  },
  binlogStrategy: {
    kind: 'text',
    fallback: 'range',
    toml: 'binlog.strategy',
    flag: '--binlog-strategy <name>',
    about: 'how a Pump is chosen: range, hash or score',
  },
  binlogWriteTimeoutMs: {
    kind: 'duration',
    fallback: '15s',
    toml: 'binlog.write-timeout',
    flag: '--binlog-write-timeout <duration>',
    about: 'how long one write to a Pump may take',
  },
  ignoreBinlogError: {
    kind: 'boolean',
    fallback: false,
    toml: 'binlog.ignore-error',
    flag: '--ignore-binlog-error',
    about: 'go on without a binlog when no Pump takes it',
  },
  binlogSocket: {
    kind: 'text',
    fallback: '',
    toml: 'binlog.binlog-socket',
    flag: '--binlog-socket <path>',
    about: 'unix socket of a local Pump, instead of the registered ones',
  },
  metadataLock: {
    kind: 'boolean',
    fallback: true,
    toml: 'metadata-lock',
    flag: '--no-metadata-lock',
    about: 'follow schema versions by version keys, as TiDB before v6.5',
  },
  rootPasswordFile: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.root-password-file',
    flag: '--root-password-file <file>',
    about: "file that holds root's password",
  },
  insecure: {
    kind: 'boolean',
    fallback: false,
    flag: '--insecure',
    about: 'listen on other addresses than loopback without a password',
  },
  sslCa: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.ssl-ca',
    flag: '--ssl-ca <file>',
    about: 'CA of MySQL clients',
  },
  sslCert: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.ssl-cert',
    flag: '--ssl-cert <file>',
    about: 'certificate of the MySQL port',
  },
  sslKey: { kind: 'text', fallback: undefined, toml: 'security.ssl-key', flag: '--ssl-key <file>', about: 'its key' },
  clusterSslCa: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.cluster-ssl-ca',
    flag: '--cluster-ssl-ca <file>',
    about: 'CA of etcd and the Pumps',
  },
  clusterSslCert: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.cluster-ssl-cert',
    flag: '--cluster-ssl-cert <file>',
    about: 'certificate shown to them',
  },
  clusterSslKey: {
    kind: 'text',
    fallback: undefined,
    toml: 'security.cluster-ssl-key',
    flag: '--cluster-ssl-key <file>',
    about: 'its key',
  },
  sessionTtlMs: {
    kind: 'duration',
    fallback: undefined,
    toml: 'session-ttl',
    flag: '--session-ttl <duration>',
    about: 'how long a node that is silent still counts (default: 90s, and 60s for the owner’s place)',
  },
  maxConnections: {
    kind: 'number',
    fallback: 1024,
    toml: 'max-server-connections',
    flag: '--max-connections <count>',
    about: 'connections at once',
  },
  logLevel: {
    kind: 'text',
    fallback: 'info',
    toml: 'log.level',
    flag: '-L, --log-level <level>',
    about: 'debug, info, warn, error or fatal',
  },
  logFile: {
    kind: 'text',
    fallback: undefined,
    toml: 'log.file.filename',
    flag: '--log-file <file>',
    about: 'write the log there instead of stdout',
  },
} as const satisfies Record<string, Setting>;

function checked(name: string, kind: Kind, given: unknown): unknown {
  const refuse = (rule: string) => {
    throw new SettingError(`${name} is ${JSON.stringify(given)}; it must be ${rule}`);
  };
  switch (kind) {
    case 'boolean':
      return typeof given === 'boolean' ? given : refuse('true or false');
    case 'text':
      return typeof given === 'string' ? given : refuse('text');
    case 'duration':
      return parseDuration(String(given)) ?? refuse('a duration such as 45s, 500ms or 1m30s');
    case 'list': {
      const items = String(given)
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      return items.length > 0 ? items : refuse('one or more endpoints, separated by commas');
    }
    default: {
      const number = typeof given === 'number' ? given : Number(String(given).trim() || Number.NaN);
      const most = kind === 'port' ? 65_535 : Number.MAX_SAFE_INTEGER;
      return Number.isSafeInteger(number) && number >= 0 && number <= most
        ? number
        : refuse(`a whole number from 0 to ${most}`);
    }
  }
}

/**
 * Flags go before the file, the file before the defaults. A key of the file that is unknown is an error, as in TiDB with
 * `--config-strict`.
 */
export function settingsOf(
  flags: Readonly<Record<string, unknown>>,
  tomlText?: string,
  tomlName = 'the config file',
): NodeSettings {
  const file = tomlText === undefined ? new Map<string, unknown>() : flatten(tomlText, tomlName);
  const result: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting][]) {
    const fromFile = setting.toml === undefined ? undefined : file.get(setting.toml);
    const given = flags[name] ?? fromFile ?? setting.fallback;
    const title =
      flags[name] === undefined && fromFile !== undefined
        ? `${setting.toml} in ${tomlName}`
        : (setting.flag ?? name).replace(/ <.*/, '');
    result[name] = given === undefined ? undefined : checked(title, setting.kind, given);
    if (setting.toml !== undefined) file.delete(setting.toml);
  }
  if (file.size > 0) {
    throw new SettingError(
      `${tomlName} contains unknown settings: ${[...file.keys()].join(', ')}; remove them, or see --help for what there is`,
    );
  }
  result.advertiseAddress ??= result.host;
  return result as unknown as NodeSettings;
}

function flatten(text: string, name: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const walk = (table: object, prefix: string) => {
    for (const [key, value] of Object.entries(table) as [string, unknown][]) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) walk(value, path);
      else found.set(path, value);
    }
  };
  try {
    walk(parse(text), '');
  } catch (cause) {
    throw new SettingError(`${name} is not TOML: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  return found;
}

/** root's password: the file's first line. */
export function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SettingError(`--root-password-file: cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  const password = text.split(/\r?\n/, 1)[0] ?? '';
  if (password === '')
    throw new SettingError(`--root-password-file: the first line of ${file} is empty; write the password there`);
  return password;
}
