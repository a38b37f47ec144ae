import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { parseDuration } from '../duration.js';
import { SettingError } from '../setting-error.js';
import { type Kind, SETTINGS, type Setting } from './setting-table.js';

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
