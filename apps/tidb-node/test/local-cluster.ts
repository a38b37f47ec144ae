import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { type NodeOptions, TidbNode } from '../src/index.js';

/** An etcd with some nodes in this process. */
export class LocalCluster implements AsyncDisposable {
  readonly nodes: TidbNode[] = [];
  private readonly connections: mysql.Connection[] = [];

  private constructor(readonly etcd: LocalEtcd) {}

  static async start(nodes: number, options: Partial<NodeOptions> = {}): Promise<LocalCluster> {
    const cluster = new LocalCluster(await LocalEtcd.start());
    for (let i = 0; i < nodes; i += 1) await cluster.add(options);
    return cluster;
  }

  async add(options: Partial<NodeOptions> = {}): Promise<TidbNode> {
    const { endpoints } = this.etcd;
    const node = await TidbNode.start({
      endpoints,
      port: 0,
      statusPort: 0,
      logger: pino({ level: 'silent' }),
      ...options,
    });
    this.nodes.push(node);
    return node;
  }

  node(index: number): TidbNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  async connect(index: number, options: mysql.ConnectionOptions = {}): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      host: '127.0.0.1',
      port: this.node(index).port,
      user: 'root',
      database: 'test',
      ...options,
    });
    connection.on('error', () => undefined);
    this.connections.push(connection);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.etcd.close();
  }
}

export async function rowsOf(connection: mysql.Connection, sql: string): Promise<RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>(sql))[0];
}
