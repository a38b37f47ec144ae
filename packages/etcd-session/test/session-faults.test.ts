import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Election, EtcdClient, Mutex, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

let etcd: LocalEtcd;
const clients: EtcdClient[] = [];

function client(endpoints: string | readonly string[] = etcd.endpoints): EtcdClient {
  const made = new EtcdClient({ endpoints, timeoutMs: 2000 });
  clients.push(made);
  return made;
}

beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await etcd?.close();
});

describe('a session when etcd fails', () => {
  it('ends no later than its TTL while etcd is frozen, and no sooner (platform A4, row 3)', async () => {
    const session = await Session.create(client(), { ttlSeconds: 3 });
    etcd.members[0]?.pause();
    try {
      const answered = performance.now() + session.remainingMs();
      const reason = await session.done;
      expect(reason.code).toBe('SESSION_LOST');
      // Keepalives on their way at the freeze may still have been answered before it: never later than a TTL from now.
      expect(performance.now()).toBeGreaterThanOrEqual(answered - 100);
    } finally {
      etcd.members[0]?.resume();
    }
  });

  it('survives a crash and restart of etcd within its TTL (row 4)', async () => {
    const session = await Session.create(client(), { ttlSeconds: 30 });
    await etcd.members[0]?.kill();
    await etcd.members[0]?.launch();
    await etcd.members[0]?.ready();
    await eventually(
      () =>
        session.refresh().then(
          () => true,
          () => false,
        ),
      'a keepalive gets through',
    );
    session.assertHeld();
    await session.close();
  });

  it('survives connections that are cut again and again', async () => {
    await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
    const session = await Session.create(client(proxy.endpoint), { ttlSeconds: 5 });
    const until = performance.now() + 8000;
    while (performance.now() < until) {
      proxy.cut();
      await pause(500);
    }
    session.assertHeld();
    await session.close();
  });

  it('believes in itself no longer than etcd does when only its own network is gone: never two leaders (row 5)', async () => {
    await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
    const [cutOff, well] = [client(proxy.endpoint), client()];
    const mine = await Session.create(cutOff, { ttlSeconds: 4 });
    const old = await new Election(mine, 'partition').campaign('old');
    const oldSignal = old.signal;
    await using other = await Session.create(well, { ttlSeconds: 60 });
    const campaign = new Election(other, 'partition').campaign('new').then(() => ({
      stillBelieved: mine.remainingMs() > 0,
      stillSignalled: !oldSignal.aborted,
    }));
    await eventually(async () => (await well.range({ prefix: 'partition/' })).count === 2n, 'the other waits');
    proxy.hold();
    expect(await campaign).toEqual({ stillBelieved: false, stillSignalled: false });
    expect(mine.signal.reason.code).toBe('SESSION_LOST');
  });

  it('finds its session lost when it wakes from SIGSTOP, before anything can act on the old belief (row 16)', async () => {
    const program = fileURLToPath(new URL('stopped-holder-process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', program, etcd.endpoints.join(',')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    const exit = once(child, 'exit');
    try {
      await eventually(() => output.includes('leading'), 'the holder leads');
      const well = client();
      await using session = await Session.create(well);
      const next = new Election(session, 'stopped').campaign('next');
      child.kill('SIGSTOP');
      // The holder looks for a gap of more than 3 s; the lease, renewed shortly before, may be given away sooner.
      await Promise.all([next, new Promise((resolve) => setTimeout(resolve, 4_000))]);
      child.kill('SIGCONT');
      await exit;
      expect(output).toContain('woke lost 0 true');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('wins a lock once though the reply to its request is lost', async () => {
    await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
    const session = await Session.create(client(proxy.endpoint), { ttlSeconds: 30 });
    const mutex = new Mutex(session, 'reply');
    proxy.dropReplies();
    const locking = mutex.lock();
    await eventually(async () => (await client().range({ prefix: 'reply/' })).count === 1n, 'the request has arrived');
    proxy.cut();
    proxy.release();
    const tenure = await locking;
    const { kv } = await client().get(tenure.key);
    expect(kv?.createRevision).toBe(tenure.createRevision);
    expect(kv?.version).toBe(1n);
    await mutex.unlock();
    await session.close();
  });
});

describe('sessions on three members', () => {
  it('outlive one that freezes and one that dies', async () => {
    await using cluster = await LocalEtcd.start({ members: 3 });
    const sessions = await Promise.all(
      Array.from({ length: 6 }, () => Session.create(client(cluster.endpoints), { ttlSeconds: 20 })),
    );
    cluster.members[0]?.pause();
    await pause(8000);
    cluster.members[0]?.resume();
    await cluster.members[1]?.kill();
    await Promise.all(
      sessions.map((session) =>
        eventually(
          () =>
            session.refresh().then(
              () => true,
              () => false,
            ),
          'keepalives get through',
        ),
      ),
    );
    for (const session of sessions) session.assertHeld();
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  });
});
