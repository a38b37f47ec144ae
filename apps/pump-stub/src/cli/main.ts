import { Command } from 'commander';
import { pino } from 'pino';
import manifest from '../../package.json' with { type: 'json' };
import { bench, defaultBenchDir } from '../bench/bench.js';
import { serveForBench } from '../bench/bench-server.js';
import { PumpError } from '../errors.js';
import { PumpServer } from '../pump-server.js';
import { checkDataDir } from './check.js';
import { addFlags, doubleDashes, readProgramOptions } from './flags.js';
import { loadOutcomes } from './outcomes-module.js';
import { tail } from './tail.js';

const program = new Command('pump-stub').description('A Pump for TiDB Binlog').allowExcessArguments(false);
// A real Pump tells its version by -V.
program.version(manifest.version, '-V, --version');

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

program
  .command('bench')
  .description('measure this machine as a Pump: it writes some GiB under --dir and deletes them')
  .option('--dir <path>', 'folder on the disk to measure', defaultBenchDir)
  .option('--sizes <bytes>', 'of a change, with commas', '256,1024,16384')
  .option('--writers <counts>', 'with commas', '1,16,64,256')
  .option('--seconds <n>', 'for each row', '1.5')
  .option('--binlogs <n>', 'of the log that is pulled and recovered', '1000000')
  .option('--stored-bytes <n>', 'of a change of that log', '256')
  .option('--load-seconds <n>', 'of a load of the first size and the last count, whose memory is watched', '0')
  .action(async (flags: Record<BenchFlag, string>) => {
    await bench({
      dir: flags.dir,
      sizes: positiveNumbers('sizes', flags.sizes),
      writers: positiveNumbers('writers', flags.writers),
      seconds: positiveNumber('seconds', flags.seconds),
      binlogs: positiveNumber('binlogs', flags.binlogs),
      storedBytes: positiveNumber('stored-bytes', flags.storedBytes),
      loadSeconds: flags.loadSeconds === '0' ? 0 : positiveNumber('load-seconds', flags.loadSeconds),
      print: (line) => process.stdout.write(`${line}\n`),
    });
  });

program.command('bench-server', { hidden: true }).argument('<kind>').argument('<dir>').action(serveForBench);

type BenchFlag = 'dir' | 'sizes' | 'writers' | 'seconds' | 'binlogs' | 'storedBytes' | 'loadSeconds';

function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new PumpError('INVALID_OPTION', `${flag} is ${JSON.stringify(text)}: it must be greater than 0`);
}

function positiveNumbers(flag: string, text: string): number[] {
  return text.split(',').map((part) => positiveNumber(flag, part));
}

async function serve(flags: Record<string, string | boolean | undefined>): Promise<void> {
  const { pump: options, logLevel, logFile, outcomes } = await readProgramOptions(flags, process.env);
  const logger = pino({ level: logLevel }, pino.destination({ dest: logFile ?? 2, sync: true }));
  const pdUrls = options.pdUrls ?? [];
  const pump = await PumpServer.start({
    ...options,
    logger,
    ...(outcomes && { outcomes: await loadOutcomes(outcomes, { pdUrls, logger }) }),
  });
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
