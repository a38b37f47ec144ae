import { existsSync, mkdirSync, readdirSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { Control, control, refuseSecond, runningFolder } from '../playground/control.js';
import { type ComponentInfo, Playground } from '../playground/playground.js';
import { installedPrograms } from '../playground/programs.js';
import { otherwise } from './commands.js';

interface PlaygroundFlags {
  readonly db: number;
  readonly pump: number;
  readonly etcd: 1 | 3;
  readonly tag?: string;
  readonly portOffset: number;
  readonly endpoints?: string;
  readonly watch?: boolean;
}

/** A change of the built programs is followed by a rolling restart after this pause, when the build has settled. */
const SETTLE_MS = 1_500;

/** `tidb-node playground`, in the manner of `tiup playground`. */
export function addPlaygroundCommand(program: Command): void {
  // Options after a subcommand are the subcommand's: `scale-out --db 1` adds one node to what runs.
  const playground = program
    .enablePositionalOptions()
    .command('playground')
    .enablePositionalOptions()
    .description('a whole cluster on this machine: etcd, nodes, Pumps')
    .option('--db <count>', 'nodes', count, 1)
    .option('--pump <count>', 'Pumps', count, 1)
    .option('--etcd <members>', 'members of the etcd: 1 or 3', members, 1)
    .option('--tag <name>', 'keep the data under this name')
    .option('--port-offset <n>', 'added to the ports 4000, 10081 and 8250', count, 0)
    .option('--endpoints <list>', 'use this etcd instead of starting one')
    .option('--watch', 'restart nodes and Pumps one by one when their programs change');
  playground
    .command('display')
    .description('what runs')
    .option('--tag <name>')
    .action(async (flags: { tag?: string }) => {
      printTable(await control(runningFolder(flags.tag), { command: 'display' }));
    });
  playground
    .command('scale-out')
    .description('add nodes or Pumps')
    .option('--db <count>', 'nodes', count, 0)
    .option('--pump <count>', 'Pumps', count, 0)
    .option('--tag <name>')
    .action(async ({ tag, ...counts }: { tag?: string; db: number; pump: number }) => {
      printTable(await control(runningFolder(tag), { command: 'scale-out', ...counts }));
    });
  for (const command of ['scale-in', 'restart'] as const) {
    playground
      .command(`${command} <name>`)
      .description(
        command === 'restart' ? 'stop a component (or find it dead) and start it again' : 'stop a component for good',
      )
      .option('--tag <name>')
      .action(async (name: string, { tag }: { tag?: string }) => {
        printTable(await control(runningFolder(tag), { command, name }));
      });
  }
  otherwise(playground, run);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('it must be a whole number, 0 or more.');
  return value;
}

function members(text: string): 1 | 3 {
  const value = Number(text);
  if (value !== 1 && value !== 3) throw new InvalidArgumentError('an etcd has 1 or 3 members here.');
  return value;
}

function printTable(components: readonly ComponentInfo[]): void {
  const rows = [
    ['NAME', 'PID', 'STATE', 'ADDRESS', 'STATUS', 'LOG'],
    ...components.map((one) => [one.name, String(one.pid ?? '-'), one.state, one.address, one.statusUrl, one.logFile]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

async function run(flags: PlaygroundFlags): Promise<void> {
  const stop = new AbortController();
  let insisted = 0;
  const onSignal = () => {
    insisted += 1;
    if (insisted === 1) console.log('\nstopping the cluster (again to stop waiting)');
    else process.exit(1);
    stop.abort(new Error('stopped by a signal'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Nobody reads any more, as after `| head`: what it would print then is of no use to anyone, and the cluster has no one to stop it.
  process.stdout.once('error', () => stop.abort(new Error('its output was closed'))).on('error', () => undefined);

  if (flags.tag !== undefined) await refuseSecond(flags.tag);
  const playground = await Playground.create({
    db: flags.db,
    pump: flags.pump,
    etcd: flags.etcd,
    portOffset: flags.portOffset,
    programs: installedPrograms(),
    signal: stop.signal,
    ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    ...(flags.endpoints === undefined ? {} : { endpoints: flags.endpoints.split(',') }),
  });
  playground.on('progress', (message) => console.log(`  ${message}`));
  playground.on('lost', (name, how) => {
    console.log(`  ${name} ended (${how}); 'tidb-node playground restart ${name}' brings it back`);
  });
  let controls: Control | undefined;
  let watching: { close(): void } | undefined;
  try {
    await playground.up();
    const folder = runningFolder(flags.tag);
    mkdirSync(folder, { recursive: true });
    controls = await Control.start(playground, folder);
    if (flags.watch) watching = rollOnChange(playground);
    greet(playground);
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    watching?.close();
    await controls?.close();
    await playground.close();
    console.log(
      flags.tag === undefined
        ? 'stopped; the data is thrown away (keep it with --tag)'
        : `stopped; the data is in ${playground.folder}`,
    );
  }
}

function greet(playground: Playground): void {
  const components = playground.display();
  const nodes = components.filter(({ kind }) => kind === 'db');
  console.log('\nThe cluster is up.\n');
  for (const { address, name } of nodes) {
    const [host, port] = address.split(':');
    console.log(`  ${name}   mysql -h ${host} -P ${port} -u root`);
  }
  const first = nodes[0];
  if (first !== undefined) console.log(`  page   ${first.statusUrl.replace(/status$/, '')}`);
  const pump = components.find(({ kind }) => kind === 'pump');
  if (pump !== undefined) console.log(`  binlog npx pump-stub tail --addr ${pump.address} --follow`);
  console.log(`  etcd   ${playground.endpoints.join(',')}`);
  console.log(`  logs   ${join(playground.folder, 'logs')}`);
  console.log('\nNext: connect, create a table, and add an index while you insert; the page shows each state.');
  console.log(
    'Kill a node (kill -9 PID): the others go on. See `display`, `scale-out`, `scale-in`, `restart`. Ctrl-C stops everything.\n',
  );
}

/** Restarts the processes one after the other when the programs they run are built anew. */
function rollOnChange(playground: Playground): { close(): void } {
  const programs = installedPrograms();
  const folders = [programs.node, programs.pump]
    .map((file) => join(dirname(dirname(file)), 'dist'))
    .filter((folder) => existsSync(folder));
  let timer: NodeJS.Timeout | undefined;
  let rolling = Promise.resolve();
  const roll = async () => {
    if (folders.some((folder) => !readdirSync(folder).includes('cli.js'))) return;
    console.log('  programs changed: restarting one by one');
    for (const { kind, name } of playground.display()) {
      if (kind !== 'etcd') await playground.restart(name).catch((error: Error) => console.log(`  ${error.message}`));
    }
  };
  const watchers = folders.map((folder) =>
    watch(folder, () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        rolling = rolling.then(roll);
      }, SETTLE_MS);
    }),
  );
  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
