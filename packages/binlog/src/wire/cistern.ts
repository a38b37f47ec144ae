import type { ServiceDefinition } from '@grpc/grpc-js';
import { asBuffer } from './fields.js';
import { binlog as generated } from './generated/messages.js';
import { fromInt64, int64 } from './int64.js';
import { decodeMessage } from './messages.js';

/** Asks a Drainer for what it has from a commit_ts on. */
export interface DumpReq {
  readonly beginCommitTs: bigint;
}

/** One dumped binlog. */
export interface DumpBinlogResp {
  readonly commitTs: bigint;
  readonly payload: Uint8Array;
  readonly ddlJob: Uint8Array;
}

/** The DDL jobs, each as JSON bytes. */
export interface DumpDdlJobsResp {
  readonly ddlJobs: readonly Uint8Array[];
}

/** A message without fields. */
export type Empty = Readonly<Record<string, never>>;

function encodeDumpReq(request: DumpReq): Buffer {
  return asBuffer(
    generated.DumpBinlogReq.encode({
      beginCommitTS: request.beginCommitTs === 0n ? null : int64(request.beginCommitTs, 'beginCommitTs'),
    }).finish(),
  );
}

function decodeDumpReq(bytes: Uint8Array): DumpReq {
  const message = decodeMessage('DumpBinlogReq', bytes, (b) => generated.DumpBinlogReq.decode(b));
  return { beginCommitTs: fromInt64(message.beginCommitTS) };
}

function encodeDumpBinlogResp(response: DumpBinlogResp): Buffer {
  return asBuffer(
    generated.DumpBinlogResp.encode({
      commitTS: response.commitTs === 0n ? null : int64(response.commitTs, 'commitTs'),
      payload: response.payload.length === 0 ? null : response.payload,
      ddljob: response.ddlJob.length === 0 ? null : response.ddlJob,
    }).finish(),
  );
}

function decodeDumpBinlogResp(bytes: Uint8Array): DumpBinlogResp {
  const message = decodeMessage('DumpBinlogResp', bytes, (b) => generated.DumpBinlogResp.decode(b));
  return { commitTs: fromInt64(message.commitTS), payload: message.payload, ddlJob: message.ddljob };
}

function encodeDumpDdlJobsResp(response: DumpDdlJobsResp): Buffer {
  return asBuffer(generated.DumpDDLJobsResp.encode({ ddljobs: [...response.ddlJobs] }).finish());
}

function decodeDumpDdlJobsResp(bytes: Uint8Array): DumpDdlJobsResp {
  const message = decodeMessage('DumpDDLJobsResp', bytes, (b) => generated.DumpDDLJobsResp.decode(b));
  return { ddlJobs: message.ddljobs };
}

const encodeEmpty = (_: Empty): Buffer => Buffer.alloc(0);
const decodeEmpty = (bytes: Uint8Array): Empty => {
  decodeMessage('NotifyReq', bytes, (b) => generated.NotifyReq.decode(b));
  return {};
};

/** The service `binlog.Cistern`, which a Drainer serves; a starting Pump calls `notify` on each that is online. */
export const cisternService = {
  dumpBinlog: {
    path: '/binlog.Cistern/DumpBinlog',
    requestStream: false,
    responseStream: true,
    requestSerialize: encodeDumpReq,
    requestDeserialize: decodeDumpReq,
    responseSerialize: encodeDumpBinlogResp,
    responseDeserialize: decodeDumpBinlogResp,
  },
  dumpDdlJobs: {
    path: '/binlog.Cistern/DumpDDLJobs',
    requestStream: false,
    responseStream: false,
    requestSerialize: encodeDumpReq,
    requestDeserialize: decodeDumpReq,
    responseSerialize: encodeDumpDdlJobsResp,
    responseDeserialize: decodeDumpDdlJobsResp,
  },
  notify: {
    path: '/binlog.Cistern/Notify',
    requestStream: false,
    responseStream: false,
    requestSerialize: encodeEmpty,
    requestDeserialize: decodeEmpty,
    responseSerialize: encodeEmpty,
    responseDeserialize: decodeEmpty,
  },
} as const satisfies ServiceDefinition;
