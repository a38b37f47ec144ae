import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { build } from 'tsup';
import { DdlJobs, EtcdMetaStorage, type JobState } from '../src/index.js';
import { RowsInEtcd } from './rows-in-etcd.js';

const packageFolder = new URL('..', import.meta.url).pathname;
/** What stands before every key of such a fleet. */
export const fleetRoot = '/processes';

let built: Promise<string> | undefined;
/** The server as one file of JavaScript, made once: its processes start in half the time. It lies where the package's dependencies are found. */
function nodeFile(): Promise<string> {
  const outDir = join(packageFolder, 'node_modules/.cache', `node-process-${process.pid}`);
  const entry = { node: join(packageFolder, 'test/node-process.ts') };
  const options = { format: 'esm', config: false, silent: true, dts: false, clean: false } as const;
  built ??= build({ ...options, entry, outDir }).then(() => {
    process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
    return join(outDir, 'node.js');
  });
  return built;
}

/** A line of the file that all servers write their binlogs to. */
export interface WrittenBinlog {
  readonly kind: 'prewrite' | 'commit' | 'rollback';
  readonly jobId: number;
  readonly jobState: JobState;
  readonly startTs: string;
}

/** One server, a process of its own. */
export class NodeProcess {
  readonly id: string;
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(id: string, child: ChildProcess, lines: Interface) {
    this.id = id;
    this.child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Sends a command, and returns the line that answers it. */
  async ask(command: string): Promise<string> {
    this.child.stdin?.write(`${command}\n`);
    return this.nextLine();
  }

  async nextLine(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new Error(`${this.id} has gone`);
    }
    return value;
  }

  /** Kills it with SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone();
  }

  async gone(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await once(this.child, 'exit');
    }
  }
}

/** A fleet of real processes on a real etcd, and what a test needs to look at it from the outside. */
export class ProcessFleet implements AsyncDisposable {
  readonly etcd: LocalEtcd;
  readonly client: EtcdClient;
  readonly storage: EtcdMetaStorage;
  readonly jobs: DdlJobs;
  readonly rows: RowsInEtcd;
  readonly #folder: string;
  readonly #watcher: OwnerManager;
  readonly #nodes = new Map<string, NodeProcess>();
  #started = 0;

  private constructor(etcd: LocalEtcd, folder: string) {
    this.etcd = etcd;
    this.#folder = folder;
    this.client = new EtcdClient({ endpoints: etcd.endpoints });
    this.storage = new EtcdMetaStorage({ client: this.client, prefix: `${fleetRoot}/meta/` });
    this.jobs = new DdlJobs({ storage: this.storage });
    this.rows = new RowsInEtcd(this.client, `${fleetRoot}/rows/`);
    this.#watcher = new OwnerManager(this.client, { id: 'watcher', key: `${fleetRoot}/owner` });
  }

  static async start(): Promise<ProcessFleet> {
    return new ProcessFleet(await LocalEtcd.start(), await mkdtemp(join(tmpdir(), 'process-fleet-')));
  }

  /** Starts a server; resolves when it is in step. */
  async startNode(): Promise<NodeProcess> {
    const id = `node-${this.#started++}`;
    const args = [await nodeFile(), this.etcd.endpoints.join(','), fleetRoot, id, this.#binlogFile];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const node = new NodeProcess(id, child, createInterface({ input: child.stdout }));
    this.#nodes.set(id, node);
    await node.nextLine();
    return node;
  }

  node(id: string): NodeProcess | undefined {
    return this.#nodes.get(id);
  }

  /** The id of the owner, as soon as there is one. */
  async ownerId(): Promise<string> {
    for (;;) {
      const id = await this.#watcher.getOwnerId().catch(() => undefined);
      if (id !== undefined) return id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Does at once what etcd would do when the leases of a dead server run out. */
  async expire(node: NodeProcess): Promise<void> {
    this.#nodes.delete(node.id);
    const { kvs } = await this.client.range({ prefix: `${fleetRoot}/` });
    const own = kvs.filter(
      (kv) => kv.lease !== 0n && (kv.key.toString().includes(node.id) || kv.value.toString() === node.id),
    );
    await Promise.all([...new Set(own.map((kv) => kv.lease))].map((lease) => this.client.leaseRevoke(lease)));
  }

  /** Forgets a server that was killed; its leases run out by themselves. */
  forget(node: NodeProcess): void {
    this.#nodes.delete(node.id);
  }

  async binlogs(): Promise<readonly WrittenBinlog[]> {
    const text = await readFile(this.#binlogFile, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as WrittenBinlog);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.kill()));
    await this.jobs.close();
    await this.#watcher.close();
    await this.client.close();
    await this.etcd.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #binlogFile(): string {
    return join(this.#folder, 'binlogs');
  }
}
