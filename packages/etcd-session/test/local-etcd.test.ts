import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdClient } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-etcd-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a data folder', () => {
  it('keeps data and ports from start to start, and refuses another shape', async () => {
    const dataDir = join(folder, 'kept');
    const heard: string[] = [];
    const first = await LocalEtcd.start({ dataDir, onProgress: (message) => heard.push(message) });
    const { endpoints } = first;
    await using client = new EtcdClient({ endpoints });
    await client.put('kept', 'yes');
    expect((await stat(first.members[0]?.logFile ?? '')).isFile()).toBe(true);
    await first.close();
    await first.close();
    expect(heard).toEqual([expect.stringContaining('starting 1 member')]);

    await using second = await LocalEtcd.start({ dataDir });
    expect(second.endpoints).toEqual(endpoints);
    expect((await client.get('kept')).kv?.value.toString()).toBe('yes');

    await expect(LocalEtcd.start({ dataDir, members: 3 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('holds a cluster of 1 members without TLS'),
    });
  }, 60_000);
});

describe('a secured etcd', () => {
  it('speaks TLS to those who trust its certificate, and to nobody else', async () => {
    await using etcd = await LocalEtcd.start({ tls: true });
    await using client = new EtcdClient(etcd.clientOptions);
    await client.put('secret', 'x');
    expect((await client.get('secret')).kv?.value.toString()).toBe('x');
    await using stranger = new EtcdClient({ endpoints: etcd.endpoints, tls: {}, timeoutMs: 1_000 });
    await expect(stranger.get('secret')).rejects.toMatchObject({ code: expect.stringMatching('UNAVAILABLE|DEADLINE') });
    await using plain = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 1_000 });
    await expect(plain.get('secret')).rejects.toMatchObject({ code: expect.stringMatching('UNAVAILABLE|DEADLINE') });
  }, 60_000);

  it('asks for a user, whose token is renewed when the server has forgotten it', async () => {
    await using etcd = await LocalEtcd.start({ auth: { rootPassword: 'open sesame' } });
    await using client = new EtcdClient(etcd.clientOptions);
    await client.put('guarded', '1');
    // Tokens live in the memory of the server: after a restart the old one is worth nothing.
    await etcd.members[0]?.restart();
    await client.put('guarded', '2');
    expect((await client.get('guarded')).kv).toMatchObject({ value: Buffer.from('2'), version: 2n });

    await using nobody = new EtcdClient({ endpoints: etcd.endpoints });
    await expect(nobody.get('guarded')).rejects.toMatchObject({ code: 'AUTH' });
    const auth = { username: 'root', password: 'wrong' };
    await using liar = new EtcdClient({ endpoints: etcd.endpoints, auth });
    await expect(liar.put('guarded', '3')).rejects.toMatchObject({ code: 'AUTH', outcomeUnknown: false });
  }, 60_000);

  it('goes on with its watch when the token was forgotten', async () => {
    await using etcd = await LocalEtcd.start({ auth: { rootPassword: 'open sesame' } });
    await using client = new EtcdClient(etcd.clientOptions);
    const watch = client.watch('guarded');
    await watch.ready;
    await etcd.members[0]?.restart();
    await client.put('guarded', 'after');
    for await (const { events } of watch) {
      expect(events.map((event) => event.kv.value.toString())).toEqual(['after']);
      break;
    }
  }, 60_000);
});

describe('starting', () => {
  it('uses an etcd that runs already, and leaves it alone', async () => {
    await using etcd = await LocalEtcd.start();
    const guest = await LocalEtcd.start({ runningAt: etcd.endpoints });
    expect(guest.members).toEqual([]);
    await guest.close();
    await using client = new EtcdClient(etcd.clientOptions);
    await client.put('still', 'here');
  }, 60_000);

  it('ends by its signal', async () => {
    await expect(LocalEtcd.start({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('says why an etcd does not come up, with the end of its log', async () => {
    await expect(LocalEtcd.start({ args: ['--no-such-flag'] })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('no-such-flag'),
    });
  }, 60_000);

  it('leaves neither folder nor process behind when it is closed', async () => {
    const etcd = await LocalEtcd.start();
    const [member] = etcd.members;
    const log = member?.logFile ?? '';
    expect(await readFile(log, 'utf8')).toBeDefined();
    await etcd.close();
    expect(member?.pid).toBeUndefined();
    await expect(stat(log)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 60_000);
});
