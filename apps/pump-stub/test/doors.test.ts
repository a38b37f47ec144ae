import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

const run = promisify(execFile);
let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  await etcd.close();
});

test('a unix socket takes what the port takes', async () => {
  await using folder = await temporaryFolder();
  const socket = `${folder.path}/pump.sock`;
  await using pump = await startPump(etcd, folder.path, { socket });
  using caller = new PumpCaller(`unix:${socket}`, pump.clusterId);
  expect(await caller.write(prewrite(1n))).toBe('ok');
  expect(await caller.write(commit(1n, 2n))).toBe('ok');
  expect((await caller.pull(0n, 1)).map(({ commitTs }) => commitTs)).toEqual([2n]);
});

test('a caller that compresses with gzip is understood', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  const gzip = { 'grpc.default_compression_algorithm': 2 };
  using caller = new PumpCaller(pump.address, pump.clusterId, credentials.createInsecure(), gzip);
  expect(await caller.write(prewrite(1n, Buffer.alloc(100_000)))).toBe('ok');
  expect(await caller.write(commit(1n, 2n))).toBe('ok');
  expect((await caller.pull(0n, 1))[0]?.payload.length).toBeGreaterThan(200_000);
});

const hasOpenssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
);

/** A CA, and certificates of it by these names, as PEM files in a folder. */
async function makeCertificates(folder: string, names: readonly string[]): Promise<void> {
  const openssl = (...words: string[]) => run('openssl', words, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca');
  await writeFile(`${folder}/extensions`, 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'extensions'];
  for (const name of names) {
    await openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer);
  }
}

/** An etcd that takes TLS only on the address that it is given back with. */
async function startSecuredEtcd(dataDir: string, folder: string): Promise<{ etcd: LocalEtcd; secured: string }> {
  const first = await LocalEtcd.start({ members: 1, dataDir });
  await first.close();
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const secured = `https://127.0.0.1:${port}`;
  const files = ['--cert-file', `${folder}/pump.pem`, '--key-file', `${folder}/pump.key`];
  const plain = hostPortOf(first.endpoints[0] ?? '');
  const args = ['--listen-client-urls', `http://${plain},${secured}`, ...files];
  return { etcd: await LocalEtcd.start({ members: 1, dataDir, args }), secured };
}

const hostPortOf = (url: string): string => url.replace(/^\w+:\/\//, '');

test.skipIf(!hasOpenssl)(
  'TLS: a client needs a certificate of the CA with an allowed name (skipped without openssl)',
  async () => {
    await using folder = await temporaryFolder();
    const { path } = folder;
    await makeCertificates(path, ['pump', 'drainer', 'stranger']);
    const { etcd: own, secured } = await startSecuredEtcd(`${path}/etcd`, path);
    await using _etcd = own;
    await using pump = await startPump(etcd, `${path}/data`, {
      pdUrls: [secured],
      tls: {
        caPath: `${path}/ca.pem`,
        certPath: `${path}/pump.pem`,
        keyPath: `${path}/pump.key`,
        allowedNames: ['drainer'],
      },
    });
    const pem = (name: string): Promise<Buffer> => readFile(`${path}/${name}`);
    const ca = await pem('ca.pem');
    const as = async (name: string): Promise<PumpCaller> => {
      const channel = credentials.createSsl(ca, await pem(`${name}.key`), await pem(`${name}.pem`));
      return new PumpCaller(pump.address, pump.clusterId, channel);
    };
    using drainer = await as('drainer');
    expect(await drainer.write(prewrite(1n))).toBe('ok');
    using stranger = await as('stranger');
    using nobody = new PumpCaller(pump.address, pump.clusterId, credentials.createSsl(ca));
    using plain = new PumpCaller(pump.address, pump.clusterId);
    for (const refused of [stranger, nobody, plain]) expect(await refused.write(prewrite(2n))).toMatch(/^14 /);
    const [cert, key] = await Promise.all([pem('drainer.pem'), pem('drainer.key')]);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`https://${pump.address}/status`, { ca, cert, key }, (answer) => resolve(answer.statusCode))
        .once('error', reject)
        .end();
    });
    expect(status).toBe(200);
    expect(pump.status().undecided).toBe(1);
  },
);
