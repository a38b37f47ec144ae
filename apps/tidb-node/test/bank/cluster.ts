import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { httpGet } from '../../src/http-get.js';
import { Playground } from '../../src/playground/playground.js';

/** A cluster of real processes that can be killed one by one and brought back. */
export class BankCluster implements AsyncDisposable {
  private constructor(
    readonly etcd: LocalEtcd,
    readonly playground: Playground,
  ) {}

  static async start(members: 1 | 3): Promise<BankCluster> {
    const etcd = await LocalEtcd.start({ members });
    try {
      const program = fileURLToPath(new URL('../../bin/tidb-node.js', import.meta.url));
      const playground = await Playground.create({
        db: 3,
        pump: 2,
        endpoints: etcd.endpoints,
        portOffset: 20_000,
        pumpArgs: ['--stop-write-at-available-space', '0'],
        programs: { node: program, pump: program },
      });
      await playground.up();
      return new BankCluster(etcd, playground);
    } catch (error) {
      await etcd.close();
      throw error;
    }
  }

  names(kind: 'db' | 'pump'): string[] {
    return this.playground.display().flatMap((one) => (one.kind === kind ? [one.name] : []));
  }

  /** The MySQL port of a node. */
  port(name: string): number {
    return Number(this.info(name).address.split(':')[1]);
  }

  /** What a node answers on its status port. */
  async status(name: string, path: string): Promise<string> {
    const url = this.info(name).statusUrl.replace(/\/status$/, path);
    const { status, text } = await httpGet(url, AbortSignal.timeout(20_000));
    if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
    return text;
  }

  /** The node that runs the schema changes, if one of those that answer knows it. */
  async owner(): Promise<string | undefined> {
    for (const name of this.names('db')) {
      const info = await this.status(name, '/info').catch(() => '{}');
      if ((JSON.parse(info) as { is_owner?: boolean }).is_owner) return name;
    }
    return undefined;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    const { pid } = this.info(name);
    if (pid !== undefined) process.kill(pid, signal);
  }

  restart(name: string): Promise<void> {
    return this.playground.restart(name);
  }

  /** Copies the logs to where they outlive the cluster. */
  async keepLogs(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tidb-js-bank-'));
    await cp(join(this.playground.folder, 'logs'), folder, { recursive: true });
    return folder;
  }

  private info(name: string) {
    const found = this.playground.display().find((one) => one.name === name);
    if (found === undefined) throw new Error(`no component ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.playground.close();
    await this.etcd.close();
  }
}
