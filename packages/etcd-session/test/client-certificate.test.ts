import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EtcdClient } from '../src/index.js';
import { freePort } from '../src/local-etcd/free-port.js';
import { LocalEtcd } from '../src/local-etcd/index.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-certificate-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A certificate of that name, signed by `ca`, or by itself. */
async function certify(name: string, ca?: string): Promise<void> {
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  if (ca === undefined) {
    openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-subj', `/CN=${name}`, '-days', '2');
    return;
  }
  openssl('req', ...key, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  await writeFile(join(folder, 'extensions'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2', '-extfile', 'extensions'];
  openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer);
}

it.runIf(hasOpenssl)(
  'a server that asks for client certificates takes those of its authority alone (needs openssl)',
  async () => {
    await certify('authority');
    for (const name of ['server', 'client']) await certify(name, 'authority');
    await certify('stranger');

    // Beside its plain listener, etcd gets a second one that asks for certificates.
    const dataDir = join(folder, 'data');
    const [plain] = await LocalEtcd.start({ dataDir }).then((first) => first.close().then(() => first.endpoints));
    const secure = `https://127.0.0.1:${await freePort()}`;
    const file = (name: string) => join(folder, name);
    await using _etcd = await LocalEtcd.start({
      dataDir,
      args: [
        ['--listen-client-urls', `http://${plain},${secure}`],
        ['--client-cert-auth', '--trusted-ca-file', file('authority.pem')],
        ['--cert-file', file('server.pem'), '--key-file', file('server.key')],
      ].flat(),
    });

    const ca = await readFile(file('authority.pem'));
    const as = async (name: string) => ({
      endpoints: secure,
      tls: { ca, cert: await readFile(file(`${name}.pem`)), key: await readFile(file(`${name}.key`)) },
      timeoutMs: 3_000,
    });
    await using client = new EtcdClient(await as('client'));
    await client.put('certified', 'yes', { timeoutMs: 20_000 });
    expect((await client.get('certified')).kv?.value.toString()).toBe('yes');
    await using stranger = new EtcdClient(await as('stranger'));
    await expect(stranger.put('certified', 'no')).rejects.toMatchObject({
      code: expect.stringMatching('UNAVAILABLE|DEADLINE'),
    });
    await using nobody = new EtcdClient({ endpoints: secure, tls: { ca }, timeoutMs: 3_000 });
    await expect(nobody.put('certified', 'no')).rejects.toMatchObject({
      code: expect.stringMatching('UNAVAILABLE|DEADLINE'),
    });
    expect((await client.get('certified')).kv?.version).toBe(1n);
  },
  90_000,
);
