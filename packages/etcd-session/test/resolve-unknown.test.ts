import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compare, EtcdClient, type EtcdDiagnostics, EtcdError, op, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

let etcd: LocalEtcd;
/** Straight to etcd, past the proxies: what it sees is the truth. */
let witness: EtcdClient;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  witness = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 30_000 });
});
afterAll(async () => {
  await witness?.close();
  await etcd?.close();
});

/** A client whose replies are lost from the moment that etcd has made its marker. */
async function behindProxy(marker: string): Promise<{ readonly client: EtcdClient; readonly proxy: TcpProxy }> {
  const proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
  const client = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000 });
  await client.put(marker, '');
  return { client, proxy };
}

/** Loses the reply to what `call` changes: replies are lost once the marker has been read, and the connection is cut when etcd has done it. */
async function loseReply<T>(proxy: TcpProxy, call: () => Promise<T>, done: () => Promise<boolean>): Promise<T> {
  const marked = (message: unknown) => {
    if ((message as EtcdDiagnostics['call']).endpoint !== proxy.endpoint) return;
    unsubscribe('tidb-js:etcd:call', marked);
    proxy.dropReplies();
  };
  subscribe('tidb-js:etcd:call', marked);
  const answer = call();
  answer.catch(() => undefined);
  await eventually(done, 'etcd did it');
  proxy.cut();
  proxy.release();
  return await answer;
}

it('a put, a delete and a transaction whose replies are lost happen once and are answered as if they had come', async () => {
  const { client, proxy } = await behindProxy('mark/1');
  try {
    const resolveUnknown = { key: 'mark/1' };
    const put = await loseReply(
      proxy,
      () => client.put('once', 'x', { resolveUnknown }),
      async () => (await witness.get('once')).kv !== undefined,
    );
    const { kv } = await witness.get('once');
    expect(kv).toMatchObject({ version: 1n, modRevision: put.revision });

    const deleted = await loseReply(
      proxy,
      () => client.delete({ prefix: 'once' }, { resolveUnknown }),
      async () => (await witness.get('once')).kv === undefined,
    );
    expect(deleted).toMatchObject({ kind: 'delete', deleted: 1n });

    const claim = { compare: [compare.create('claim', '=', 0n)], success: [op.put('claim', 'mine')], failure: [] };
    const won = await loseReply(
      proxy,
      () => client.txn(claim, { resolveUnknown }),
      async () => (await witness.get('claim')).kv !== undefined,
    );
    expect(won).toMatchObject({ succeeded: true, results: [{ kind: 'put', revision: won.revision }] });
    expect(await client.txn(claim, { resolveUnknown })).toMatchObject({ succeeded: false, results: [] });
    expect((await witness.get('claim')).kv?.version).toBe(1n);
    expect(client.stats().failures).toBeGreaterThanOrEqual(3);
  } finally {
    await client.close();
    await proxy[Symbol.asyncDispose]();
  }
});

it('a request that never arrived is made again, and the lost one cannot come after it', async () => {
  const { client, proxy } = await behindProxy('mark/2');
  try {
    const answer = client.put('late', 'x', { resolveUnknown: { key: 'mark/2' }, timeoutMs: 500 });
    // Held, then cut: what was sent meanwhile is gone.
    proxy.hold();
    await eventually(() => client.stats().failures >= 1 || client.stats().retries >= 1, 'the call was given up');
    proxy.cut();
    proxy.release();
    await answer;
    expect((await witness.get('late')).kv?.version).toBe(1n);
  } finally {
    await client.close();
    await proxy[Symbol.asyncDispose]();
  }
});

it('every one of many calls over a connection that is cut again and again counts exactly once', async () => {
  const { client, proxy } = await behindProxy('mark/3');
  let over = false;
  const cutting = (async () => {
    for (let round = 0; !over; round++) {
      if (round % 2 === 0) proxy.dropReplies();
      await new Promise((resolve) => setTimeout(resolve, 30));
      proxy.cut();
      proxy.release();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  })();
  try {
    for (let i = 0; i < 25; i++) {
      await client.put('counted', String(i), { resolveUnknown: { key: 'mark/3', withinMs: 60_000 } });
      expect((await witness.get('counted')).kv).toMatchObject({
        version: BigInt(i + 1),
        value: Buffer.from(String(i)),
      });
    }
  } finally {
    over = true;
    await cutting;
    await client.close();
    await proxy[Symbol.asyncDispose]();
  }
}, 120_000);

it('a marker that goes with its lease, or that another has written, leaves the outcome unknown', async () => {
  const { client, proxy } = await behindProxy('mark/4');
  try {
    const answer = loseReply(
      proxy,
      () => client.put('foreign', 'x', { resolveUnknown: { key: 'mark/4' } }),
      async () => {
        const { kv } = await witness.get('foreign');
        if (kv !== undefined) await witness.put('mark/4', 'written by somebody else');
        return kv !== undefined;
      },
    );
    await expect(answer).rejects.toMatchObject({ outcomeUnknown: true });
    expect((await witness.get('foreign')).kv?.version).toBe(1n);
  } finally {
    await client.close();
    await proxy[Symbol.asyncDispose]();
  }
});

it('a marker may hang on a session, and goes with it', async () => {
  const session = await Session.create(witness, { ttlSeconds: 60 });
  await witness.put('with-lease', 'x', { resolveUnknown: { key: 'mark/5', lease: session.leaseId } });
  expect((await witness.get('mark/5')).kv?.lease).toBe(session.leaseId);
  await session.close();
  expect((await witness.get('mark/5')).kv).toBeUndefined();
});

it('what cannot be read back is refused, by rule and remedy', async () => {
  const resolveUnknown = { key: 'mark/6' };
  const refused = await Promise.allSettled([
    witness.put('refused', 'x', { prevKv: true, resolveUnknown }),
    witness.delete('refused', { prevKv: true, resolveUnknown }),
    witness.txn({ success: [op.put('refused', 'x'), op.get('other')] }, { resolveUnknown }),
    witness.txn({ success: [op.txn({ success: [op.put('refused', 'x')] })] }, { resolveUnknown }),
  ]);
  for (const each of refused) {
    expect(each).toMatchObject({
      status: 'rejected',
      reason: { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/cannot be had again.*leave that out/) },
    });
  }
  expect((await witness.range({ prefix: 'refused' })).count).toBe(0n);
  const definite = witness.put('refused', 'x', { lease: 12345n, resolveUnknown });
  await expect(definite).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND', outcomeUnknown: false });
  expect(EtcdError.from(await definite.catch((error: unknown) => error)).retryable).toBe(false);
});
