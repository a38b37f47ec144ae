import { pause } from './client.js';
import type { BankCluster } from './cluster.js';
import type { Random } from './random.js';

export type Fault = 'node' | 'owner' | 'pump' | 'etcd' | 'freeze';

/** Breaks one thing at a time, at random, and mends it, until the end. Answers what was done. */
export async function breakThings(
  cluster: BankCluster,
  random: Random,
  faults: readonly Fault[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const done: string[] = [];
  // Each kind comes once before one comes again: a short trial sees them all.
  let left: Fault[] = [];
  while (!signal.aborted) {
    await pause(1_500 + random.below(2_000), signal);
    if (signal.aborted) break;
    if (left.length === 0) left = [...faults];
    const fault = random.one(left);
    left.splice(left.indexOf(fault), 1);
    const what = await strike(cluster, random, fault, signal);
    done.push(what);
    say(what);
  }
  return done;
}

async function strike(cluster: BankCluster, random: Random, fault: Fault, signal: AbortSignal): Promise<string> {
  if (fault === 'etcd') {
    const member = random.one(cluster.etcd.members);
    await member.kill();
    await pause(random.below(1_500), signal);
    await member.restart();
    return `etcd member ${member.name} killed and restarted`;
  }
  const owner = fault === 'owner' ? await cluster.owner() : undefined;
  const name = owner ?? random.one(cluster.names(fault === 'pump' ? 'pump' : 'db'));
  if (fault === 'freeze') {
    cluster.signal(name, 'SIGSTOP');
    await pause(3_000 + random.below(4_000), signal);
    cluster.signal(name, 'SIGCONT');
    return `${name} stood still for a while`;
  }
  cluster.signal(name, 'SIGKILL');
  await pause(random.below(1_500), signal);
  await cluster.restart(name);
  return `${name}${owner === undefined ? '' : ' (the owner)'} killed and restarted`;
}
