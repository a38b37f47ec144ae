import type { ServiceDefinition } from '@grpc/grpc-js';
import { asBuffer } from './fields.js';
import { binlog as generated } from './generated/messages.js';
import { fromInt64, fromUint64, int64, uint64 } from './int64.js';
import { decodeMessage } from './messages.js';

/** One write: the bytes of a Binlog, for the cluster of that id. An empty payload asks whether the pump is there. */
export interface WriteBinlogReq {
  readonly clusterId: bigint;
  readonly payload: Uint8Array;
}

/** The answer to a write; a text that is not empty is an error. */
export interface WriteBinlogResp {
  readonly errmsg: string;
}

/** A position: since 2018 `offset` is a commit timestamp and `suffix` is 0. */
export interface Pos {
  readonly suffix: bigint;
  readonly offset: bigint;
}

/** Asks for everything above `startFrom.offset`. */
export interface PullBinlogReq {
  readonly clusterId: bigint;
  readonly startFrom: Pos;
}

/** A pulled binlog: the payload is a Binlog's bytes, its timestamps stand beside it (0 from a Pump before 2019). */
export interface Entity {
  readonly pos: Pos;
  readonly payload: Uint8Array;
  readonly startTs: bigint;
  readonly commitTs: bigint;
}

/** One message of a pull stream. */
export interface PullBinlogResp {
  readonly entity: Entity;
}

const zeroPos: Pos = { suffix: 0n, offset: 0n };
const noBytes = Buffer.alloc(0);

/** proto3: a zero is not written. */
function writtenInt64(value: bigint, field: string) {
  return value === 0n ? null : int64(value, field);
}

function writtenUint64(value: bigint, field: string) {
  return value === 0n ? null : uint64(value, field);
}

/** Encodes a write. */
export function encodeWriteBinlogReq(request: WriteBinlogReq): Buffer {
  const payload = request.payload.length === 0 ? null : request.payload;
  return asBuffer(
    generated.WriteBinlogReq.encode({ clusterID: writtenUint64(request.clusterId, 'clusterId'), payload }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodeWriteBinlogReq(bytes: Uint8Array): WriteBinlogReq {
  const message = decodeMessage('WriteBinlogReq', bytes, (buffer) => generated.WriteBinlogReq.decode(buffer));
  return {
    clusterId: fromUint64(message.clusterID),
    payload: message.payload.length === 0 ? noBytes : message.payload,
  };
}

/** Encodes the answer to a write. */
export function encodeWriteBinlogResp(response: WriteBinlogResp): Buffer {
  return asBuffer(generated.WriteBinlogResp.encode({ errmsg: response.errmsg || null }).finish());
}

/** @throws BinlogError `MALFORMED` */
export function decodeWriteBinlogResp(bytes: Uint8Array): WriteBinlogResp {
  return decodeMessage('WriteBinlogResp', bytes, (buffer) => generated.WriteBinlogResp.decode(buffer));
}

function posMessage(pos: Pos): generated.IPos {
  return { suffix: writtenUint64(pos.suffix, 'suffix'), offset: writtenInt64(pos.offset, 'offset') };
}

function posOf(message: generated.IPos | null | undefined): Pos {
  if (message === null || message === undefined) return zeroPos;
  return { suffix: fromUint64(message.suffix), offset: fromInt64(message.offset) };
}

/** Encodes a pull; the position is always written, as Go writes it. */
export function encodePullBinlogReq(request: PullBinlogReq): Buffer {
  const clusterID = writtenUint64(request.clusterId, 'clusterId');
  return asBuffer(generated.PullBinlogReq.encode({ clusterID, startFrom: posMessage(request.startFrom) }).finish());
}

/** @throws BinlogError `MALFORMED` */
export function decodePullBinlogReq(bytes: Uint8Array): PullBinlogReq {
  const message = decodeMessage('PullBinlogReq', bytes, (buffer) => generated.PullBinlogReq.decode(buffer));
  return { clusterId: fromUint64(message.clusterID), startFrom: posOf(message.startFrom) };
}

/** Encodes a pulled binlog; `pos` and `meta` are always written, as Go writes them. */
export function encodePullBinlogResp(response: PullBinlogResp): Buffer {
  const { entity } = response;
  return asBuffer(
    generated.PullBinlogResp.encode({
      entity: {
        pos: posMessage(entity.pos),
        payload: entity.payload.length === 0 ? null : entity.payload,
        meta: {
          startTs: writtenInt64(entity.startTs, 'startTs'),
          commitTs: writtenInt64(entity.commitTs, 'commitTs'),
        },
      },
    }).finish(),
  );
}

/** @throws BinlogError `MALFORMED` */
export function decodePullBinlogResp(bytes: Uint8Array): PullBinlogResp {
  const { entity } = decodeMessage('PullBinlogResp', bytes, (buffer) => generated.PullBinlogResp.decode(buffer));
  const payload = entity?.payload;
  return {
    entity: {
      pos: posOf(entity?.pos),
      payload: payload === null || payload === undefined || payload.length === 0 ? noBytes : payload,
      startTs: fromInt64(entity?.meta?.startTs),
      commitTs: fromInt64(entity?.meta?.commitTs),
    },
  };
}

/** The service `binlog.Pump`, for a grpc-js server or client. */
export const pumpService = {
  writeBinlog: {
    path: '/binlog.Pump/WriteBinlog',
    requestStream: false,
    responseStream: false,
    requestSerialize: encodeWriteBinlogReq,
    requestDeserialize: decodeWriteBinlogReq,
    responseSerialize: encodeWriteBinlogResp,
    responseDeserialize: decodeWriteBinlogResp,
  },
  pullBinlogs: {
    path: '/binlog.Pump/PullBinlogs',
    requestStream: false,
    responseStream: true,
    requestSerialize: encodePullBinlogReq,
    requestDeserialize: decodePullBinlogReq,
    responseSerialize: encodePullBinlogResp,
    responseDeserialize: decodePullBinlogResp,
  },
} as const satisfies ServiceDefinition;
