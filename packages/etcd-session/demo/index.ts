// A live view of what this package does: a real etcd, three processes that contend for one leadership, and what happens
// when the one that leads is killed or frozen. Keys 1-3 kill or start a process, f freezes the leader, q ends.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LocalEtcd } from '../src/local-etcd/index.js';

interface Told {
  readonly name: string;
  readonly event: 'waiting' | 'leads' | 'worked' | 'fenced' | 'lost';
  readonly lease?: string;
  readonly count?: number;
  readonly remainingMs?: number;
  readonly reason?: string;
}

interface Contender {
  readonly name: string;
  child: ChildProcess;
  state: string;
}

const FREEZE_MS = 8_000;
const began = performance.now();
const contenders: Contender[] = [];
let ending = false;

function say(text: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(2).padStart(8)} s  ${text}`);
}

say('starting an etcd');
const etcd = await LocalEtcd.start();
say(`etcd is up at ${etcd.endpoints.join(',')}; try: etcdctl --endpoints ${etcd.endpoints[0]} get --prefix /demo/`);
say(`another candidate from your terminal: etcdctl --endpoints ${etcd.endpoints[0]} elect /demo/leader me`);

function start(name: string): ChildProcess {
  const child = fork(
    fileURLToPath(new URL('contender-process.ts', import.meta.url)),
    [name, etcd.endpoints.join(',')],
    {
      execArgv: ['--import', 'tsx'],
    },
  );
  child.on('message', (message) => hear(message as Told));
  child.on('exit', (code, signal) => {
    const contender = contenders.find((one) => one.child === child);
    if (contender === undefined || ending) return;
    contender.state = 'dead';
    say(
      `${name} is dead (${signal ?? `exit code ${code}`}); what it held ends with its lease, 4 s after its last keepalive`,
    );
  });
  return child;
}

function hear(told: Told): void {
  const contender = contenders.find((one) => one.name === told.name);
  if (contender === undefined) return;
  if (told.event === 'worked') {
    contender.state = `leads, counted to ${told.count}, lease good for ${told.remainingMs} ms`;
    if ((told.count ?? 0) % 10 === 0) say(`${told.name} ${contender.state}`);
    return;
  }
  contender.state = told.event;
  const more = told.lease ? ` (key /demo/leader/${told.lease})` : told.reason ? `: ${told.reason}` : '';
  const words = {
    waiting: 'waits in the queue',
    leads: 'LEADS',
    fenced: 'was stopped by its fence',
    lost: 'knows that it no longer leads',
  };
  say(`${told.name} ${words[told.event]}${more}`);
}

function leader(): Contender | undefined {
  return contenders.find((one) => one.state.startsWith('leads'));
}

function freeze(contender: Contender): void {
  say(`freezing ${contender.name} for ${FREEZE_MS / 1000} s (SIGSTOP), which is longer than its lease`);
  contender.child.kill('SIGSTOP');
  setTimeout(() => {
    say(`${contender.name} goes on (SIGCONT): it must find out by itself`);
    contender.child.kill('SIGCONT');
  }, FREEZE_MS);
}

function toggle(contender: Contender): void {
  if (contender.state === 'dead') {
    contender.child = start(contender.name);
    contender.state = 'starting';
  } else {
    say(`killing ${contender.name} (SIGKILL)`);
    contender.child.kill('SIGKILL');
  }
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  say('ending');
  for (const { child } of contenders) {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
  }
  setTimeout(() => {
    for (const { child } of contenders) child.kill('SIGKILL');
  }, 3_000).unref();
  await Promise.all(
    contenders.map(({ child }) =>
      child.exitCode === null && child.signalCode === null
        ? new Promise((resolve) => child.once('exit', resolve))
        : undefined,
    ),
  );
  await etcd.close();
  process.exit(0);
}

for (const name of ['a', 'b', 'c']) contenders.push({ name, child: start(name), state: 'starting' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());

if (process.stdin.isTTY) {
  process.stdin.setRawMode(true);
  process.stdin.on('data', (key: Buffer) => {
    const text = key.toString();
    const contender = contenders[Number(text) - 1];
    const leading = leader();
    if (text === 'q' || text === '\u0003') void end();
    else if (contender !== undefined) toggle(contender);
    else if (text === 'f' && leading !== undefined) freeze(leading);
    else for (const one of contenders) say(`  ${one.name}: ${one.state}`);
  });
}
say('keys: 1, 2, 3 kill or start a, b, c; f freezes the leader; q ends; any other shows who does what');
say(`without a terminal: kill -9 ${contenders.map(({ child }) => child.pid).join(' | ')}; Ctrl-C ends`);
