import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, EtcdClient, Session } from '../src/index.js';
import { LeaseDeadline, readClock } from '../src/lease-deadline.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';

/** The machine's monotonic clock, with a wall clock and an uptime that can be moved. */
class MovableClock implements Clock {
  wallAheadMs = 0;
  uptimeAheadMs = 0;
  monotonicAheadMs = 0;
  monotonicMs = () => performance.now() + this.monotonicAheadMs;
  wallMs = () => performance.now() + this.wallAheadMs;
  uptimeMs = () => performance.now() + this.uptimeAheadMs;
  /** The machine sleeps: monotonic time stands still. */
  sleep(ms: number): void {
    this.wallAheadMs += ms;
    this.uptimeAheadMs += ms;
  }
}

describe('the deadline of a lease', () => {
  it('is the sending time of the answered keepalive plus the TTL, whenever the answer came', () => {
    const clock = new MovableClock();
    const sentAt = readClock(clock);
    clock.monotonicAheadMs = 3000;
    const deadline = new LeaseDeadline(clock, sentAt, 10);
    expect(deadline.monotonicRemainingMs()).toBeLessThanOrEqual(7000);
    expect(deadline.belief()).toBe('held');
    clock.monotonicAheadMs = 10_000;
    expect(deadline.belief()).toBe('past');
    expect(deadline.remainingMs()).toBe(0);
  });

  it('is never lengthened by a wall clock or an uptime that goes back', () => {
    const clock = new MovableClock();
    const deadline = new LeaseDeadline(clock, readClock(clock), 10);
    clock.wallAheadMs = -3_600_000;
    clock.uptimeAheadMs = -3_600_000;
    expect(deadline.remainingMs()).toBeLessThanOrEqual(10_000);
    clock.monotonicAheadMs = 10_000;
    expect(deadline.belief()).toBe('past');
  });

  it('has passed when the machine slept through it, though monotonic time stood still', () => {
    const clock = new MovableClock();
    const deadline = new LeaseDeadline(clock, readClock(clock), 10);
    clock.sleep(11_001);
    expect(deadline.belief()).toBe('past');
  });

  it('is in doubt when one witness alone says that it has passed', () => {
    const clock = new MovableClock();
    const deadline = new LeaseDeadline(clock, readClock(clock), 10);
    clock.wallAheadMs = 3_600_000;
    expect(deadline.belief()).toBe('doubtful');
    expect(deadline.remainingMs()).toBe(0);
    clock.wallAheadMs = 0;
    clock.uptimeAheadMs = 60_000;
    expect(deadline.belief()).toBe('doubtful');
  });
});

describe('a session whose clocks move', () => {
  let etcd: LocalEtcd;
  let client: EtcdClient;
  beforeAll(async () => {
    etcd = await LocalEtcd.start();
    client = new EtcdClient({ endpoints: etcd.endpoints });
  });
  afterAll(async () => {
    await client?.close();
    await etcd?.close();
  });

  it('survives a wall clock that is set forward: it is not believed until etcd has confirmed it, and then goes on', async () => {
    const clock = new MovableClock();
    await using session = await Session.create(client, { ttlSeconds: 30, clock });
    clock.wallAheadMs = 3_600_000;
    expect(session.remainingMs()).toBe(0);
    expect(() => session.assertHeld()).toThrowError(/SESSION_UNCONFIRMED/);
    expect(session.signal.aborted).toBe(false);
    await session.refresh();
    session.assertHeld();
    expect(session.remainingMs()).toBeGreaterThan(0);
  });

  it('asks by itself: being asked in doubt is enough', async () => {
    const clock = new MovableClock();
    await using session = await Session.create(client, { ttlSeconds: 600, clock });
    clock.wallAheadMs = 3_600_000;
    expect(session.remainingMs()).toBe(0);
    await eventually(() => session.remainingMs() > 0, 'the session is confirmed');
  });

  it('is lost at the very call when the machine slept past its TTL, before any timer has run', async () => {
    const clock = new MovableClock();
    const session = await Session.create(client, { ttlSeconds: 30, clock });
    session.assertHeld();
    clock.sleep(32_000);
    expect(() => session.assertHeld()).toThrowError(/SESSION_LOST/);
    expect(session.signal.aborted).toBe(true);
    await session.close();
  });

  it('is not lengthened by a wall clock that is set back', async () => {
    const clock = new MovableClock();
    const session = await Session.create(client, { ttlSeconds: 30, clock });
    clock.wallAheadMs = -3_600_000;
    session.assertHeld();
    expect(session.remainingMs()).toBeLessThanOrEqual(30_000);
    clock.monotonicAheadMs = 30_000;
    expect(() => session.assertHeld()).toThrowError(/SESSION_LOST/);
    await session.close();
  });
});
