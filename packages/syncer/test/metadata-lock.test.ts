import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Deadline } from '../src/deadline.js';
import { JobReports } from '../src/job-reports.js';
import { tidbKeys } from '../src/schema-keys.js';
import { formatServerInfo } from '../src/server-info.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { LocalFleet, patience } from './local-fleet.js';

const { jobVersions, serverInfo, selfVersions } = tidbKeys;
const job = { jobId: 130n, version: 63n };
const ids = (behind: readonly { id: string }[]) => behind.map(({ id }) => id);

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

async function server(id: string, port: number) {
  const node = fleet.node({ id, protocol: 'metadata-lock', serverInfo: exampleServerInfo(id, port) });
  await node.init(patience);
  return node;
}

describe('what lies in etcd', () => {
  it('is the server info on the lease of the version key, and a key a job without a lease', async () => {
    const node = await server('a', 4000);
    await node.updateSelfVersion(job, patience);
    const info = (await fleet.client.get(`${serverInfo}/a`)).kv;
    expect(info?.value.toString()).toBe(formatServerInfo(exampleServerInfo('a', 4000)));
    expect(info?.lease).toBe(await fleet.leaseOf('a'));
    const report = (await fleet.client.get(`${jobVersions}/130/a`)).kv;
    expect([report?.value.toString(), report?.lease]).toEqual(['63', 0n]);
    expect(await fleet.read(`${selfVersions}/a`)).toBe('0');
  });

  it('is back after a restart: the version reported last, and the server info', async () => {
    const node = await server('a', 4000);
    await node.updateSelfVersion({ version: 62n }, patience);
    await node.updateSelfVersion(job, patience);
    await fleet.expire(node);
    await node.done;
    await node.restart(patience);
    expect(await fleet.read(`${selfVersions}/a`)).toBe('63');
    expect(await fleet.read(`${serverInfo}/a`)).toBeDefined();
  });

  it('goes with the node where reports hang on its lease, and is written anew on the next', async () => {
    const serverInfo = exampleServerInfo('a', 4000);
    const node = fleet.node({ id: 'a', protocol: 'metadata-lock', serverInfo, leasedJobVersions: true });
    await node.init(patience);
    await node.updateSelfVersion(job, patience);
    const lease = async () => (await fleet.client.get(`${jobVersions}/130/a`)).kv?.lease;
    expect(await lease()).toBe(await fleet.leaseOf('a'));
    await fleet.expire(node);
    await node.done;
    expect(await lease()).toBeUndefined();
    await node.restart(patience);
    await node.updateSelfVersion(job, patience);
    expect(await lease()).toBe(await fleet.leaseOf('a'));
  });

  it('is nothing of a node that took itself out, but for its reports', async () => {
    const node = await server('a', 4000);
    await node.updateSelfVersion(job, patience);
    await node.removeSelfVersionPath(patience);
    expect([await fleet.read(`${serverInfo}/a`), await fleet.read(`${selfVersions}/a`)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await fleet.read(`${jobVersions}/130/a`)).toBe('63');
  });

  it('is the highest of thirty reports that raced for one key', async () => {
    const policy = {
      tryTimeoutMs: 2_000,
      intervalMs: 30,
      maxIntervalMs: 1_000,
      logIntervalMs: 1_000,
      logger: undefined,
    };
    const deadline = new Deadline('Racing', patience);
    const raced = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        new JobReports(fleet.client, jobVersions, 'a', policy).report(130n, BigInt(index + 1), undefined, deadline),
      ),
    );
    deadline.end();
    expect(raced.every((version, index) => version >= BigInt(index + 1))).toBe(true);
    expect(await fleet.read(`${jobVersions}/130/a`)).toBe('30');
  });
});

describe('the owner', () => {
  it('hears of reports that were there before, that come, and that are taken back', async () => {
    const a = await server('a', 4000);
    const b = await server('b', 4001);
    await a.updateSelfVersion(job, patience);
    const progress = a.barrier(job, patience)[Symbol.asyncIterator]();
    expect(ids((await next(progress)).behind)).toEqual(['b']);
    await fleet.client.delete(`${jobVersions}/130/a`);
    expect(ids((await next(progress)).behind)).toEqual(['a', 'b']);
    await a.updateSelfVersion(job, patience);
    expect(ids((await next(progress)).behind)).toEqual(['b']);
    await b.updateSelfVersion(job, patience);
    expect((await next(progress)).synced).toBe(true);
  });

  it('does not take keys of another shape, or no numbers, for reports', async () => {
    const a = await server('a', 4000);
    for (const key of ['130', '130/', '/a', 'x/a', '130/a/b', '131/a', '0130/a'])
      await fleet.client.put(`${jobVersions}/${key}`, '63');
    await fleet.client.put(`${jobVersions}/130/a`, 'x');
    await expect(a.ownerCheckAllVersions(job, { timeoutMs: 200 })).rejects.toMatchObject({
      behind: [{ id: 'a', invalid: 'x' }],
    });
    expect(await a.updateSelfVersion(job, patience)).toBe(63n);
    expect(await a.ownerCheckAllVersions(job, patience)).toMatchObject({ total: 1 });
  });

  it('counts a server whose info cannot be read by its id, and ignores the reports of ids that are no servers', async () => {
    const a = await server('a', 4000);
    await fleet.client.put(`${serverInfo}/odd`, '{not json');
    await fleet.client.put(`${jobVersions}/130/ghost`, '1');
    await a.updateSelfVersion(job, patience);
    const error = await a.ownerCheckAllVersions(job, { timeoutMs: 200 }).catch((caught) => caught);
    expect(ids(error.behind)).toEqual(['odd']);
    await fleet.client.put(`${jobVersions}/130/odd`, '63');
    expect(await a.ownerCheckAllVersions(job, patience)).toMatchObject({ total: 2 });
  });

  it('sees at once that a server has left', async () => {
    const a = await server('a', 4000);
    const b = await server('b', 4001);
    await a.updateSelfVersion(job, patience);
    const waiting = a.ownerCheckAllVersions(job, patience);
    await fleet.client.delete(`${serverInfo}/${b.id}`);
    expect(await waiting).toMatchObject({ synced: true, total: 1 });
  });

  it('waits for several jobs at the same time, each for itself', async () => {
    const a = await server('a', 4000);
    const jobs = [1n, 2n, 3n, 4n].map((jobId) => ({ jobId, version: 60n + jobId }));
    const waits = jobs.map((each) => a.ownerCheckAllVersions(each, patience));
    for (const each of jobs.toReversed()) await a.updateSelfVersion(each, patience);
    expect((await Promise.all(waits)).map(({ target }) => target.jobId)).toEqual([1n, 2n, 3n, 4n]);
    for (const { jobId } of jobs) await a.ownerRemoveJobVersions(jobId, patience);
    expect((await fleet.client.range({ prefix: jobVersions })).count).toBe(0n);
  });
});
