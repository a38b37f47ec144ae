import { Client, type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { BinlogType, encodeBinlog, pumpService, pumpStreamService } from '@tidb-js/binlog/wire';

/** The cluster that a measured Pump belongs to. */
export const benchClusterId = 7n;

const messageWrites = 512;

/** Sends one binlog and settles when it is acknowledged. */
export type Send = (payload: Uint8Array) => Promise<void>;

/** A connection of the load. */
export function openClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
    // As Go's client, which widens it by itself, and ours.
    'grpc-node.flow_control_window': 4 << 20,
  });
}

/** Writes by single calls, as Go clients do. */
export function unarySender(client: Client): Send {
  const { path, requestSerialize, responseDeserialize } = pumpService.writeBinlog;
  return (payload) =>
    new Promise((resolve, reject) => {
      const request = { clusterId: benchClusterId, payload };
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error: ServiceError | null) => {
        if (error) reject(error);
        else resolve();
      });
    });
}

/** Writes by the stream: what the writers of a turn send travels in one message. */
export function streamSender(client: Client): Send {
  const { path, requestSerialize, responseDeserialize } = pumpStreamService.writeBinlogs;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  let waiting: { readonly payload: Uint8Array; readonly resolve: () => void }[] = [];
  const sent: (() => void)[] = [];
  let firstSequence = 1n;
  let settled = 0n;
  const flush = (): void => {
    for (let from = 0; from < waiting.length; from += messageWrites) {
      const piece = waiting.slice(from, from + messageWrites);
      stream.write({ clusterId: benchClusterId, firstSequence, payloads: piece.map(({ payload }) => payload) });
      firstSequence += BigInt(piece.length);
      for (const { resolve } of piece) sent.push(resolve);
    }
    waiting = [];
  };
  stream.on('data', ({ settledSequence, failures }) => {
    if (failures[0]) throw new Error(failures[0].message);
    const count = Number(settledSequence - settled);
    settled = settledSequence;
    for (const resolve of sent.splice(0, count)) resolve();
  });
  stream.on('error', () => {});
  return (payload) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ payload, resolve });
    });
}

/** Transactions with a value of `bytes`, each a Prewrite and then its Commit, from an oracle of its own. */
export class TransactionSource {
  #oracle: bigint;
  readonly #value: Buffer;

  constructor(bytes: number, oracle: bigint) {
    this.#oracle = oracle;
    this.#value = Buffer.alloc(bytes, 'v');
  }

  get oracle(): bigint {
    return this.#oracle;
  }

  async run(send: Send): Promise<void> {
    const startTs = ++this.#oracle;
    const prewriteKey = Buffer.from(`t_r${startTs}`);
    await send(encodeBinlog({ type: BinlogType.Prewrite, startTs, prewriteKey, prewriteValue: this.#value }));
    await send(encodeBinlog({ type: BinlogType.Commit, startTs, commitTs: ++this.#oracle, prewriteKey }));
  }
}

/** Runs `writers` transactions at a time while `more` says so. @returns how many binlogs were acknowledged. */
export async function write(
  source: TransactionSource,
  send: Send,
  writers: number,
  more: () => boolean,
): Promise<number> {
  let binlogs = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (more()) {
        await source.run(send);
        binlogs += 2;
      }
    }),
  );
  return binlogs;
}

/** Pulls `count` binlogs one message each. */
export async function pullSingly(client: Client, count: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = pumpService.pullBinlogs;
  const request = { clusterId: benchClusterId, startFrom: { suffix: 0n, offset: 0n } };
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  await take(stream, count, () => 1);
}

/** Pulls `count` binlogs in batches. */
export async function pullBatches(client: Client, count: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = pumpStreamService.pullBatches;
  const request = { clusterId: benchClusterId, afterCommitTs: 0n, maxBatchBytes: 0 };
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  await take(stream, count, ({ binlogs }) => binlogs.length);
}

function take<T>(stream: ClientReadableStream<T>, count: number, countOf: (message: T) => number): Promise<void> {
  return new Promise((resolve, reject) => {
    let taken = 0;
    stream.on('data', (message) => {
      taken += countOf(message);
      if (taken < count) return;
      resolve();
      stream.cancel();
    });
    stream.on('error', reject);
  });
}
