import type { ServiceDefinition } from '@grpc/grpc-js';
import { asBuffer } from './fields.js';
import { tidbjs } from './generated/messages.js';
import { fromInt64, fromUint64, int64, uint64 } from './int64.js';
import { decodeMessage } from './messages.js';

const generated = tidbjs.binlog.v1;

/** A run of writes: `payloads[i]` has the number `firstSequence + i`. Numbers start at 1 on each stream and have no gap. */
export interface WriteBinlogsRequest {
  readonly clusterId: bigint;
  readonly firstSequence: bigint;
  readonly payloads: readonly Uint8Array[];
}

/** One refused write of the stream: what its single call would have answered. */
export interface WriteFailure {
  readonly sequence: bigint;
  /** A gRPC status code. */
  readonly code: number;
  readonly message: string;
}

/** Every write up to and with `settledSequence` is durable, except those a failure (of this or an earlier message) names. */
export interface WriteBinlogsResponse {
  readonly settledSequence: bigint;
  readonly failures: readonly WriteFailure[];
}

/** Asks for everything above `afterCommitTs`, in batches of about `maxBatchBytes` (0: the pump chooses). */
export interface PullBatchesRequest {
  readonly clusterId: bigint;
  readonly afterCommitTs: bigint;
  readonly maxBatchBytes: number;
}

/** A pulled binlog with its timestamps, so that it can be merged without being decoded. */
export interface PulledBinlog {
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly payload: Uint8Array;
}

/** Binlogs in ascending commit_ts; nothing up to and with `watermark` follows. A batch may be empty and raise only that. */
export interface PullBatchesResponse {
  readonly binlogs: readonly PulledBinlog[];
  readonly watermark: bigint;
}

/** Encodes a run of writes. */
export function encodeWriteBinlogsRequest(request: WriteBinlogsRequest): Buffer {
  return asBuffer(
    generated.WriteBinlogsRequest.encode({
      clusterId: uint64(request.clusterId, 'clusterId'),
      firstSequence: uint64(request.firstSequence, 'firstSequence'),
      payloads: request.payloads as Uint8Array[],
    }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodeWriteBinlogsRequest(bytes: Uint8Array): WriteBinlogsRequest {
  const message = decodeMessage('WriteBinlogsRequest', bytes, (b) => generated.WriteBinlogsRequest.decode(b));
  return {
    clusterId: fromUint64(message.clusterId),
    firstSequence: fromUint64(message.firstSequence),
    payloads: message.payloads,
  };
}

/** Encodes an acknowledgement. */
export function encodeWriteBinlogsResponse(response: WriteBinlogsResponse): Buffer {
  return asBuffer(
    generated.WriteBinlogsResponse.encode({
      settledSequence: uint64(response.settledSequence, 'settledSequence'),
      failures: response.failures.map((failure) => ({
        sequence: uint64(failure.sequence, 'sequence'),
        code: failure.code,
        message: failure.message,
      })),
    }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodeWriteBinlogsResponse(bytes: Uint8Array): WriteBinlogsResponse {
  const message = decodeMessage('WriteBinlogsResponse', bytes, (b) => generated.WriteBinlogsResponse.decode(b));
  return {
    settledSequence: fromUint64(message.settledSequence),
    failures: message.failures.map((failure) => ({
      sequence: fromUint64(failure.sequence),
      code: failure.code ?? 0,
      message: failure.message ?? '',
    })),
  };
}

/** Encodes a pull in batches. */
export function encodePullBatchesRequest(request: PullBatchesRequest): Buffer {
  return asBuffer(
    generated.PullBatchesRequest.encode({
      clusterId: uint64(request.clusterId, 'clusterId'),
      afterCommitTs: int64(request.afterCommitTs, 'afterCommitTs'),
      maxBatchBytes: request.maxBatchBytes,
    }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodePullBatchesRequest(bytes: Uint8Array): PullBatchesRequest {
  const message = decodeMessage('PullBatchesRequest', bytes, (b) => generated.PullBatchesRequest.decode(b));
  return {
    clusterId: fromUint64(message.clusterId),
    afterCommitTs: fromInt64(message.afterCommitTs),
    maxBatchBytes: message.maxBatchBytes,
  };
}

/** Encodes a batch of pulled binlogs. */
export function encodePullBatchesResponse(response: PullBatchesResponse): Buffer {
  return asBuffer(
    generated.PullBatchesResponse.encode({
      binlogs: response.binlogs.map((binlog) => ({
        startTs: int64(binlog.startTs, 'startTs'),
        commitTs: int64(binlog.commitTs, 'commitTs'),
        payload: binlog.payload,
      })),
      watermark: int64(response.watermark, 'watermark'),
    }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodePullBatchesResponse(bytes: Uint8Array): PullBatchesResponse {
  const message = decodeMessage('PullBatchesResponse', bytes, (b) => generated.PullBatchesResponse.decode(b));
  return {
    binlogs: message.binlogs.map((binlog) => ({
      startTs: fromInt64(binlog.startTs),
      commitTs: fromInt64(binlog.commitTs),
      payload: binlog.payload ?? new Uint8Array(),
    })),
    watermark: fromInt64(message.watermark),
  };
}

/**
 * The service `tidbjs.binlog.v1.PumpStream`: writes with a window of unacknowledged ones, and pulls in batches. A Pump
 * without it answers UNIMPLEMENTED. A position that was garbage-collected ends a pull with OUT_OF_RANGE.
 */
export const pumpStreamService = {
  writeBinlogs: {
    path: '/tidbjs.binlog.v1.PumpStream/WriteBinlogs',
    requestStream: true,
    responseStream: true,
    requestSerialize: encodeWriteBinlogsRequest,
    requestDeserialize: decodeWriteBinlogsRequest,
    responseSerialize: encodeWriteBinlogsResponse,
    responseDeserialize: decodeWriteBinlogsResponse,
  },
  pullBatches: {
    path: '/tidbjs.binlog.v1.PumpStream/PullBatches',
    requestStream: false,
    responseStream: true,
    requestSerialize: encodePullBatchesRequest,
    requestDeserialize: decodePullBatchesRequest,
    responseSerialize: encodePullBatchesResponse,
    responseDeserialize: decodePullBatchesResponse,
  },
} as const satisfies ServiceDefinition;
