import { EtcdClient, OwnerManager, op } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer } from '../src/etcd-schema-syncer.js';
import { FleetMember } from '../src/fleet-member.js';
import type { ServerInfo } from '../src/server-info.js';
import type { SyncProtocol } from '../src/syncer-options.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { jobOf } from './job-of.js';

/**
 * A process of a fleet, driven by the test: `members <protocol> <endpoint> <ttl> <id>...` keeps members in step and tells every use of a version;
 * `owner <protocol> <endpoint> <ttl> <id>` raises the version by one and waits for all, over and over, whenever it owns.
 *
 * One event a line: the time in nanoseconds of the clock that all processes of a machine share, and what happened.
 */
const [role, spoken, endpoint, ttl, ...ids] = process.argv.slice(2);
if (endpoint === undefined) throw new Error('endpoint is missing');
const protocol: SyncProtocol = spoken === 'metadata-lock' ? spoken : 'version-keys';
const client = new EtcdClient({ endpoints: endpoint, coalesce: true });
const ttlSeconds = Number(ttl);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
// The test is gone.
process.stdin.on('end', () => process.exit(1)).resume();

function tell(at: bigint, ...event: unknown[]): void {
  process.stdout.write(`${at} ${event.join(' ')}\n`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `n<process>.<generation>.<index>`: a process that replaces another is at the same addresses, and was started later. */
function serverInfoOf(id: string): ServerInfo {
  const [, process = '0', generation = '0', index = '0'] = /^n(\d+)\.(\d+)\.(\d+)$/.exec(id) ?? [];
  return exampleServerInfo(id, 4_000 + Number(process) * 10 + Number(index), { start_timestamp: Number(generation) });
}

async function member(id: string): Promise<void> {
  const syncer = new EtcdSchemaSyncer(client, { id, protocol, ttlSeconds, serverInfo: serverInfoOf(id) });
  await using node = await FleetMember.join(syncer, {
    signal: stop.signal,
    load: async () => {
      await pause(Math.random() * 10);
    },
    jobsOf: (version) => [jobOf(version)],
  });
  tell(process.hrtime.bigint(), 'joined', id);
  while (!stop.signal.aborted) {
    // The time is taken first: what is allowed after it was allowed at it.
    const at = process.hrtime.bigint();
    try {
      tell(at, 'use', id, node.version());
    } catch {
      tell(at, 'out', id);
    }
    await pause(15);
  }
}

async function owner(id: string): Promise<void> {
  const manager = new OwnerManager(client, { id, ttlSeconds });
  const syncer = new EtcdSchemaSyncer(client, { id, protocol });
  await manager.campaign({ attempts: 'unlimited', signal: stop.signal });
  while (!stop.signal.aborted) {
    try {
      await manager.whenOwner({ signal: stop.signal });
      // Whoever owned before may have died between its raise and the end of its wait.
      const found = await syncer.mustGetGlobalVersion({ signal: stop.signal });
      await syncer.ownerCheckAllVersions({ version: found, jobId: jobOf(found) }, { signal: stop.signal });
      tell(process.hrtime.bigint(), 'passed', id, found);
      for (let version = found + 1n; manager.isOwner; version += 1n) {
        const fence = manager.fence();
        tell(process.hrtime.bigint(), 'raise', id, version);
        await syncer.ownerUpdateGlobalVersion(version, { fence, signal: stop.signal });
        await syncer.ownerCheckAllVersions({ version, jobId: jobOf(version) }, { signal: stop.signal });
        tell(process.hrtime.bigint(), 'passed', id, version);
        await client.txn({ compare: fence, success: [op.put(`/judge/passed/${version}`, id)] });
        // Only now: whoever owns next may have to wait for the last version of that job.
        if (jobOf(version) > jobOf(version - 1n)) await syncer.ownerRemoveJobVersions(jobOf(version - 1n), { fence });
      }
    } catch (error) {
      if (!stop.signal.aborted) tell(process.hrtime.bigint(), 'failed', id, JSON.stringify(String(error)));
    }
    await pause(20);
  }
  await manager.close();
  await syncer.close();
}

await Promise.all(ids.map((id) => (role === 'owner' ? owner(id) : member(id))));
await client.close();
process.exit(0);
