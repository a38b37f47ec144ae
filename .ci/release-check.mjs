// Rehearses a release of each package: packs it, publishes it to a private registry on loopback, installs it alone into
// an empty project (by npm, then by pnpm), prints its size and number of dependencies, checks its types under node16, nodenext
// and bundler resolution (in pnpm's layout, which hides what is no dependency of its own), and runs its README's example in ESM
// and in CJS with what the README says to install.
//   pnpm release:check            all packages and apps
//   pnpm release:check syncer …   these only (what they depend on is published beside them)
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { exampleOf, installedBy } from './readme-example.mjs';

const run = promisify(execFile);
// What the package manager that started this tells its children, its registry above all, must not reach the ones below.
const ownEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name)));
const root = resolve(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupted.abort(signal));

const workspaces = [];
for (const folder of ['packages', 'apps']) {
  for (const name of await readdir(join(root, folder))) {
    const path = join(root, folder, name);
    if (!existsSync(join(path, 'package.json'))) continue;
    const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
    workspaces.push({ name, path, manifest });
  }
}
const unknown = wanted.filter((name) => !workspaces.some((workspace) => workspace.name === name));
if (unknown.length > 0) {
  console.error(
    `no package named ${unknown.join(', ')}; there are: ${workspaces.map((workspace) => workspace.name).join(', ')}`,
  );
  process.exit(2);
}

const temp = await mkdtemp(join(tmpdir(), 'tidb-js-release-'));
let registry;
let failures = 0;
try {
  await step('build', () =>
    exec('pnpm', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], { cwd: root }),
  );
  registry = await startRegistry();
  for (const workspace of workspaces) {
    await step(`publish ${workspace.manifest.name}`, () => publish(workspace));
  }
  // What is not published would be looked for upstream.
  for (const workspace of failures === 0 ? workspaces : []) {
    if (wanted.length > 0 && !wanted.includes(workspace.name)) continue;
    for (const manager of ['npm', 'pnpm']) await check(workspace, manager);
  }
} finally {
  registry?.process.kill();
  await rm(temp, { recursive: true, force: true, maxRetries: 5 });
}
console.log(failures === 0 ? 'release check: all passed' : `release check: ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);

async function step(name, action) {
  const begun = performance.now();
  try {
    const note = await action();
    console.log(
      `ok    ${name}${typeof note === 'string' ? `: ${note}` : ''}  (${((performance.now() - begun) / 1000).toFixed(1)} s)`,
    );
    return true;
  } catch (error) {
    if (interrupted.signal.aborted) throw new Error(`interrupted by ${interrupted.signal.reason}`);
    failures += 1;
    console.log(`FAIL  ${name}\n${`${error.stdout ?? ''}${error.stderr ?? ''}` || error.stack}`);
    return false;
  }
}

function exec(command, args, options = {}) {
  return run(command, args, {
    maxBuffer: 64 << 20,
    timeout: 300_000,
    env: ownEnv,
    signal: interrupted.signal,
    ...options,
  });
}

async function startRegistry() {
  const upstream = (await exec('npm', ['config', 'get', 'registry'], { cwd: temp })).stdout.trim();
  const port = await new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
  const config = join(temp, 'verdaccio.yaml');
  await writeFile(
    config,
    `storage: ${join(temp, 'storage')}
uplinks: { upstream: { url: '${upstream}', maxage: 60m, timeout: 60s, max_fails: 20 } }
packages:
  '@tidb-js/*': { access: $all, publish: $all, unpublish: $all }
  '**': { access: $all, proxy: upstream }
max_body_size: 200mb
log: { type: stdout, level: warn }
`,
  );
  const child = spawn(
    join(root, 'node_modules', '.bin', 'verdaccio'),
    ['--config', config, '--listen', `127.0.0.1:${port}`],
    {
      cwd: root,
      env: ownEnv,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const url = `http://127.0.0.1:${port}/`;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (attempt === 300 || child.exitCode !== null || interrupted.signal.aborted) {
      child.kill();
      throw new Error('the loopback registry did not start within 30 s');
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  const npmrc = `registry=${url}\n//127.0.0.1:${port}/:_authToken=loopback\naudit=false\nfund=false\nupdate-notifier=false\n`;
  return { process: child, url, npmrc };
}

async function publish({ name, path }) {
  const packed = join(temp, 'packed', name);
  await mkdir(packed, { recursive: true });
  await exec('pnpm', ['pack', '--pack-destination', packed], { cwd: path });
  const [tarball] = await readdir(packed);
  await writeFile(join(packed, '.npmrc'), registry.npmrc);
  await exec('npm', ['publish', tarball, '--provenance=false', '--access=public', '--tag=latest'], { cwd: packed });
  return `${((await stat(join(packed, tarball))).size / 1024).toFixed(0)} KiB packed`;
}

async function check({ name, path, manifest }, manager) {
  const project = join(temp, `${manager}-${name}`);
  const title = `${manifest.name} by ${manager}`;
  await mkdir(project, { recursive: true });
  await writeFile(join(project, '.npmrc'), registry.npmrc);
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true }\n');
  const add = (packages) =>
    manager === 'npm'
      ? exec('npm', ['install', ...packages], { cwd: project })
      : exec('pnpm', ['add', '--ignore-workspace', '--config.verify-deps-before-run=false', ...packages], {
          cwd: project,
        });
  const installed = await step(`${title}: install`, async () => {
    await add([manifest.name]);
    return footprint(join(project, 'node_modules'));
  });
  if (!installed) return;
  for (const command of Object.keys(manifest.bin ?? {})) {
    await step(`${title}: ${command} --help`, () =>
      exec(join(project, 'node_modules', '.bin', command), ['--help'], { cwd: project }),
    );
  }
  if (manager === 'pnpm') await checkTypes(title, manifest, project);

  const readme = await readFile(join(path, 'README.md'), 'utf8');
  const example = exampleOf(readme);
  if (example === undefined) {
    if (manifest.bin !== undefined) return;
    failures += 1;
    console.log(`FAIL  ${title}: its README marks no example`);
    return;
  }
  const others = installedBy(readme).filter((each) => each !== manifest.name);
  if (others.length > 0)
    await step(`${title}: install ${others.join(' ')} beside it`, async () => void (await add(others)));
  const { code } = await transform(example, { loader: 'ts', format: 'esm', target: 'node20' });
  await writeFile(join(project, 'example.mjs'), code);
  await writeFile(join(project, 'example.cjs'), asCommonJs(code));
  for (const [form, file] of [
    ['ESM', 'example.mjs'],
    ['CJS', 'example.cjs'],
  ]) {
    await step(`${title}: README example, ${form}`, async () => {
      await exec('node', [file], { cwd: project, timeout: 120_000 });
    });
  }
}

async function checkTypes(title, manifest, project) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');
  const imports = doors
    .map((door, i) => `import * as door${i} from '${manifest.name}${door.slice(1)}';\nvoid door${i};\n`)
    .join('');
  await writeFile(join(project, 'doors.mts'), imports);
  await writeFile(join(project, 'doors.cts'), imports);
  for (const [module, resolution, files] of [
    ['node16', 'node16', ['doors.mts', 'doors.cts']],
    ['nodenext', 'nodenext', ['doors.mts', 'doors.cts']],
    ['esnext', 'bundler', ['doors.mts']],
  ]) {
    await step(`${title}: types under ${resolution}`, () =>
      exec(
        'node',
        [
          tsc,
          '--noEmit',
          '--strict',
          '--skipLibCheck',
          'false',
          '--target',
          'es2022',
          '--lib',
          'es2023,esnext.disposable',
          '--module',
          module,
          '--moduleResolution',
          resolution,
          '--typeRoots',
          join(root, 'packages/etcd-session/node_modules/@types'),
          '--types',
          'node',
          ...files,
        ],
        { cwd: project },
      ),
    );
  }
}

/** What an installation weighs: packages (the package itself included) and bytes. */
async function footprint(modules) {
  const { stdout } = await exec('du', ['-sk', modules]);
  const manifests = await exec('find', [
    '-L',
    modules,
    '-name',
    'package.json',
    '-path',
    '*/node_modules/*',
    '-not',
    '-path',
    '*/dist/*',
  ]);
  const names = new Set();
  for (const file of manifests.stdout.split('\n')) {
    const match = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(file);
    if (match) names.add(match[1]);
  }
  return `${names.size - 1} dependencies, ${(Number(stdout.split('\t')[0]) / 1024).toFixed(1)} MiB`;
}

/** The example as a CommonJS program: `require` for `import`, and a function around its top-level awaits. */
function asCommonJs(esm) {
  const required = [];
  const body = esm.replace(/^import\s+(.+?)\s+from\s+["']([^"']+)["'];?$/gms, (_, names, from) => {
    const bound = names.startsWith('* as ')
      ? names.slice(5)
      : names.startsWith('{')
        ? names.replace(/\bas\b/g, ':')
        : `{ default: ${names} }`;
    required.push(`const ${bound} = require('${from}');`);
    return '';
  });
  return `${required.join('\n')}\n(async () => {\n${body}\n})().catch((error) => { console.error(error); process.exit(1); });\n`;
}
