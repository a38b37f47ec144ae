import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { peersFolder } from './gotidb.js';
import { eventually } from './local-fleet.js';

const run = promisify(execFile);
const programs = ['pd-server', 'unistore', 'tidb-server'];

/** Why no cluster can be started here, or `undefined`. */
export async function whyNoTidbCluster(): Promise<string | undefined> {
  const missing = programs.filter((program) => !existsSync(join(peersFolder, program)));
  if (missing.length > 0)
    return `${missing.join(', ')} not found in ${peersFolder} (TIDB_JS_PEERS names another folder)`;
  return run('mysql', ['--version']).then(
    () => undefined,
    () => 'no mysql client',
  );
}

/** A real TiDB cluster: a PD, whose etcd is TiDB's, a store, and servers. */
export class TidbCluster {
  static async start(servers: number): Promise<TidbCluster> {
    const cluster = new TidbCluster(await mkdtemp(join(tmpdir(), 'tidb-cluster-')), await freePorts(3 + 2 * servers));
    try {
      await cluster.#start(servers);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  readonly #folder: string;
  readonly #ports: number[];
  readonly #children: ChildProcess[] = [];
  readonly #servers: { readonly sql: number; readonly status: number }[] = [];
  #pd = 0;

  private constructor(folder: string, ports: number[]) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Where the etcd is that the servers use. */
  get endpoint(): string {
    return `127.0.0.1:${this.#pd}`;
  }

  /** Runs statements on a server; resolves with what the client prints. */
  async sql(server: number, text: string): Promise<string> {
    const port = String(this.#servers[server]?.sql);
    const { stdout } = await run('mysql', ['-h', '127.0.0.1', '-P', port, '-u', 'root', '-N', '-e', text]);
    return stdout.trim();
  }

  /** What a server tells on its status port. */
  async status(server: number, path: string): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.#servers[server]?.status}${path}`);
    return answer.json();
  }

  async close(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #start(servers: number): Promise<void> {
    this.#pd = this.#port();
    const pd = `http://${this.endpoint}`;
    const peer = `http://127.0.0.1:${this.#port()}`;
    await this.#spawn('pd', 'pd-server', [
      '--name',
      'pd1',
      '--data-dir',
      'pd',
      '--client-urls',
      pd,
      '--peer-urls',
      peer,
    ]);
    await answers(`${pd}/pd/api/v1/members`);
    const store = `127.0.0.1:${this.#port()}`;
    await this.#spawn('store', 'unistore', ['-pd', this.endpoint, '-addr', store, '-dir', 'store']);
    await answers(`${pd}/pd/api/v1/stores`, (text) => text.includes(`"address": "${store}"`));
    for (let server = 0; server < servers; server += 1) {
      const sql = this.#port();
      const status = this.#port();
      this.#servers.push({ sql, status });
      const config = [
        'host = "127.0.0.1"',
        'advertise-address = "127.0.0.1"',
        'store = "tikv"',
        `path = "${this.endpoint}"`,
        '[status]',
        'status-host = "127.0.0.1"',
      ];
      const file = `tidb${server}.toml`;
      await writeFile(join(this.#folder, file), `${config.join('\n')}\n`);
      const args = ['-config', file, '-P', String(sql), '-status', String(status)];
      await this.#spawn(`tidb${server}`, 'tidb-server', args);
      await answers(`http://127.0.0.1:${status}/status`);
    }
  }

  async #spawn(name: string, program: string, args: readonly string[]): Promise<void> {
    const log = join(this.#folder, `${name}.log`);
    const out = await open(log, 'w');
    const child = spawn(join(peersFolder, program), args, { cwd: this.#folder, stdio: ['ignore', out.fd, out.fd] });
    this.#children.push(child);
    await out.close();
    child.once('exit', (code) => {
      if (code) void readFile(log, 'utf8').then((text) => console.error(`${program} ended:\n${text.slice(-2_000)}`));
    });
  }

  #port(): number {
    const port = this.#ports.shift();
    if (port === undefined) throw new Error('no port is left');
    return port;
  }
}

async function answers(url: string, right: (text: string) => boolean = () => true): Promise<void> {
  const asked = () => fetch(url).then(async (answer) => answer.ok && right(await answer.text()));
  await eventually(() => asked().catch(() => false), `${url} answers`);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
