import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { parse as parseToml } from 'smol-toml';
import { PumpError } from '../errors.js';
import type { PumpOptions } from '../pump-options.js';

/** Flags as text, by the name that they have on the command line. */
type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

interface FlagRow {
  readonly name: string;
  readonly argument?: string;
  readonly help: string;
  /** Where the TOML file has it: `key`, or `table.key`. */
  readonly toml?: string;
}

/** The flags of a real Pump, then ours. */
const rows: readonly FlagRow[] = [
  { name: 'node-id', argument: 'id', help: 'name in the registry; default hostname:port', toml: 'node-id' },
  { name: 'addr', argument: 'host:port', help: 'address to listen on; default <first IPv4>:8250', toml: 'addr' },
  {
    name: 'advertise-addr',
    argument: 'host:port',
    help: 'address that others are told; default addr',
    toml: 'advertise-addr',
  },
  { name: 'socket', argument: 'path', help: 'unix socket that takes gRPC too', toml: 'socket' },
  {
    name: 'pd-urls',
    argument: 'urls',
    help: 'PD or etcd, with commas; default http://127.0.0.1:2379',
    toml: 'pd-urls',
  },
  { name: 'data-dir', argument: 'dir', help: 'default data.pump', toml: 'data-dir' },
  { name: 'heartbeat-interval', argument: 'seconds', help: 'default 2', toml: 'heartbeat-interval' },
  { name: 'gc', argument: 'age', help: 'days, or 8h, 30m; default 7', toml: 'gc' },
  { name: 'fake-binlog-interval', argument: 'seconds', help: 'default 3', toml: 'gen-binlog-interval' },
  { name: 'max-message-size', argument: 'bytes', help: 'largest gRPC message; default 2147483647' },
  { name: 'metrics-addr', argument: 'host:port', help: 'Prometheus push gateway; default none, GET /metrics answers' },
  { name: 'metrics-interval', argument: 'seconds', help: 'between two pushes of metrics; default 15' },
  { name: 'L', argument: 'level', help: 'debug, info, warn, error; default info', toml: 'log-level' },
  { name: 'log-file', argument: 'path', help: 'default the standard error', toml: 'log-file' },
  { name: 'cluster-id', argument: 'id', help: "the cluster's id; default what PD or etcd says" },
  { name: 'gc-max-bytes', argument: 'size', help: 'delete the oldest binlogs above this size, such as 100gib' },
  {
    name: 'stop-write-at-available-space',
    argument: 'size',
    help: 'refuse writes below this room on the disk; default 10gib',
    toml: 'storage.stop-write-at-available-space',
  },
  {
    name: 'sync-log',
    argument: 'bool',
    help: 'sync before a write is acknowledged; default true',
    toml: 'storage.sync-log',
  },
  { name: 'clock-error', argument: 'ms', help: 'how far this clock may be ahead, where there is no PD; default 1000' },
  { name: 'ssl-ca', argument: 'path', help: 'PEM', toml: 'security.ssl-ca' },
  { name: 'ssl-cert', argument: 'path', help: 'PEM', toml: 'security.ssl-cert' },
  { name: 'ssl-key', argument: 'path', help: 'PEM', toml: 'security.ssl-key' },
  { name: 'cert-allowed-cn', argument: 'names', help: 'with commas', toml: 'security.cert-allowed-cn' },
  {
    name: 'outcomes',
    argument: 'module',
    help: 'settle transactions without an end: a module whose default export makes an OutcomeSource',
  },
];

/** Flags of real Pumps that a start script may carry; they have no effect here, or none any more. */
const ignoredFlags: readonly string[] = [
  'binlog-file-size <size>',
  'binlog-slice-size <size>',
  'enable-binlog-slice',
  'enable-debug',
  'log-rotate <how>',
];

/** Keys of a Pump's file that have no effect here, since another mechanism does their work. */
const withoutEffect = new Set([
  'storage.kv_chan_cap',
  'storage.slow_write_threshold',
  'storage.kv.block-cache-capacity',
  'storage.kv.block-restart-interval',
  'storage.kv.block-size',
  'storage.kv.compaction-L0-trigger',
  'storage.kv.compaction-table-size',
  'storage.kv.compaction-total-size',
  'storage.kv.compaction-total-size-multiplier',
  'storage.kv.write-buffer',
  'storage.kv.write-L0-pause-trigger',
  'storage.kv.write-L0-slowdown-trigger',
]);

/** Adds the flags. A real Pump takes them with one dash: see {@link doubleDashes}. */
export function addFlags(command: Command): Command {
  for (const { name, argument, help } of rows) command.addOption(new Option(`--${name} <${argument}>`, help));
  for (const flag of ignoredFlags) command.addOption(new Option(`--${flag}`, 'no effect').hideHelp());
  return command.addOption(new Option('--config <path>', 'TOML file'));
}

/** Go's flags stand behind one dash or two; commander wants two. */
export function doubleDashes(argv: readonly string[]): string[] {
  return argv.map((word) => word.replace(/^-(?=[A-Za-z][\w-]+|L$|L=)/, '--'));
}

/** What the program itself needs beside the Pump's options. */
export interface ProgramOptions {
  readonly pump: PumpOptions;
  readonly logLevel: string;
  readonly logFile: string | undefined;
  /** Path or name of a module. */
  readonly outcomes: string | undefined;
}

/**
 * Joins what was said: flags before the environment (`PUMP_DATA_DIR`) before the file before the defaults.
 *
 * @throws PumpError `INVALID_OPTION` naming the option.
 */
export async function readProgramOptions(flags: FlagValues, environment: NodeJS.ProcessEnv): Promise<ProgramOptions> {
  const file = typeof flags.config === 'string' ? await readToml(flags.config) : {};
  const text = (name: string): string | undefined => {
    const row = rows.find((candidate) => candidate.name === name);
    const fromFlag = flags[camelCase(name)];
    if (typeof fromFlag === 'string') return fromFlag;
    const fromEnvironment = environment[`PUMP_${name.toUpperCase().replaceAll('-', '_')}`];
    if (fromEnvironment !== undefined) return fromEnvironment;
    return row?.toml === undefined ? undefined : file[row.toml];
  };
  return {
    pump: pumpOptions(text),
    logLevel: text('L') ?? 'info',
    logFile: text('log-file'),
    outcomes: text('outcomes'),
  };
}

function pumpOptions(text: (name: string) => string | undefined): PumpOptions {
  const given = <K extends keyof PumpOptions>(
    key: K,
    name: string,
    read: (value: string, name: string) => PumpOptions[K],
  ) => {
    const value = text(name);
    return value === undefined || value === '' ? {} : { [key]: read(value, name) };
  };
  const plain = (value: string): string => value;
  const cert = text('ssl-cert');
  const key = text('ssl-key');
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid('ssl-cert', cert ?? '', 'ssl-cert and ssl-key are given together or not at all');
  }
  const ca = text('ssl-ca');
  const names = text('cert-allowed-cn');
  return {
    dataDir: text('data-dir') ?? 'data.pump',
    ...given('pdUrls', 'pd-urls', (value) => value.split(',').filter(Boolean)),
    ...given('address', 'addr', plain),
    ...given('advertiseAddress', 'advertise-addr', plain),
    ...given('socket', 'socket', plain),
    ...given('nodeId', 'node-id', plain),
    ...given('clusterId', 'cluster-id', (value, name) => BigInt(wholeNumber(value, name))),
    ...given('heartbeatIntervalMs', 'heartbeat-interval', (value, name) => Number(wholeNumber(value, name)) * 1000),
    ...given('fakeBinlogIntervalMs', 'fake-binlog-interval', (value, name) => Number(wholeNumber(value, name)) * 1000),
    ...given('gcAgeMs', 'gc', parseAge),
    ...given('gcMaxBytes', 'gc-max-bytes', parseSize),
    ...given('stopWriteAtAvailableSpace', 'stop-write-at-available-space', parseSize),
    ...given('syncLog', 'sync-log', parseBool),
    ...given('metricsAddress', 'metrics-addr', plain),
    ...given('metricsIntervalMs', 'metrics-interval', (value, name) => Number(wholeNumber(value, name)) * 1000),
    ...given('maxMessageSize', 'max-message-size', (value, name) => Number(wholeNumber(value, name))),
    ...given('clockErrorMs', 'clock-error', (value, name) => Number(wholeNumber(value, name))),
    ...(cert &&
      key && {
        tls: {
          certPath: cert,
          keyPath: key,
          ...(ca && { caPath: ca }),
          ...(names && { allowedNames: names.split(',') }),
        },
      }),
  };
}

async function readToml(path: string): Promise<Record<string, string>> {
  let table: Record<string, unknown>;
  try {
    table = parseToml(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new PumpError('INVALID_OPTION', `cannot read the configuration ${path}: ${String(cause)}`, { cause });
  }
  const values: Record<string, string> = {};
  flatten(table, '', values);
  const known = new Set(rows.flatMap(({ toml }) => toml ?? []));
  const unknown = Object.keys(values).filter((key) => !known.has(key) && !withoutEffect.has(key));
  if (unknown.length > 0) {
    throw new PumpError(
      'INVALID_OPTION',
      `component pump's config file ${path} contained unknown configuration options: ${unknown.join(', ')}; take them out or correct them`,
    );
  }
  return values;
}

function flatten(table: Readonly<Record<string, unknown>>, prefix: string, into: Record<string, string>): void {
  for (const [key, value] of Object.entries(table)) {
    if (Array.isArray(value)) into[prefix + key] = value.join(',');
    else if (typeof value === 'object' && value !== null)
      flatten(value as Record<string, unknown>, `${prefix}${key}.`, into);
    else into[prefix + key] = String(value);
  }
}

/** A number is days; otherwise a duration as Go writes it. */
function parseAge(value: string, name: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
  if (/^\d+$/.test(value)) return Number(value) * 24 * 3_600_000;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  const whole = parts.map(([part]) => part).join('');
  if (whole === '' || whole !== value)
    throw invalid(name, value, 'it must be whole days or a duration such as 8h or 30m');
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
}

function parseSize(value: string, name: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kib|mib|gib|tib|kb|mb|gb|tb)?$/i.exec(value.trim());
  if (!match) throw invalid(name, value, 'it must be a number of bytes or a size such as 10 gib');
  const unit = (match[2] ?? 'b').toLowerCase();
  const power = 'bkmgt'.indexOf(unit.charAt(0));
  return Math.floor(Number(match[1]) * (unit.endsWith('ib') ? 1024 : 1000) ** power);
}

function parseBool(value: string, name: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(name, value, 'it must be true or false');
}

function wholeNumber(value: string, name: string): string {
  if (!/^\d+$/.test(value)) throw invalid(name, value, 'it must be a whole number');
  return value;
}

function invalid(name: string, value: string, rule: string): PumpError {
  return new PumpError('INVALID_OPTION', `${name} is ${JSON.stringify(value)}: ${rule}`);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
