import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { PullBinlogReq, PullBinlogResp, WriteBinlogReq, WriteBinlogResp } from '@tidb-js/binlog/wire';
import type { PumpBackend } from '../backend.js';
import { endOnCancel, sendPiece } from './outgoing.js';
import { Oversize } from './oversize.js';
import { statusOf } from './status-of.js';

const noPos = { suffix: 0n, offset: 0n };
const ok: WriteBinlogResp = { errmsg: '' };
const batchBytes = 256 << 10;

/** How long a call took, for the metrics. */
export type ObserveCall = (method: string, label: 'succ' | 'fail', seconds: number) => void;

/** Told of a pull, which a closing door lets end. */
export type TrackPull = (pull: Promise<void>) => void;

/** The calls of `binlog.Pump`, as a Go Pump answers them. */
export function pumpHandlers(
  backend: PumpBackend,
  stopped: AbortSignal,
  { observe, track }: { observe: ObserveCall; track: TrackPull },
): UntypedServiceImplementation {
  const writeBinlog: handleUnaryCall<WriteBinlogReq | Oversize, WriteBinlogResp> = (call, answer) => {
    const begun = performance.now();
    if (call.request instanceof Oversize) {
      const { bytes, maxMessageSize } = call.request;
      observe('WriteBinlog', 'fail', 0);
      // TiDB knows this error by its text.
      const details = `grpc: received message larger than max (${bytes} vs. ${maxMessageSize})`;
      answer({ code: status.RESOURCE_EXHAUSTED, details });
      return;
    }
    backend.write(call.request.clusterId, call.request.payload).then(
      () => {
        observe('WriteBinlog', 'succ', (performance.now() - begun) / 1000);
        answer(null, ok);
      },
      (error: unknown) => {
        observe('WriteBinlog', 'fail', (performance.now() - begun) / 1000);
        answer(statusOf(error));
      },
    );
  };
  const pullBinlogs: handleServerStreamingCall<PullBinlogReq, PullBinlogResp> = (call) => {
    const pull = servePull(backend, call, stopped).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        call.emit('error', statusOf(error));
      },
    );
    track(pull);
  };
  return { writeBinlog, pullBinlogs };
}

async function servePull(
  backend: PumpBackend,
  call: ServerWritableStream<PullBinlogReq, PullBinlogResp>,
  stopped: AbortSignal,
): Promise<void> {
  const signal = endOnCancel(call, stopped);
  const { clusterId, startFrom } = call.request;
  for await (const { binlogs } of backend.pull(clusterId, startFrom.offset, { signal, batchBytes })) {
    for (const { startTs, commitTs, payload } of binlogs) {
      const room = sendPiece(call, { entity: { pos: noPos, payload, startTs, commitTs } }, signal);
      if (room) await room;
      if (signal.aborted) return;
    }
  }
}
