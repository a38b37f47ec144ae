import { Etcd3 } from 'etcd3';
import type { GoProgram } from '../test/go-peer.js';
import { GoPeer } from '../test/go-peer.js';
import { EtcdClient, LocalEtcd, op } from './built.js';

const value = Buffer.alloc(256, 'v');
const callers = [1, 16, 64, 256] as const;
const durationMs = 1_000;
const opsInOne = 100;

/** Calls a second, when so many callers each wait for the answer before they call again. */
async function rate(parallel: number, call: (caller: number, turn: number) => Promise<unknown>): Promise<number> {
  const from = performance.now();
  let made = 0;
  await Promise.all(
    Array.from({ length: parallel }, async (_, caller) => {
      for (let turn = 0; performance.now() - from < durationMs; turn++) {
        await call(caller, turn);
        made++;
      }
    }),
  );
  return made / ((performance.now() - from) / 1_000);
}

async function row(name: string, call: (caller: number, turn: number) => Promise<unknown>): Promise<void> {
  await rows(name, (parallel) => rate(parallel, call));
}

async function rows(name: string, measure: (parallel: number) => Promise<number>): Promise<void> {
  const rates: string[] = [];
  for (const parallel of callers) rates.push((await measure(parallel)).toFixed(0).padStart(9));
  console.log(`${name.padEnd(44)}${rates.join('')}`);
}

/**
 * Puts, gets and transactions beside the floors of the same run: Go's client where there is Go, etcd3's own calls, and what
 * etcd itself takes when puts come to it in transactions made by hand.
 */
export async function benchCalls(go: GoProgram): Promise<void> {
  await using etcd = await LocalEtcd.start();
  await using plain = new EtcdClient({ endpoints: etcd.endpoints });
  await using coalescing = new EtcdClient({ endpoints: etcd.endpoints, coalesce: true });
  const etcd3 = new Etcd3({ hosts: [...etcd.endpoints] });
  const key = (caller: number, turn: number) => `bench/${caller}/${turn % 100}`;

  console.log(`${'calls a second, callers:'.padEnd(44)}${callers.map((each) => String(each).padStart(9)).join('')}`);
  if (go.path === undefined) console.log(`floor: put by Go's client: skipped, ${go.missing}`);
  else {
    await using peer = new GoPeer(go.path, etcd.endpoints);
    await rows("floor: put by Go's client", (parallel) => peer.puts('bench', parallel, durationMs));
  }
  await row('floor: put by etcd3', (caller, turn) => etcd3.put(key(caller, turn)).value(value).exec());
  await row('floor: get by etcd3', (caller, turn) => etcd3.get(key(caller, turn)).exec());
  await row('floor: txn (compare, put) by etcd3', (caller, turn) =>
    etcd3
      .if(key(caller, 0), 'Version', '>', -1)
      .then(etcd3.put(key(caller, turn)).value(value))
      .commit(),
  );
  for (const [name, client] of [
    ['', plain],
    [', coalesced', coalescing],
  ] as const) {
    await row(`put${name}`, (caller, turn) => client.put(key(caller, turn), value));
    await row(`get${name}`, (caller, turn) => client.get(key(caller, turn)));
    await row(`txn (compare, put)${name}`, (caller, turn) =>
      client.txn({
        compare: [{ target: 'version', result: '>', key: key(caller, 0), value: -1n }],
        success: [op.put(key(caller, turn), value)],
      }),
    );
  }
  etcd3.close();
  const transactions = await rate(4, (caller, turn) =>
    plain.txn({
      success: Array.from({ length: opsInOne }, (_, i) => op.put(`bench/${caller}/${turn % 2}/${i}`, value)),
    }),
  );
  console.log(
    `${'floor: puts etcd takes, 100 a transaction'.padEnd(44)}${(transactions * opsInOne).toFixed(0).padStart(9)}`,
  );
}
