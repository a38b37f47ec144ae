import { type EtcdClient, op } from '@tidb-js/etcd-session';
import type { ReorgBackend, ReorgBatch, ReorgRange, ReorgTask } from '../src/index.js';

/** Rows and index entries as keys in etcd: `r/<table>/<row>` and `i/<index>/<row>`. What a team's own store could look like, at its smallest. */
export class RowsInEtcd implements ReorgBackend {
  readonly #client: EtcdClient;
  readonly #root: string;

  constructor(client: EtcdClient, root: string) {
    this.#client = client;
    this.#root = root;
  }

  async insert(tableId: number, rows: number): Promise<void> {
    for (let first = 0; first < rows; first += 100) {
      const success = Array.from({ length: Math.min(100, rows - first) }, (_, at) =>
        op.put(this.#rowKey(tableId, first + at), 'row'),
      );
      await this.#client.txn({ success });
    }
  }

  async countEntries(tableId: number, indexId: number): Promise<bigint> {
    const range = await this.#client.range({ prefix: `${this.#root}i/${tableId}/${indexId}/` }, { countOnly: true });
    return range.count;
  }

  async countRows(tableId: number): Promise<bigint> {
    return (await this.#client.range({ prefix: `${this.#root}r/${tableId}/` }, { countOnly: true })).count;
  }

  async range(_task: ReorgTask, physicalId: number): Promise<ReorgRange | undefined> {
    return { physicalId, start: Buffer.from('00000000'), end: Buffer.from('99999999') };
  }

  async split(_task: ReorgTask, range: ReorgRange): Promise<readonly ReorgRange[]> {
    return [range];
  }

  async backfill(
    task: ReorgTask,
    range: ReorgRange,
    options: { readonly batchSize: number; readonly signal: AbortSignal },
  ): Promise<ReorgBatch> {
    const tableKey = `${this.#root}r/${range.physicalId}/`;
    const { kvs, more } = await this.#client.range(
      { key: `${tableKey}${Buffer.from(range.start)}`, end: `${tableKey}${Buffer.from(range.end)}` },
      { limit: options.batchSize, signal: options.signal },
    );
    const names = kvs.map((kv) => kv.key.toString('utf8').slice(tableKey.length));
    const success = names.flatMap((name) =>
      task.indexes.map((index) => op.put(`${this.#root}i/${range.physicalId}/${index.id}/${name}`, name)),
    );
    if (success.length > 0) {
      await this.#client.txn({ success }, { signal: options.signal });
    }
    const last = names.at(-1);
    return { rows: names.length, next: more && last !== undefined ? Buffer.from(`${last}\0`) : undefined };
  }

  #rowKey(tableId: number, row: number): string {
    return `${this.#root}r/${tableId}/${String(row).padStart(8, '0')}`;
  }
}
