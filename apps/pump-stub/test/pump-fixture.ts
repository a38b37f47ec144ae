import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelCredentials, type ChannelOptions, Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { pumpService, pumpStreamService } from '@tidb-js/binlog/wire';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { type PumpOptions, PumpServer } from '../src/index.js';

/** A folder of its own, which is gone when the test ends. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'pump-stub-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Starts a Pump that takes writes however full the disk is. */
export async function startPump(
  etcd: LocalEtcd,
  dataDir: string,
  options: Partial<PumpOptions> = {},
): Promise<PumpServer> {
  return PumpServer.start({
    pdUrls: [...etcd.endpoints],
    dataDir,
    address: '127.0.0.1:0',
    stopWriteAtAvailableSpace: 1,
    // Tests that want fakes say so: they move the watermark.
    fakeBinlogIntervalMs: 3_600_000,
    ...options,
  });
}

export async function startEtcd(): Promise<LocalEtcd> {
  return LocalEtcd.start({ members: 1 });
}

interface Pulled {
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly payload: string;
}

/** What a gRPC caller sees of a Pump. */
export class PumpCaller implements Disposable {
  readonly client: Client;

  constructor(
    address: string,
    readonly clusterId: bigint,
    channel: ChannelCredentials = credentials.createInsecure(),
    options: ChannelOptions = {},
  ) {
    this.client = new Client(address, channel, { 'grpc.max_receive_message_length': -1, ...options });
  }

  /** @returns 'ok', or the status as `code text`. */
  write(payload: Uint8Array, clusterId = this.clusterId): Promise<string> {
    const { path, requestSerialize, responseDeserialize } = pumpService.writeBinlog;
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { clusterId, payload },
        { deadline: Date.now() + 30_000 },
        (error: ServiceError | null) => resolve(error ? `${error.code} ${error.details}` : 'ok'),
      );
    });
  }

  /** Pulls by the Go call until `count` binlogs came, or the stream ended. */
  async pull(after: bigint, count: number): Promise<Pulled[]> {
    return this.#pull(after, (pulled) => pulled.length >= count);
  }

  /** Pulls everything up to a commit_ts. */
  async pullUpTo(commitTs: bigint): Promise<Pulled[]> {
    return this.#pull(0n, (pulled) => (pulled.at(-1)?.commitTs ?? 0n) >= commitTs);
  }

  /** A pull by the Go call, as a stream. */
  openPull(after: bigint, suffix = 0n) {
    const { path, requestSerialize, responseDeserialize } = pumpService.pullBinlogs;
    const request = { clusterId: this.clusterId, startFrom: { suffix, offset: after } };
    return this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  /** The status that ends a pull, as `code text`. */
  async pullRefusal(after: bigint): Promise<string> {
    try {
      for await (const _ of this.openPull(after));
      return 'ok';
    } catch (error) {
      const { code, details } = error as ServiceError;
      return `${code} ${details}`;
    }
  }

  async #pull(after: bigint, isEnough: (pulled: readonly Pulled[]) => boolean): Promise<Pulled[]> {
    const stream = this.openPull(after);
    const pulled: Pulled[] = [];
    try {
      for await (const { entity } of stream) {
        const { startTs, commitTs, payload } = entity;
        pulled.push({ startTs, commitTs, payload: Buffer.from(payload).toString('hex') });
        if (isEnough(pulled)) break;
      }
      return pulled;
    } finally {
      stream.on('error', () => {});
      stream.cancel();
    }
  }

  openPullBatches(afterCommitTs: bigint, maxBatchBytes: number) {
    const { path, requestSerialize, responseDeserialize } = pumpStreamService.pullBatches;
    const request = { clusterId: this.clusterId, afterCommitTs, maxBatchBytes };
    return this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  openWriteStream() {
    const { path, requestSerialize, responseDeserialize } = pumpStreamService.writeBinlogs;
    return this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}
