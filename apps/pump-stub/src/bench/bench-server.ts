import type { AddressInfo } from 'node:net';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { pumpService, type WriteBinlogReq, type WriteBinlogResp } from '@tidb-js/binlog/wire';
import { pino } from 'pino';
import { Intake } from '../intake.js';
import { PumpMetrics } from '../metrics.js';
import { GrpcDoor } from '../server/grpc-door.js';
import { Listener } from '../server/listener.js';
import { BinlogStore } from '../store/binlog-store.js';
import type { BenchReady, BenchUsage } from './bench-process.js';
import { benchClusterId } from './load.js';

const maxMessageSize = 2 ** 31 - 1;

/** Serves until it is killed or its parent is gone. What it measures is a Pump without its registry, or a bare gRPC server. */
export async function serveForBench(kind: string, dir: string): Promise<void> {
  const begun = performance.now();
  const { port, store } = kind === 'pump' ? await servePump(dir) : { port: await serveEcho(), store: undefined };
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const usage: BenchUsage = {
      cpuMicros: user + system,
      residentBytes: process.memoryUsage.rss(),
      logBytes: store?.status().logBytes ?? 0,
      watermark: String(store?.watermark ?? 0n),
    };
    process.send?.(usage);
  });
  const ready: BenchReady = { port, startSeconds: (performance.now() - begun) / 1000 };
  process.send?.(ready);
  await new Promise<void>((resolve) => process.once('disconnect', resolve));
}

async function servePump(dir: string): Promise<{ port: number; store: BinlogStore }> {
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  const metrics = new PumpMetrics();
  const store = await BinlogStore.open(dir, {
    segmentBytes: 500 << 20,
    syncLog: true,
    maxPendingBytes: 64 << 20,
    maxQueuedIndexEntries: 1 << 20,
    index: {},
    logger,
    onSync: metrics.observeSync,
  });
  const intake = new Intake({
    clusterId: benchClusterId,
    store,
    stopWriteAtAvailableSpace: 0,
    state: () => 'online',
    space: () => ({ capacity: Number.MAX_SAFE_INTEGER, available: Number.MAX_SAFE_INTEGER }),
    onStored: (binlogs) => metrics.observeBinlogs(binlogs),
  });
  const door = new GrpcDoor(intake, { maxMessageSize, observe: metrics.observeCall });
  const listener = new Listener(door, (_, response) => response.end(), logger);
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo;
  return { port, store };
}

/** The floor of a unary write: the same messages over the same library, with nothing behind them. */
async function serveEcho(): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const writeBinlog: handleUnaryCall<WriteBinlogReq, WriteBinlogResp> = (_, answer) => answer(null, { errmsg: '' });
  const { pullBinlogs: _, ...unary } = pumpService;
  server.addService(unary, { writeBinlog });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
