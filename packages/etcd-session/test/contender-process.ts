import { appendFileSync } from 'node:fs';
import { EtcdClient, Mutex, op, Session } from '../src/index.js';

/**
 * Locks and writes under its fence until it is killed; a session that was lost is replaced. Each time it has made sure that it holds the lock it writes
 * down the lock's token, and the time before it looked, by the clock that all processes of a machine share.
 */
const [endpoints = '', name = '', claims = ''] = process.argv.slice(2);
const client = new EtcdClient({ endpoints, timeoutMs: 1000 });
for (;;) {
  const session = await Session.create(client, { ttlSeconds: 2, attempts: 'unlimited' });
  const mutex = new Mutex(session, 'contended');
  const claim = (token: bigint) => {
    const at = process.hrtime.bigint();
    session.assertHeld();
    appendFileSync(claims, `${token} ${at}\n`);
  };
  try {
    while (!session.signal.aborted) {
      await mutex.withLock(async ({ key, createRevision }) => {
        const fence = mutex.fence();
        claim(createRevision);
        for (let i = 0; i < 3; i++) {
          await client.txn({ compare: fence, success: [op.put('judged', `${key} ${name}`)] });
          claim(createRevision);
        }
      });
    }
  } catch {
    // The session or a call was lost to a fault: begin anew.
  }
  await session[Symbol.asyncDispose]();
}
