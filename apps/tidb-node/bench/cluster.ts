import { fileURLToPath } from 'node:url';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql from 'mysql2/promise';
import { Playground } from '../src/playground/playground.js';

/** A cluster of real processes to be measured. */
export class BenchCluster implements AsyncDisposable {
  private readonly connections: mysql.Connection[] = [];

  private constructor(
    readonly etcd: LocalEtcd,
    readonly playground: Playground,
  ) {}

  static async start(pump: number): Promise<BenchCluster> {
    const etcd = await LocalEtcd.start();
    const program = fileURLToPath(new URL('../bin/tidb-node.js', import.meta.url));
    const playground = await Playground.create({
      db: 3,
      pump,
      endpoints: etcd.endpoints,
      portOffset: 21_000,
      programs: { node: program, pump: program },
    });
    await playground.up();
    return new BenchCluster(etcd, playground);
  }

  /** Connections spread over the nodes. */
  async connect(count: number): Promise<mysql.Connection[]> {
    const nodes = this.playground.display().filter(({ kind }) => kind === 'db');
    const made = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        mysql.createConnection({
          host: '127.0.0.1',
          port: Number(nodes[i % nodes.length]?.address.split(':')[1]),
          user: 'root',
          database: 'test',
        }),
      ),
    );
    this.connections.push(...made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    await this.playground.close();
    await this.etcd.close();
  }
}
