import { EtcdClient } from '@tidb-js/etcd-session';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EtcdSchemaSyncer } from '../src/etcd-schema-syncer.js';
import { FleetMember } from '../src/fleet-member.js';
import { parseJobKey, tidbKeys } from '../src/schema-keys.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { eventually } from './local-fleet.js';
import { TidbCluster, whyNoTidbCluster } from './tidb-cluster.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
const patience = { timeoutMs: 120_000 };
const missing = await whyNoTidbCluster();

interface JobReport {
  readonly jobId: bigint;
  readonly id: string;
  readonly version: bigint;
}

/** How many have reported a version above this one. */
function reporters(reports: readonly JobReport[], above: bigint): number {
  return new Set(reports.filter(({ version }) => version > above).map(({ id }) => id)).size;
}

describe.skipIf(missing)(`beside two real TiDB servers${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let cluster: TidbCluster;
  let client: EtcdClient;
  beforeAll(async () => {
    cluster = await TidbCluster.start(2);
    client = new EtcdClient({ endpoints: cluster.endpoint });
  });
  afterAll(async () => {
    await client?.close();
    await cluster?.close();
  });

  /** A DDL on the first server, and whether it is still running. */
  function ddl(text: string) {
    const state = { ended: false };
    const done = cluster.sql(0, text).finally(() => {
      state.ended = true;
    });
    done.catch(() => {});
    return { state, done };
  }

  /** What servers report for jobs from now on, oldest first. */
  async function followReports(): Promise<{ readonly reports: JobReport[]; stop(): void }> {
    const prefix = `${tidbKeys.jobVersions}/`;
    const watch = client.watch({ prefix });
    await watch.ready;
    const reports: JobReport[] = [];
    void (async () => {
      for await (const { events } of watch) {
        for (const { type, kv } of events) {
          const key = parseJobKey(kv.key.toString().slice(prefix.length));
          if (type === 'put' && key && key.jobId > 0n) reports.push({ ...key, version: BigInt(kv.value.toString()) });
        }
      }
    })();
    return { reports, stop: () => watch.close() };
  }

  const second = () => new Promise((resolve) => setTimeout(resolve, 1_000));

  it('by metadata lock their owner lists us, waits for our report, and takes it', async () => {
    expect(await cluster.sql(0, 'select @@global.tidb_enable_metadata_lock')).toBe('1');
    await cluster.sql(0, 'create table test.locked (a int)');
    const { reports, stop } = await followReports();
    const id = 'node-of-ours';
    const node = new EtcdSchemaSyncer(client, {
      id,
      protocol: 'metadata-lock',
      serverInfo: exampleServerInfo(id, 4_999),
    });
    try {
      await node.init(patience);
      expect(await cluster.status(0, '/info/all')).toMatchObject({
        servers_num: 3,
        all_servers_info: { [id]: { ip: '127.0.0.1', listening_port: 4_999 } },
      });
      const { state, done } = ddl('alter table test.locked add column b int');
      let version = 0n;
      // Four steps: nothing, delete only, write only, write reorganization, public.
      for (let step = 1; step <= 4; step += 1) {
        await eventually(() => reporters(reports, version) === 2, `both servers report step ${step}`);
        const last = reports.at(-1);
        if (last === undefined) throw new Error('unreachable');
        version = last.version;
        // Both have it, and we do not.
        await second();
        expect(state.ended).toBe(false);
        expect(reports.at(-1)?.version).toBe(version);
        const target = { jobId: last.jobId, version };
        // It has looked before we report: after the last step their owner takes the reports away at once.
        const barrier = node.barrier(target, patience)[Symbol.asyncIterator]();
        expect((await barrier.next()).value).toMatchObject({ synced: false, total: 3 });
        const opened = barrier.next();
        await node.updateSelfVersion(target, patience);
        expect((await opened).value).toMatchObject({ synced: true, total: 3 });
      }
      await done;
      expect(await cluster.sql(1, 'select count(b) from test.locked')).toBe('0');
      await eventually(
        async () => (await client.range({ prefix: `${tidbKeys.jobVersions}/${reports.at(-1)?.jobId}/` })).count === 0n,
        'their owner has removed the reports, ours among them',
      );
    } finally {
      stop();
      await node.close();
    }
  });

  it('by metadata lock their owner goes on when we die after a step, for our reports go with us', async () => {
    await cluster.sql(0, 'create table test.left_alone (a int)');
    const { reports, stop } = await followReports();
    const id = 'node-that-dies';
    const node = new EtcdSchemaSyncer(client, {
      id,
      protocol: 'metadata-lock',
      serverInfo: exampleServerInfo(id, 4_998),
      leasedJobVersions: true,
    });
    try {
      await node.init(patience);
      const { state, done } = ddl('alter table test.left_alone add column b int');
      await eventually(() => reporters(reports, 0n) === 2, 'both servers have reported');
      const first = reports.at(-1);
      if (first === undefined) throw new Error('unreachable');
      await node.updateSelfVersion(first, patience);
      await eventually(() => reporters(reports, first.version) === 2, 'they go on to the next step');
      await second();
      expect(state.ended).toBe(false);
      const { kv } = await client.get(`${tidbKeys.serverInfo}/${id}`);
      await client.leaseRevoke(kv?.lease ?? 0n);
      await done;
    } finally {
      stop();
      await node.close();
    }
  });

  it('by version keys a member of ours is waited for, and follows', async () => {
    await cluster.sql(0, 'set global tidb_enable_metadata_lock = off');
    const syncer = new EtcdSchemaSyncer(client, { id: 'member-of-ours' });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let hold = false;
    const loads: bigint[] = [];
    const member = await FleetMember.join(syncer, {
      ...patience,
      async load(version) {
        loads.push(version);
        if (hold) await held;
      },
    });
    try {
      hold = true;
      const before = loads.length;
      const { state, done } = ddl('create table test.followed (a int)');
      await eventually(() => loads.length > before, 'we have heard of the version');
      await second();
      expect(state.ended).toBe(false);
      release();
      await done;
      const { kv } = await client.get(tidbKeys.globalVersion);
      await eventually(() => String(member.version()) === kv?.value.toString(), 'we are in step');
    } finally {
      release();
      await member.close();
      await cluster.sql(0, 'set global tidb_enable_metadata_lock = on');
    }
  });
});
