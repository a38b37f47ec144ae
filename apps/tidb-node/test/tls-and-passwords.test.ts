import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TidbNode } from '../src/index.js';

const run = promisify(execFile);
const has = (program: string) =>
  run(program, ['--version']).then(
    () => true,
    (error: { readonly code?: unknown }) => error.code !== 'ENOENT',
  );
const hasOpenssl = await has('openssl');
const hasMariadb = await has('mariadb');
const password = 'sécret "1"';

let folder: string;
let etcd: LocalEtcd;
let node: TidbNode;
let ca: string;

const connect = (options: mysql.ConnectionOptions = {}) =>
  mysql.createConnection({ host: '127.0.0.1', port: node.port, user: 'root', password, ...options });
const statusOf = async (connection: mysql.Connection) => {
  const [rows] = await connection.query<RowDataPacket[]>("show status like 'Ssl_%'");
  return Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]));
};

describe.skipIf(!hasOpenssl)('a node with TLS and a password (skipped without openssl)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidb-node-tls-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'node.key'];
    const name = ['-subj', '/CN=node', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
    await run('openssl', ['req', '-x509', ...key, '-out', 'node.pem', '-days', '2', ...name], { cwd: folder });
    ca = await readFile(join(folder, 'node.pem'), 'utf8');
    etcd = await LocalEtcd.start();
    node = await TidbNode.start({
      endpoints: etcd.endpoints,
      port: 0,
      statusPort: 0,
      rootPassword: password,
      tls: { cert: ca, key: await readFile(join(folder, 'node.key'), 'utf8') },
      logger: pino({ level: 'silent' }),
    });
  });

  afterAll(async () => {
    await node?.close();
    await etcd?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is reached with and without TLS, and says which', async () => {
    const secured = await connect({ ssl: { ca } });
    expect(await statusOf(secured)).toMatchObject({
      Ssl_cipher: expect.stringMatching(/^TLS_/),
      Ssl_version: 'TLSv1.3',
    });
    const body = 'é'.repeat(9 << 20);
    const [[row]] = await secured.execute<RowDataPacket[]>('select ? body', [body]);
    expect(row?.body === body).toBe(true);
    await secured.end();
    const plain = await connect();
    expect(await statusOf(plain)).toEqual({ Ssl_cipher: '', Ssl_version: '' });
    await plain.end();
  });

  it('refuses whom its certificate does not convince, and goes on', async () => {
    await expect(connect({ ssl: { ca: '' } })).rejects.toMatchObject({ code: 'HANDSHAKE_SSL_ERROR' });
    await (await connect({ ssl: { ca } })).end();
  });

  it.each([false, true])('lets nobody in without the password (TLS: %s)', async (secured) => {
    const ssl = secured ? { ssl: { ca } } : {};
    const denied = (using: string) => ({
      errno: 1045,
      sqlState: '28000',
      message: `Access denied for user 'root'@'127.0.0.1' (using password: ${using})`,
    });
    await expect(connect({ ...ssl, password: 'wrong' })).rejects.toMatchObject(denied('YES'));
    await expect(connect({ ...ssl, password: '' })).rejects.toMatchObject(denied('NO'));
    await expect(connect({ ...ssl, user: 'other' })).rejects.toMatchObject({ errno: 1045 });
    const connection = await connect(ssl);
    await connection.changeUser({ user: 'root', password });
    await expect(connection.changeUser({ user: 'root', password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
    connection.destroy();
  });

  it.skipIf(!hasMariadb)('takes the mariadb client by both plugins, over TLS (skipped without it)', async () => {
    for (const plugin of ['mysql_native_password', 'caching_sha2_password']) {
      const { stdout } = await run('mariadb', [
        '--no-defaults',
        ...['-h', '127.0.0.1', '-P', String(node.port), '-u', 'root', `-p${password}`, `--default-auth=${plugin}`],
        ...[`--ssl-ca=${folder}/node.pem`, '--ssl-verify-server-cert', '-N', '-e', "show status like 'Ssl_cipher'"],
      ]);
      expect(stdout).toMatch(/^Ssl_cipher\t(TLS|ECDHE)/);
    }
  });
});
