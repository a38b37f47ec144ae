import { rmSync } from 'node:fs';
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import type { EtcdClient } from '@tidb-js/etcd-session';
import {
  type Binlog,
  decodeBinlog,
  type PullBatchesRequest,
  type PullBatchesResponse,
  type PullBinlogReq,
  type PullBinlogResp,
  pumpService,
  pumpStreamService,
  type WriteBinlogReq,
  type WriteBinlogResp,
  type WriteBinlogsRequest,
  type WriteBinlogsResponse,
} from '../src/wire/index.js';

/** What a pump answers to a write; undefined takes it. */
export type Refusal = { readonly code: number; readonly message: string } | undefined;

export interface ScriptedPumpOptions {
  readonly nodeId?: string;
  readonly address?: string;
  /** With the streaming door. */
  readonly stream?: boolean;
  readonly maxMessageBytes?: number;
  readonly clusterId?: bigint;
  /** With these credentials instead of none. */
  readonly credentials?: ServerCredentials;
}

interface Calls<Request, Response> {
  readonly request: Request;
  write(response: Response): boolean;
  end(): void;
  emit(event: 'error', error: unknown): boolean;
  on(event: string, listener: (value: Request) => void): unknown;
}

/**
 * A server of the Pump's protocol that stores in memory and answers as a test tells it, for faults that a real Pump does not show on
 * demand: it speaks gRPC over a real socket.
 */
export class ScriptedPump {
  readonly nodeId: string;
  /** What was taken, in order. */
  readonly binlogs: Binlog[] = [];
  /** Number of messages that came by the stream. */
  streamMessages = 0;
  probes = 0;
  /** Write streams that are open. */
  streams = 0;
  refuse: (binlog: Binlog) => Refusal | Promise<Refusal> = () => undefined;
  /** Called for each pull; writes to the stream itself. */
  pull: (call: Calls<PullBinlogReq, PullBinlogResp>) => void = () => undefined;
  pullBatches: (call: Calls<PullBatchesRequest, PullBatchesResponse>) => void = () => undefined;
  address = '';
  readonly #options: ScriptedPumpOptions;
  #server: Server | undefined;

  private constructor(options: ScriptedPumpOptions) {
    this.#options = options;
    this.nodeId = options.nodeId ?? 'pump';
  }

  static async start(options: ScriptedPumpOptions = {}): Promise<ScriptedPump> {
    const pump = new ScriptedPump(options);
    await pump.listen(options.address ?? '127.0.0.1:0');
    return pump;
  }

  get types(): number[] {
    return this.binlogs.map(({ type }) => type);
  }

  async listen(address = this.address): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': this.#options.maxMessageBytes ?? -1 });
    server.addService(pumpService, {
      writeBinlog: (call: { request: WriteBinlogReq }, done: sendUnaryData<WriteBinlogResp>) => {
        void this.#take(call.request.clusterId, call.request.payload).then((refusal) =>
          refusal === undefined ? done(null, { errmsg: '' }) : done({ code: refusal.code, details: refusal.message }),
        );
      },
      pullBinlogs: (call: Calls<PullBinlogReq, PullBinlogResp>) => this.pull(call),
    });
    if (this.#options.stream === true) {
      server.addService(pumpStreamService, {
        writeBinlogs: (call: Calls<WriteBinlogsRequest, WriteBinlogsResponse>) => this.#writeStream(call),
        pullBatches: (call: Calls<PullBatchesRequest, PullBatchesResponse>) => this.pullBatches(call),
      });
    }
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(address, this.#options.credentials ?? ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = address.startsWith('unix:') ? address : `127.0.0.1:${port}`;
    this.#server = server;
  }

  /** Cuts every connection. {@link listen} takes them again at the same address. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    if (this.address.startsWith('unix:')) rmSync(this.address.slice('unix:'.length), { force: true });
  }

  async register(etcd: EtcdClient, state = 'online'): Promise<void> {
    await etcd.put(
      `/tidb-binlog/v1/pumps/${this.nodeId}`,
      JSON.stringify({
        nodeId: this.nodeId,
        host: this.address,
        state,
        isAlive: false,
        score: 0,
        label: null,
        maxCommitTS: 0,
        updateTS: 0,
      }),
    );
  }

  #writeStream(call: Calls<WriteBinlogsRequest, WriteBinlogsResponse>): void {
    let last = Promise.resolve();
    this.streams++;
    call.on('cancelled', () => this.streams--);
    call.on('data', (request) => {
      this.streamMessages++;
      last = last.then(async () => {
        const failures = [];
        for (const [index, payload] of request.payloads.entries()) {
          const refusal = await this.#take(request.clusterId, payload);
          if (refusal !== undefined) failures.push({ sequence: request.firstSequence + BigInt(index), ...refusal });
        }
        call.write({ settledSequence: request.firstSequence + BigInt(request.payloads.length) - 1n, failures });
      });
    });
    call.on('end', () => void last.then(() => call.end()));
    call.on('error', () => undefined);
  }

  async #take(clusterId: bigint, payload: Uint8Array): Promise<Refusal> {
    const own = this.#options.clusterId ?? clusterId;
    if (clusterId !== own) return { code: status.UNKNOWN, message: `cluster ID are mismatch, ${clusterId} vs ${own}` };
    const binlog = decodeBinlog(payload);
    const refusal = await this.refuse(binlog);
    if (refusal !== undefined) return refusal;
    if (payload.length === 0) this.probes++;
    else this.binlogs.push(binlog);
    return undefined;
  }
}
