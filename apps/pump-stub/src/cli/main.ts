import { Command } from 'commander';
import { pino } from 'pino';
import { PumpError } from '../errors.js';
import { PumpServer } from '../pump-server.js';
import { checkDataDir } from './check.js';
import { addFlags, doubleDashes, readProgramOptions } from './flags.js';
import { tail } from './tail.js';

const program = new Command('pump-stub').description('A Pump for TiDB Binlog').allowExcessArguments(false);

addFlags(program.command('serve', { isDefault: true }).description('serve as a Pump (the default)')).action(serve);

program
  .command('tail')
  .description('print the binlogs that a Pump holds, decoded')
  .requiredOption('--addr <host:port>', 'the Pump')
  .option('--cluster-id <id>', "the cluster's id; default what the Pump says")
  .option('--from <ts>', 'commit_ts to start after', '0')
  .option('--follow', 'wait for more at the end')
  .option('--json', 'one JSON object a line')
  .action(tail);

program
  .command('check')
  .description('verify a data directory that no Pump works in')
  .argument('<dir>')
  .action(async (dir: string) => {
    const isSound = await checkDataDir(dir, (line) => process.stdout.write(`${line}\n`));
    process.exitCode = isSound ? 0 : 1;
  });

async function serve(flags: Record<string, string | boolean | undefined>): Promise<void> {
  const { pump: options, logLevel, logFile } = await readProgramOptions(flags, process.env);
  const logger = pino({ level: logLevel }, pino.destination({ dest: logFile ?? 2, sync: true }));
  const pump = await PumpServer.start({ ...options, logger });
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      logger.info({ signal }, 'closing');
      pump.close().catch((error: unknown) => logger.error({ error: String(error) }, 'cannot close'));
    });
  }
  await pump.done;
}

program.parseAsync([...process.argv.slice(0, 2), ...doubleDashes(process.argv.slice(2))]).then(
  () => process.exit(),
  (error: unknown) => {
    const failure = PumpError.from(error, 'INVALID_OPTION');
    process.stderr.write(`pump-stub: [${failure.code}] ${failure.message}\n`);
    process.exit(failure.code === 'NOTIFY_FAILED' ? 2 : 1);
  },
);
