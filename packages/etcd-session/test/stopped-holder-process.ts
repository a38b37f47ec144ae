import { Election, EtcdClient, Session } from '../src/index.js';

/** Leads, then says at every timer and promise after a gap in its own time whether it still believes so. */
const [endpoints = ''] = process.argv.slice(2);
const client = new EtcdClient({ endpoints });
const session = await Session.create(client, { ttlSeconds: 3 });
const election = new Election(session, 'stopped');
await election.campaign('stopped');
process.stdout.write('leading\n');
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  if (now - last > 3000) {
    clearInterval(timer);
    let belief = 'held';
    try {
      session.assertHeld();
    } catch {
      belief = 'lost';
    }
    process.stdout.write(`woke ${belief} ${session.remainingMs()} ${session.signal.aborted}\n`);
    void client.close().then(() => process.exit(0));
  }
  last = now;
}, 1);
