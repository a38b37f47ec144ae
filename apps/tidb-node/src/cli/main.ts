import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { pino } from 'pino';
import { TidbNode } from '../node.js';
import { type NodeOptions, SERVER_VERSION } from '../node-options.js';
import { PlaygroundError } from '../playground/errors.js';
import { SettingError } from '../setting-error.js';
import { StorageError } from '../storage/errors.js';
import { otherwise } from './commands.js';
import { addPlaygroundCommand } from './playground-command.js';
import { addPumpCommand } from './pump-command.js';
import { SETTINGS } from './setting-table.js';
import { type NodeSettings, readPassword, settingsOf } from './settings.js';

const program = new Command('tidb-node')
  .description('A node that speaks the MySQL protocol on etcd, with TiDB’s online schema change and binlog')
  .version(SERVER_VERSION, '-V, --version')
  .option('--config <file>', 'TOML file; flags go before it');
for (const setting of Object.values(SETTINGS)) program.option(setting.flag, setting.about);
addPlaygroundCommand(program);
addPumpCommand(program);
otherwise(program, run);

/** Names of commander's values that differ from the settings'. */
const RENAMED: Readonly<Record<string, string>> = {
  status: 'statusPort',
  lease: 'leaseMs',
  sessionTtl: 'sessionTtlMs',
  binlogWriteTimeout: 'binlogWriteTimeoutMs',
};

async function run(flags: Record<string, unknown>): Promise<void> {
  const { config, ...given } = flags;
  const renamed = Object.fromEntries(Object.entries(given).map(([name, value]) => [RENAMED[name] ?? name, value]));
  // Commander sets a --no- flag to true where it is not given: the file decides then.
  if (renamed.metadataLock === true) delete renamed.metadataLock;
  const settings = settingsOf(renamed, config === undefined ? undefined : readText(String(config)), String(config));
  const logger = pino(
    { level: settings.logLevel, base: null },
    pino.destination({ dest: settings.logFile ?? 1, sync: true }),
  );
  const stop = new AbortController();
  let node: TidbNode | undefined;
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    if (signals > 1) process.exit(1);
    stop.abort(new Error('stopped by a signal'));
    logger.info({}, 'stopping');
    void node?.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  node = await TidbNode.start({ ...optionsOf(settings), logger, signal: stop.signal }).catch((error: unknown) => {
    if (!(error instanceof StorageError && error.code === 'UNAVAILABLE')) throw error;
    throw new SettingError(
      `no etcd answers at ${settings.path.join(',')} (${error.message}); start it, or correct --path`,
    );
  });
}

function optionsOf(settings: NodeSettings): Omit<NodeOptions, 'logger'> {
  const strategy = settings.binlogStrategy;
  if (strategy !== 'range' && strategy !== 'hash' && strategy !== 'score') {
    throw new SettingError(`--binlog-strategy is "${strategy}"; it must be range, hash or score`);
  }
  return {
    endpoints: settings.path,
    host: settings.host,
    port: settings.port,
    advertiseAddress: settings.advertiseAddress,
    statusHost: settings.statusHost,
    statusPort: settings.statusPort,
    leaseMs: settings.leaseMs,
    metadataLock: settings.metadataLock,
    maxConnections: settings.maxConnections,
    ...(settings.sessionTtlMs === undefined ? {} : { sessionTtlSeconds: wholeSeconds(settings.sessionTtlMs) }),
    insecure: settings.insecure,
    ...(settings.enableBinlog
      ? {
          binlog: {
            strategy,
            writeTimeoutMs: settings.binlogWriteTimeoutMs,
            ignoreError: settings.ignoreBinlogError,
            ...(settings.binlogSocket === '' ? {} : { socket: socketAddress(settings.binlogSocket) }),
          },
        }
      : {}),
    ...(settings.rootPasswordFile === undefined ? {} : { rootPassword: readPassword(settings.rootPasswordFile) }),
    ...tlsOf(settings),
    ...(settings.clusterSslCa === undefined
      ? {}
      : {
          clusterTls: {
            ca: readText(settings.clusterSslCa),
            ...(settings.clusterSslCert === undefined ? {} : { cert: readText(settings.clusterSslCert) }),
            ...(settings.clusterSslKey === undefined ? {} : { key: readText(settings.clusterSslKey) }),
          },
        }),
  };
}

function wholeSeconds(ms: number): number {
  if (ms >= 2_000 && ms % 1_000 === 0) return ms / 1_000;
  throw new SettingError(`--session-ttl is ${ms} ms; it must be whole seconds, 2s or more`);
}

/** TiDB writes `unix:///path`, and a bare path is meant so too. */
function socketAddress(text: string): string {
  return `unix:${text.replace(/^unix:(\/\/)?/, '')}`;
}

function tlsOf({ sslCa, sslCert, sslKey }: NodeSettings): Pick<NodeOptions, 'tls'> | Record<string, never> {
  if (sslCert === undefined && sslKey === undefined) return {};
  if (sslCert === undefined || sslKey === undefined)
    throw new SettingError('--ssl-cert and --ssl-key go together; give both or none');
  return {
    tls: { cert: readText(sslCert), key: readText(sslKey), ...(sslCa === undefined ? {} : { ca: readText(sslCa) }) },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SettingError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

function fail(error: unknown): never {
  const text = error instanceof Error ? (isForeseen(error) ? error.message : error.stack) : String(error);
  console.error(`tidb-node: ${text}`);
  process.exit(1);
}

/** Whether an error is one that the message alone explains; the stack is for the others. */
function isForeseen(error: Error): boolean {
  if (error instanceof SettingError || error instanceof PlaygroundError) return true;
  // Those of the packages and of the system have a code; Node's own for a wrong call begin with ERR_.
  return 'code' in error && !String(error.code).startsWith('ERR_');
}

/** TiDB's flags also go with a single dash: -path, -enable-binlog. */
const argv = process.argv.map((word) =>
  /^-[a-z][a-z-]+/i.test(word) && !/^-[PLV]\d*$/.test(word) ? `-${word}` : word,
);
program.parseAsync(argv).catch(fail);
