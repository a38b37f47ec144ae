import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { EtcdClient } from '../src/index.js';
import { type FetchOptions, LocalEtcd } from '../src/local-etcd/index.js';

const version = 'v3.5.21';
const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
const archive = `etcd-${version}-linux-${machine}.tar.gz`;

let folder: string;
let releases: Server;
let served: Buffer;
let sums: string;
let downloads: number;
let stall: (() => Promise<void>) | undefined;
let cacheFolder: string;

function options(): FetchOptions {
  const { port } = releases.address() as AddressInfo;
  return { path: false, debian: false, releases: `http://127.0.0.1:${port}/download/`, cacheFolder };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fetched-etcd-'));
  // The machine's etcd in the layout of a release: a script that runs it, so that the archive stays small.
  const content = join(folder, `etcd-${version}-linux-${machine}`);
  mkdirSync(content);
  const etcd = execFileSync('sh', ['-c', 'command -v etcd'], { encoding: 'utf8' }).trim();
  writeFileSync(join(content, 'etcd'), `#!/bin/sh\nexec ${etcd} "$@"\n`);
  chmodSync(join(content, 'etcd'), 0o755);
  execFileSync('tar', ['-czf', archive, `etcd-${version}-linux-${machine}`], { cwd: folder });
  releases = createServer(async (request, response) => {
    if (request.url === `/download/${version}/SHA256SUMS`) {
      response.end(sums);
    } else if (request.url === `/download/${version}/${archive}`) {
      downloads++;
      await stall?.();
      response.end(served);
    } else {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(releases, 'listening');
});
beforeEach(async () => {
  served = readFileSync(join(folder, archive));
  sums = `${'0'.repeat(64)}  etcd-${version}-darwin-amd64.zip\n${createHash('sha256').update(served).digest('hex')}  ${archive}\n`;
  downloads = 0;
  stall = undefined;
  cacheFolder = await mkdtemp(join(folder, 'cache-'));
});
afterAll(async () => {
  releases?.closeAllConnections();
  releases?.close();
  await rm(folder, { recursive: true, force: true });
});

it.runIf(process.platform === 'linux')(
  'a release with the right checksum is fetched once, by whoever comes first',
  async () => {
    const heard: string[] = [];
    const [one, two] = await Promise.all([
      LocalEtcd.start({ fetch: options(), onProgress: (message) => heard.push(message) }),
      LocalEtcd.start({ fetch: options() }),
    ]);
    await one.close();
    await two.close();
    await using _third = await LocalEtcd.start({ fetch: options() });
    expect(downloads).toBe(1);
    expect(heard.at(-1)).toContain(`starting 1 member(s) of ${cacheFolder}`);
    expect((await readdir(join(cacheFolder, version))).sort()).toEqual(['etcd', 'etcd.sha256']);
  },
  60_000,
);

it.runIf(process.platform === 'linux')(
  'a broken entry, a half-written one, and the lock of a process that died heal',
  async () => {
    await (await LocalEtcd.start({ fetch: options() })).close();
    const entry = join(cacheFolder, version);
    writeFileSync(join(entry, 'etcd'), 'broken');
    const { pid } = await dead();
    writeFileSync(join(entry, 'lock'), String(pid));
    await (await LocalEtcd.start({ fetch: options() })).close();
    await rm(join(entry, 'etcd.sha256'));
    await (await LocalEtcd.start({ fetch: options() })).close();
    expect(downloads).toBe(3);
  },
  60_000,
);

it.runIf(process.platform === 'linux')(
  'a release whose checksum is wrong is refused, and nothing of it is kept',
  async () => {
    served = Buffer.from(served);
    served[served.length >> 1] = ~(served[served.length >> 1] ?? 0) & 0xff;
    await expect(LocalEtcd.start({ fetch: options() })).rejects.toMatchObject({
      code: 'ETCD_NOT_FOUND',
      message: expect.stringMatching(/has the SHA-256 .*, its SHA256SUMS says .*it is not used.*install etcd/),
    });
    expect(await readdir(join(cacheFolder, version))).toEqual([]);
  },
);

it('where nothing can be fetched, one sentence says what was tried and what helps', async () => {
  sums = '';
  await expect(LocalEtcd.start({ fetch: { ...options(), releases: false } })).rejects.toThrow(
    /no etcd to run \(.*\): install etcd/,
  );
});

it.runIf(process.platform === 'linux')('a fetch ends by the signal of the start', async () => {
  const stopping = new AbortController();
  stall = () => new Promise((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  const starting = LocalEtcd.start({
    fetch: options(),
    signal: stopping.signal,
    onProgress: (message) => {
      if (message.startsWith('fetching')) setTimeout(() => stopping.abort(), 50);
    },
  });
  await expect(starting).rejects.toMatchObject({ code: 'ABORTED' });
});

/** Why Debian's package cannot be fetched here, if it cannot. */
async function noDebian(): Promise<string | undefined> {
  const found = (name: string) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  if (!found('apt-get') || !found('dpkg-deb')) return 'apt-get or dpkg-deb is missing';
  const asked = spawnSync('apt-get', ['--print-uris', '-qq', 'download', 'etcd-server'], { encoding: 'utf8' });
  const uri = /'(http[^']+)'/.exec(asked.stdout)?.[1];
  if (uri === undefined) return 'apt knows no etcd-server';
  const answered = await fetch(uri, { method: 'HEAD', signal: AbortSignal.timeout(20_000) }).then(
    (response) => response.ok,
    () => false,
  );
  return answered ? undefined : 'the Debian registry does not answer';
}

/** Starts an etcd in a process of its own, as another user where this one is root, and gives what was told of the start. */
function startElsewhere(fetch: FetchOptions, user?: number): string {
  const drop = user === undefined ? '' : `process.setgroups([]); process.setgid(${user}); process.setuid(${user});`;
  const program = `import { LocalEtcd } from ${JSON.stringify(new URL('../src/local-etcd/index.ts', import.meta.url).href)};
    ${drop}
    const heard = [];
    const etcd = await LocalEtcd.start({ fetch: ${JSON.stringify(fetch)}, onProgress: (message) => heard.push(message) });
    await etcd.close();
    console.log(heard.join('\\n'));`;
  return execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
}

it('the Debian package is fetched without root, and once for all processes', async ({ skip }) => {
  const missing = await noDebian();
  skip(missing !== undefined, missing);
  const fetch = { path: false, releases: false, cacheFolder } as const;
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  if (isRoot) {
    chmodSync(folder, 0o755);
    mkdirSync(cacheFolder, { recursive: true });
    chownSync(cacheFolder, nobody, nobody);
  }
  const first = startElsewhere(fetch, isRoot ? nobody : undefined);
  expect(first.match(/^fetching/gm)).toHaveLength(1);
  const binary = join(cacheFolder, 'debian', 'etcd');
  expect((await stat(binary)).uid).toBe(isRoot ? nobody : process.getuid?.());

  const heard: string[] = [];
  await using etcd = await LocalEtcd.start({ fetch, onProgress: (message) => heard.push(message) });
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  expect((await client.put('from', 'debian')).revision).toBeGreaterThan(1n);
  expect(heard).toContainEqual(`starting 1 member(s) of ${binary}`);
  expect(heard.join()).not.toContain('fetching');
}, 600_000);

async function dead(): Promise<{ pid: number }> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return { pid: child.pid ?? 0 };
}
