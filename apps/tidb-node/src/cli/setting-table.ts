/** What a setting's value must be. */
export type Kind = 'text' | 'number' | 'boolean' | 'port' | 'duration' | 'list';

/** One setting: where it can be given, and what it is when it is not. */
export interface Setting {
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
