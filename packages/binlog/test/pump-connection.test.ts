import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BinlogReader, PumpsClient, type PumpWriteOptions } from '../src/index.js';
import { BinlogType } from '../src/wire/index.js';
import { dml, HoldingPump, history } from './holding-pump.js';
import { ScriptedPump, type ScriptedPumpOptions } from './scripted-pump.js';

let ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

async function pump(options: ScriptedPumpOptions = {}): Promise<ScriptedPump> {
  const started = await ScriptedPump.start(options);
  ends.push(() => started.stop());
  return started;
}

function clientOf(address: string, options: PumpWriteOptions = {}): PumpsClient {
  const pauses = { retryIntervalMs: 10, finishRetryIntervalMs: 20, checkIntervalMs: 100 };
  const client = PumpsClient.local({ address, clusterId: 1n, writeTimeoutMs: 3_000, ...pauses, ...options });
  ends.push(() => client.close());
  return client;
}

/** Passes bytes on until it is told to swallow them: connections stay open and say nothing, as when a machine is gone. */
class Network {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #gone = false;
  connections = 0;
  address = '';

  static async before(target: string): Promise<Network> {
    const network = new Network();
    const port = Number(target.split(':')[1]);
    const server = createServer((near) => {
      network.connections++;
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        network.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => !network.#gone && to.destroy());
        from.on('data', (chunk) => network.#gone || to.write(chunk));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    network.#server = server;
    network.address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    ends.push(() => network.close());
    return network;
  }

  /** The connections that there are now lead nowhere; new ones work. */
  loseConnections(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  close(): void {
    this.#gone = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }
}

const prewrite = (startTs: bigint, size = 0) => ({
  type: BinlogType.Prewrite,
  startTs,
  prewriteValue: Buffer.alloc(size),
});
const commit = (startTs: bigint) => ({ type: BinlogType.Commit, startTs, commitTs: startTs + 1n });
const startsOf = (server: ScriptedPump) => server.binlogs.map(({ startTs }) => startTs);

describe.each([{ stream: true }, { stream: false }])(
  'a connection, with a pump that has the streaming door: $stream',
  (door) => {
    it('that leads nowhere any more is replaced, and what was on it is written again', async () => {
      const server = await pump(door);
      const network = await Network.before(server.address);
      const client = clientOf(network.address, { writeTimeoutMs: 400, maxErrors: 1, finishTimeoutMs: 60_000 });
      await client.write(prewrite(1n));
      network.loseConnections();
      expect(await client.write(commit(1n))).toBe('written');
      expect(server.types).toEqual([0, 1]);
      expect(network.connections).toBeGreaterThan(1);
      await client.write(prewrite(2n));
    });

    it('over which a message is too large for the pump stays good', async () => {
      const server = await pump({ ...door, maxMessageBytes: 10_000 });
      const client = clientOf(server.address, { writeTimeoutMs: 300 });
      const large = await client.write(prewrite(1n, 20_000)).catch((error: unknown) => error);
      expect(large).toMatchObject({ code: 'TOO_LARGE', retryable: false });
      await client.write(prewrite(2n, 100));
      expect(startsOf(server)).toEqual([2n]);
    });
  },
);

describe('the streaming door', () => {
  it('is left when a pump without one takes over, with nothing lost', async () => {
    const before = await pump({ stream: true });
    const client = clientOf(before.address, { writeTimeoutMs: 20_000 });
    await client.write(prewrite(1n));
    expect(client.pumps()[0]?.streaming).toBe(true);
    before.stop();
    const after = await pump({ stream: false, address: before.address });
    await Promise.all([2n, 3n, 4n].map((ts) => client.write(prewrite(ts))));
    expect(new Set(startsOf(after))).toEqual(new Set([2n, 3n, 4n]));
    expect(client.pumps()[0]?.streaming).toBe(false);
  });

  it('that breaks in between answers each write for itself: acknowledged, or written again', async () => {
    const server = await pump({ stream: true });
    const network = await Network.before(server.address);
    const client = clientOf(network.address, { writeTimeoutMs: 20_000 });
    const written = Array.from({ length: 3_000 }, (_, index) => client.write(prewrite(BigInt(index + 1), 500)));
    await vi.waitFor(() => expect(server.binlogs.length).toBeGreaterThan(100), { timeout: 20_000 });
    server.stop();
    await server.listen();
    expect(new Set(await Promise.all(written))).toEqual(new Set(['written']));
    expect(new Set(startsOf(server)).size).toBe(3_000);
  });

  it('has a bounded number of writes under way, and goes on as they are answered', async () => {
    const server = await pump({ stream: true });
    let taken = 0;
    let release: () => void = () => undefined;
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    server.refuse = () => {
      taken++;
      return held;
    };
    const client = clientOf(server.address, { writeTimeoutMs: 60_000 });
    const writes = Array.from({ length: 10_000 }, (_, index) => client.write(prewrite(BigInt(index + 1))));
    await vi.waitFor(() => expect(server.streamMessages).toBe(16), { timeout: 20_000 });
    expect(taken).toBe(1);
    release();
    await Promise.all(writes);
    expect(startsOf(server)).toEqual(Array.from({ length: 10_000 }, (_, index) => BigInt(index + 1)));
  });

  it('tells a refusal from its neighbours on the same message', async () => {
    const server = await pump({ stream: true });
    server.refuse = ({ startTs }) =>
      startTs === 2n ? { code: status.RESOURCE_EXHAUSTED, message: 'received message larger than max' } : undefined;
    const client = clientOf(server.address);
    const results = await Promise.allSettled([1n, 2n, 3n].map((ts) => client.write(prewrite(ts))));
    expect(results.map(({ status: outcome }) => outcome)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(server.streamMessages).toBe(1);
  });

  it('ends with the client', async () => {
    const server = await pump({ stream: true });
    const client = clientOf(server.address);
    await client.write(prewrite(1n));
    expect(server.streams).toBe(1);
    await client.close();
    await vi.waitFor(() => expect(server.streams).toBe(0), { timeout: 20_000 });
  });
});

it('with ignoreError, a client that is closed does not let a transaction go by without a binlog', async () => {
  const server = await pump();
  server.refuse = () => new Promise(() => undefined);
  const client = clientOf(server.address, { ignoreError: true });
  const write = client.write(prewrite(1n)).catch((error: unknown) => error);
  await client.close();
  expect(await write).toMatchObject({ code: 'CLOSED' });
  expect(client.ignoredErrors).toBe(0);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

it.runIf(hasOpenssl)('TLS: each side shows its certificate, and strangers are refused (needs openssl)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pump-tls-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name));
  const newKey = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1');
  for (const name of ['authority', 'stranger']) {
    openssl('req', '-x509', ...newKey(name), '-out', `${name}.pem`, '-subj', `/CN=${name}`, '-days', '2');
  }
  for (const name of ['pump', 'client']) {
    const signer = [
      '-CA',
      'authority.pem',
      '-CAkey',
      'authority.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'san',
    ];
    openssl('req', ...newKey(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer);
  }
  const pair = { private_key: read('pump.key'), cert_chain: read('pump.pem') };
  const credentials = ServerCredentials.createSsl(read('authority.pem'), [pair], true);
  const { server } = await HoldingPump.start([dml(10n)], { stream: true, credentials });
  ends.push(() => server.stop());
  const as = (name: string) => ({ ca: read('authority.pem'), cert: read(`${name}.pem`), key: read(`${name}.key`) });
  await clientOf(server.address, { tls: as('client') }).write(prewrite(1n));
  const from = { addresses: [server.address], clusterId: 1n, after: 0n, schemas: history() };
  for await (const { commitTs } of new BinlogReader({ ...from, tls: as('client') })) {
    expect(commitTs).toBe(10n);
    break;
  }
  for (const tls of [as('stranger'), { ca: read('authority.pem') }, { ...as('client'), ca: read('stranger.pem') }]) {
    const refused = clientOf(server.address, { tls, writeTimeoutMs: 300 });
    await expect(refused.write(prewrite(2n))).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  }
  const plain = clientOf(server.address, { writeTimeoutMs: 300 });
  await expect(plain.write(prewrite(3n))).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  expect(startsOf(server)).toEqual([1n]);
});
