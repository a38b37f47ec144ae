import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { EtcdClient, OwnerManager } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';

/** TiDB's own owner manager as a driver by JSON lines; skipped where it has not been built. */
const folder = process.env.TIDB_JS_PEERS ?? join(homedir(), '.cache/tidb-peers/bin');

describe.each(['gotidb-v60', 'gotidb-v85'])('the owner manager beside the real one (%s)', (peer) => {
  const program = join(folder, peer);
  it.skipIf(!existsSync(program))('queues up with it, and hands over both ways', async () => {
    await using etcd = await LocalEtcd.start();
    await using client = new EtcdClient({ endpoints: etcd.endpoints });
    const child = spawn(program, ['-endpoints', etcd.endpoints.join(',')], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const tell = (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`);
    try {
      tell({ id: 1, op: 'owner.new', h: 'o', uuid: 'go-node' });
      await eventually(() => lines.some((line) => line.includes('owner.new')), 'the handle is made');
      tell({ id: 2, op: 'owner.campaign', h: 'o' });
      await using owner = new OwnerManager(client, { id: 'js-node' });
      await eventually(async () => (await owner.getOwnerId().catch(() => '')) === 'go-node', 'the real one owns');
      await owner.campaign();
      await eventually(async () => (await client.range({ prefix: '/tidb/ddl/fg/owner/' })).count === 2n, 'ours waits');
      expect(owner.isOwner).toBe(false);
      const turn = owner.whenOwner();
      tell({ id: 3, op: 'owner.resign', h: 'o' });
      await turn;
      expect(await owner.getOwnerId()).toBe('js-node');
      await eventually(
        async () => (await client.range({ prefix: '/tidb/ddl/fg/owner/' })).count === 2n,
        'the real one waits',
      );
      await owner.resign();
      await eventually(async () => (await owner.getOwnerId().catch(() => '')) === 'go-node', 'the real one owns again');
      expect(lines.length).toBeGreaterThan(0);
    } finally {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  });
});
