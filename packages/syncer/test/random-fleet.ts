import type { SyncProtocol } from '../src/syncer-options.js';
import { FleetProcess } from './fleet-processes.js';
import { history, judgeHistory, judgeUses } from './judge.js';
import { eventually, LocalFleet } from './local-fleet.js';
import { Wire } from './proxy.js';
import { seeded } from './random.js';

// Long enough that a busy machine does not make live processes look dead.
const ttlSeconds = 4;
const ids = (group: number, generation: number) =>
  Array.from({ length: 4 }, (_, index) => `n${group}.${generation}.${index}`);

/** What a run of the random fleet came to. */
export interface RandomFleetResult {
  readonly passed: number;
  readonly uses: number;
  readonly faults: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Twenty nodes in five processes and two candidates for owner, each behind a wire of its own. A seed decides who is killed and replaced,
 * who is frozen and for how long, whose wire is cut, and who leaves in order. Then the judges look at all that was done.
 */
export async function runRandomFleet(seed: number, rounds: number, protocol: SyncProtocol): Promise<RandomFleetResult> {
  await using fleet = await LocalFleet.start();
  const [target] = fleet.etcd.endpoints;
  if (target === undefined) throw new Error('no etcd');
  const random = seeded(seed);
  const wires = await Promise.all(Array.from({ length: 7 }, () => Wire.start(target)));
  const all: FleetProcess[] = [];
  const faults: string[] = [];
  const start = (slot: number, generation: number) => {
    const owner = slot >= 5;
    const made = new FleetProcess({
      role: owner ? 'owner' : 'members',
      protocol,
      endpoint: wires[slot]?.endpoint ?? target,
      ttlSeconds,
      ids: owner ? [`o${slot}.${generation}`] : ids(slot, generation),
    });
    all.push(made);
    return made;
  };
  const slots = wires.map((_, slot) => start(slot, 0));
  const newest = () =>
    all.map((each) => each.last('passed')).reduce((highest, passed) => (passed > highest ? passed : highest), -1n);
  const moves = async (what: string) => {
    const now = newest();
    await eventually(() => newest() > now + 1n, `the fleet moves on after ${what}`);
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    for (const each of slots.slice(0, 5)) await each.told('joined');
    await moves('the start');
    for (let round = 1; round <= rounds; round += 1) {
      const slot = Math.floor(random() * slots.length);
      const victim = slots[slot];
      const wire = wires[slot];
      const kind = ['kill', 'freeze', 'cut', 'leave'][Math.floor(random() * 4)] ?? 'kill';
      const ms = Math.floor(random() * ttlSeconds * 1_500);
      faults.push(`${kind} ${slot >= 5 ? 'owner' : 'members'} ${slot} ${ms}`);
      if (kind === 'kill' || kind === 'leave') {
        await victim?.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
        await pause(ms / 4);
        slots[slot] = start(slot, round);
      } else if (kind === 'freeze') {
        victim?.signal('SIGSTOP');
        await pause(ms);
        victim?.signal('SIGCONT');
      } else {
        wire?.cut();
        await pause(ms);
        wire?.heal();
      }
      await moves(faults.at(-1) ?? '');
    }
    for (const each of slots) await each.end('SIGTERM');
    const judged = judgeHistory(await history(fleet.client), protocol);
    const used = judgeUses(all.flatMap(({ events }) => events));
    return { passed: judged.passed, uses: used.uses, faults, problems: [...judged.problems, ...used.problems] };
  } finally {
    for (const each of all) await each.end();
    for (const wire of wires) await wire.close();
  }
}
