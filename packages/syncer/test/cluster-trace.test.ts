import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { isReload, jobOf, nodesOf, perVersion, stepOf, traceOf, traces } from './cluster-trace.js';
import { history } from './judge.js';
import { LocalFleet, patience } from './local-fleet.js';

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

describe.each(traces)('$name in a cluster of two TiDB servers', ({ events }) => {
  const read = events.filter((event) => !isReload(event));
  const steps = perVersion(read).map(stepOf);
  const ids = nodesOf(read);
  const jobs = new Map(steps.map((step) => [step.version, jobOf(step)]));
  const before = Math.min(...steps.map(({ version }) => Number(version))) - 1;
  const protocol = [...jobs.values()].includes(undefined) ? 'version-keys' : 'metadata-lock';
  const target = (version: bigint) => {
    const jobId = jobs.get(version);
    return jobId === undefined ? version : { version, jobId };
  };

  /** The cluster's two nodes at the version before the statement; then they report each version for the job that it belongs to. */
  async function follow(signal: AbortSignal) {
    const nodes = ids.map((id, index) =>
      fleet.node({
        id,
        protocol,
        serverInfo: exampleServerInfo(id, 4000 + 10 * index),
        // A try that is given up on and lands late would be one more write.
        tryTimeoutMs: 20_000,
        ttlSeconds: 60,
      }),
    );
    for (const node of nodes) {
      await node.init(patience);
      await node.ownerUpdateGlobalVersion(BigInt(before), patience);
      await node.updateSelfVersion({ version: BigInt(before) }, patience);
    }
    const following = nodes.map(async (node) => {
      for await (const version of node.globalVersions({ signal }))
        await node.updateSelfVersion({ version, jobId: jobs.get(version) ?? 0n }, patience);
    });
    return { ended: Promise.all(following) };
  }

  it('is two nodes, and one version after the other', () => {
    expect(ids).toHaveLength(2);
    expect(steps.map(({ version }) => version)).toEqual(steps.map((_, index) => BigInt(before + 1 + index)));
  });

  it('has the keys, the values and the order per version that this fleet writes', async () => {
    const stop = new AbortController();
    const { ended } = await follow(stop.signal);
    const owner = fleet.node({ id: 'owner', protocol });
    const { revision } = await fleet.client.put('/mark', '');
    for (const { version } of steps) {
      const jobId = jobs.get(version);
      await owner.ownerUpdateGlobalVersion(version, patience);
      expect(await owner.ownerCheckAllVersions(target(version), patience)).toMatchObject({ total: 2 });
      if (jobId !== undefined) await owner.ownerRemoveJobVersions(jobId, patience);
    }
    stop.abort();
    await ended;
    const ours = (await history(fleet.client))
      .filter(({ kv }) => kv.modRevision > revision && kv.key.toString().startsWith('/tidb/ddl/'))
      .map(traceOf);
    expect(perVersion(ours).map(stepOf)).toEqual(steps);
    // v6.6 hangs a job's reports on the session's lease; v8.5 and this fleet on none, since the owner removes them.
    for (const { op, key, lease } of ours)
      if (op === 'put') expect([key, lease]).toEqual([key, key.startsWith(`${tidbKeys.selfVersions}/`)]);
  });

  it('is followed by an owner of this fleet: the last report syncs a version, and nothing before it', async () => {
    const owner = fleet.node({ id: 'onlooker', protocol });
    const { id: lease } = await fleet.client.leaseGrant(600);
    for (const [index, id] of ids.entries()) {
      const info = JSON.stringify(exampleServerInfo(id, 4000 + 10 * index));
      await fleet.client.put(`${tidbKeys.serverInfo}/${id}`, info, { lease });
      await fleet.client.put(`${tidbKeys.selfVersions}/${id}`, String(before), { lease });
    }
    for (const [raise, ...rest] of perVersion(events)) {
      await fleet.client.put(tidbKeys.globalVersion, raise?.value ?? '');
      const barrier = owner.barrier(target(BigInt(raise?.value ?? '')), patience)[Symbol.asyncIterator]();
      let behind = ids;
      const check = async () =>
        expect(await next(barrier)).toMatchObject({
          synced: behind.length === 0,
          behind: behind.map((id) => ({ id })),
        });
      await check();
      for (const event of rest) {
        if (event.op === 'delete') await fleet.client.delete(event.key);
        else await fleet.client.put(event.key, event.value ?? '', event.lease ? { lease } : {});
        if (event.op === 'delete' || isReload(event)) continue;
        behind = behind.filter((id) => !event.key.endsWith(`/${id}`));
        await check();
      }
      expect(behind).toEqual([]);
    }
  });
});
