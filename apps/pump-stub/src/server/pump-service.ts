import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { encodePullBinlogResp, type PullBinlogReq, type WriteBinlogReq } from '@tidb-js/binlog/wire';
import type { PumpBackend } from '../backend.js';
import { answerWithStream, type TrackPull } from './outgoing.js';
import { Oversize } from './oversize.js';
import { statusOf } from './status-of.js';

const noPos = { suffix: 0n, offset: 0n };
/** An answer without an error has no fields. */
const ok = Buffer.alloc(0);
const batchBytes = 256 << 10;

/** How long a call took, for the metrics. */
export type ObserveCall = (method: string, label: 'succ' | 'fail', seconds: number) => void;

/** The calls of `binlog.Pump`, as a Go Pump answers them. What they send is encoded. */
export function pumpHandlers(
  backend: PumpBackend,
  stopped: AbortSignal,
  { observe, track }: { observe: ObserveCall; track: TrackPull },
): UntypedServiceImplementation {
  const writeBinlog: handleUnaryCall<WriteBinlogReq | Oversize, Buffer> = (call, answer) => {
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
  const pullBinlogs: handleServerStreamingCall<PullBinlogReq, Buffer> = (call) => {
    answerWithStream(call, { stopped, track }, async function* (signal) {
      const { clusterId, startFrom } = call.request;
      for await (const { binlogs } of backend.pull(clusterId, startFrom.offset, { signal, batchBytes })) {
        yield binlogs.map(({ startTs, commitTs, payload }) =>
          encodePullBinlogResp({ entity: { pos: noPos, startTs, commitTs, payload } }),
        );
      }
    });
  };
  return { writeBinlog, pullBinlogs };
}
