// A Pump that answers at once and keeps nothing: what is left is gRPC and the client. Prints its port.
import { Server, ServerCredentials, type ServerDuplexStream, type sendUnaryData } from '@grpc/grpc-js';
import {
  pumpService,
  pumpStreamService,
  type WriteBinlogResp,
  type WriteBinlogsRequest,
  type WriteBinlogsResponse,
} from '../src/wire/index.js';

const server = new Server();
server.addService(
  { writeBinlog: pumpService.writeBinlog },
  { writeBinlog: (_call: unknown, done: sendUnaryData<WriteBinlogResp>) => done(null, { errmsg: '' }) },
);
if (process.argv[2] === 'stream') {
  server.addService(
    { writeBinlogs: pumpStreamService.writeBinlogs },
    {
      writeBinlogs: (call: ServerDuplexStream<WriteBinlogsRequest, WriteBinlogsResponse>) => {
        call.on('data', ({ firstSequence, payloads }: WriteBinlogsRequest) =>
          call.write({ settledSequence: firstSequence + BigInt(payloads.length) - 1n, failures: [] }),
        );
        call.on('end', () => call.end());
        call.on('error', () => undefined);
      },
    },
  );
}
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.(port);
});
