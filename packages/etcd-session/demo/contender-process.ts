// One contender of the demo: campaigns, writes under its fence while it leads, and tells its parent what happens.
import { Election, EtcdClient, EtcdError, op, Session } from '../src/index.js';

const [name = 'contender', endpoints = '127.0.0.1:2379'] = process.argv.slice(2);
const PREFIX = '/demo/leader';
const COUNTER = '/demo/counter';
const WORK_INTERVAL_MS = 500;

const client = new EtcdClient({ endpoints: endpoints.split(',') });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
process.on('disconnect', () => process.exit(0));

function tell(event: string, fields: object = {}): void {
  process.send?.({ name, event, ...fields });
}

/** Counts up in etcd for as long as the fence lets it. */
async function lead(election: Election, session: Session): Promise<void> {
  const signal = AbortSignal.any([stop.signal, session.signal]);
  while (!signal.aborted) {
    const before = await client.get(COUNTER, { signal });
    const count = Number(before.kv?.value ?? 0) + 1;
    const written = await client.txn({ compare: election.fence(), success: [op.put(COUNTER, `${count}`)] }, { signal });
    tell(written.succeeded ? 'worked' : 'fenced', { count, remainingMs: Math.round(session.remainingMs()) });
    if (!written.succeeded) return;
    await new Promise((resolve) => setTimeout(resolve, WORK_INTERVAL_MS));
  }
}

while (!stop.signal.aborted) {
  try {
    await using session = await Session.create(client, { ttlSeconds: 4, attempts: 'unlimited', signal: stop.signal });
    const election = new Election(session, PREFIX);
    tell('waiting', { lease: session.leaseId.toString(16) });
    await election.campaign(name, { signal: stop.signal });
    tell('leads', { lease: session.leaseId.toString(16) });
    await lead(election, session);
    if (!stop.signal.aborted) tell('lost', { reason: 'the session ended' });
  } catch (error) {
    if (!stop.signal.aborted) tell('lost', { reason: EtcdError.from(error).message });
  }
}
await client.close();
process.disconnect?.();
