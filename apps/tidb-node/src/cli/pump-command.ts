import { EtcdClient } from '@tidb-js/etcd-session';
import { PumpServer } from '@tidb-js/pump-stub';
import type { Command } from 'commander';
import { pino } from 'pino';
import { ddlBinlog, StorageJobStates } from '../ddl/job-states.js';
import { SettingError } from '../setting-error.js';
import { EtcdStorage } from '../storage/etcd-storage.js';
import { StorageOutcomes } from '../storage/outcome.js';

interface PumpFlags {
  readonly addr: string;
  readonly pdUrls: string;
  readonly dataDir: string;
  readonly nodeId?: string;
  readonly stopWriteAtAvailableSpace: string;
  readonly logLevel: string;
}

/**
 * `tidb-node pump`: a Pump for a cluster of these nodes. It takes its timestamps from the cluster's oracle, and settles a transaction whose
 * outcome it was not told by asking the cluster's storage, where it also looks up the job of each DDL binlog.
 */
export function addPumpCommand(program: Command): void {
  program
    .command('pump')
    .description('a Pump that asks this cluster’s storage for the outcome of unfinished transactions')
    .requiredOption('--data-dir <folder>', 'where binlogs are kept')
    .option('--addr <host:port>', 'address to listen on', '127.0.0.1:8250')
    .option('--pd-urls <urls>', 'etcd endpoints, separated by commas', 'http://127.0.0.1:2379')
    .option('--node-id <id>', 'name in the registry (default: hostname:port)')
    .option(
      '--stop-write-at-available-space <bytes>',
      'free bytes on the disk under which writes are refused',
      '1073741824',
    )
    .option('-L, --log-level <level>', 'debug, info, warn or error', 'info')
    .action((flags: PumpFlags) => run(flags));
}

async function run(flags: PumpFlags): Promise<void> {
  const logger = pino({ level: flags.logLevel, base: null });
  const pdUrls = flags.pdUrls.split(',');
  const space = Number(flags.stopWriteAtAvailableSpace);
  if (!Number.isSafeInteger(space) || space < 0) {
    throw new SettingError(
      `--stop-write-at-available-space is "${flags.stopWriteAtAvailableSpace}"; it must be a number of bytes`,
    );
  }
  const client = new EtcdClient({ endpoints: pdUrls, logger });
  const storage = await EtcdStorage.open({ client, logger });
  const pump = await PumpServer.start({
    pdUrls,
    dataDir: flags.dataDir,
    address: flags.addr,
    stopWriteAtAvailableSpace: space,
    outcomes: new StorageOutcomes(storage),
    jobs: new StorageJobStates(storage),
    ddlBinlog,
    timestamps: { next: (options) => storage.timestamp(options) },
    logger,
    ...(flags.nodeId === undefined ? {} : { nodeId: flags.nodeId }),
  });
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void pump
      .close()
      .then(() => storage.close())
      .then(() => client.close())
      .then(() => process.exit(0))
      .catch((error: Error) => {
        logger.error({ err: error }, 'the pump did not stop cleanly');
        process.exit(1);
      });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  logger.info({ address: pump.address, nodeId: pump.nodeId }, 'pump is up');
}
