import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Layout } from '../../src/storage/etcd/layout.js';
import {
  type Anchor,
  anchorValue,
  firstTimestamp,
  PER_SLOT,
  readAnchor,
  SLOTS,
} from '../../src/storage/oracle/anchor.js';
import { EtcdOracle } from '../../src/storage/oracle/oracle.js';

let etcd: LocalEtcd;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
});

afterAll(async () => {
  await etcd?.close();
});

function anchorAt(revision: bigint, value: string): Anchor {
  return readAnchor({
    key: Buffer.from('anchor'),
    value: Buffer.from(value),
    modRevision: revision,
    createRevision: 1n,
    version: 1n,
    lease: 0n,
  });
}

test('in every history of revisions and anchors, whatever the clocks say, later revisions have greater timestamps', () => {
  const step = fc.record({
    revisions: fc.bigInt({ min: 1n, max: 100_000n }),
    move: fc.boolean(),
    clockMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let revision = 1n;
      let anchor = anchorAt(revision, anchorValue(1_000, undefined));
      let highest = -1n;
      for (const { revisions, move, clockMs } of steps) {
        revision += revisions;
        if (move) anchor = anchorAt(revision, anchorValue(clockMs, anchor));
        expect(firstTimestamp(anchor, revision, 0)).toBeGreaterThan(highest);
        highest = firstTimestamp(anchor, revision, SLOTS - 1) + BigInt(PER_SLOT - 1);
      }
    }),
  );
});

test('oracles with clocks seconds apart hand out no timestamp twice, and each after all that were answered before', async () => {
  const clients = [0, -5_000, 5_000, 700].map((offsetMs) => ({
    offsetMs,
    client: new EtcdClient({ endpoints: etcd.endpoints, coalesce: true }),
  }));
  const oracles = await Promise.all(
    clients.map(({ client, offsetMs }) =>
      EtcdOracle.open({ client, layout: new Layout('ts/'), now: () => Date.now() + offsetMs }),
    ),
  );
  const seen = new Set<bigint>();
  let answered = 0n;
  let asked = 0;
  await Promise.all(
    oracles.map(async (oracle) => {
      for (let round = 0; round < 40; round++) {
        const floor = answered;
        // More than a revision's share for one process, so that the next revision has to be made.
        const batch = await Promise.all(Array.from({ length: 80 }, () => oracle.timestamp()));
        for (const ts of batch) {
          expect(ts).toBeGreaterThan(floor);
          expect(seen.has(ts)).toBe(false);
          seen.add(ts);
          if (ts > answered) answered = ts;
        }
        asked += batch.length;
      }
    }),
  );
  expect(seen.size).toBe(asked);
  await Promise.all(oracles.map((oracle) => oracle.close()));
  await Promise.all(clients.map(({ client }) => client.close()));
});

test('an oracle whose slot was taken away takes another and goes on upwards', async () => {
  const client = new EtcdClient({ endpoints: etcd.endpoints });
  const oracle = await EtcdOracle.open({ client, layout: new Layout('slots/') });
  const before = await oracle.timestamp();
  await client.delete({ prefix: 'slots/o/slot/' });
  expect(await oracle.timestamp()).toBeGreaterThan(before);
  await oracle.close();
  await client.close();
});
