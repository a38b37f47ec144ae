import { EtcdClient, Mutex, op, Session } from '../src/index.js';

/** Locks and writes under its fence until it is killed; a session that was lost is replaced. */
const [endpoints = '', name = ''] = process.argv.slice(2);
const client = new EtcdClient({ endpoints, timeoutMs: 1000 });
for (;;) {
  const session = await Session.create(client, { ttlSeconds: 2, attempts: 'unlimited' });
  const mutex = new Mutex(session, 'contended');
  try {
    while (!session.signal.aborted) {
      await mutex.withLock(async ({ key }) => {
        const fence = mutex.fence();
        for (let i = 0; i < 3; i++) {
          await client.txn({ compare: fence, success: [op.put('judged', `${key} ${name}`)] });
        }
      });
    }
  } catch {
    // The session or a call was lost to a fault: begin anew.
  }
  await session[Symbol.asyncDispose]();
}
