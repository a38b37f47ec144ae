import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { BinlogError } from '../errors.js';
import { decodeBinlog } from '../wire/binlog.js';
import { type PullBinlogResp, pumpService } from '../wire/pump.js';
import { type PullBatchesResponse, type PulledBinlog, pumpStreamService } from '../wire/pump-stream.js';

/** Some binlogs of one pump in ascending commit_ts, and up to where they are complete. */
export interface PulledBatch {
  readonly binlogs: readonly PulledBinlog[];
  readonly watermark: bigint;
}

/** Whether a pump has batches; learned from its first answer. */
export interface PullDoor {
  batches: boolean;
}

/**
 * One pull from a pump, from after a commit_ts, until the stream ends.
 *
 * @throws BinlogError `POSITION_GONE`, `WRONG_CLUSTER`, or `UNAVAILABLE` when a new connection may help.
 */
export async function* pull(
  client: Client,
  clusterId: bigint,
  after: bigint,
  door: PullDoor,
  signal: AbortSignal,
): AsyncGenerator<PulledBatch, void, undefined> {
  try {
    if (door.batches) yield* pullBatches(client, clusterId, after, signal);
    else yield* pullSingly(client, clusterId, after, signal);
  } catch (error) {
    const { code, details } = error as Partial<ServiceError>;
    if (door.batches && code === status.UNIMPLEMENTED) {
      door.batches = false;
      yield* pull(client, clusterId, after, door, signal);
      return;
    }
    throw pullError(code, details ?? String(error), error);
  }
}

async function* pullBatches(client: Client, clusterId: bigint, after: bigint, signal: AbortSignal) {
  const { path, requestSerialize, responseDeserialize } = pumpStreamService.pullBatches;
  const request = { clusterId, afterCommitTs: after, maxBatchBytes: 0 };
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const batch of call as AsyncIterable<PullBatchesResponse>) yield batch;
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

async function* pullSingly(client: Client, clusterId: bigint, after: bigint, signal: AbortSignal) {
  const { path, requestSerialize, responseDeserialize } = pumpService.pullBinlogs;
  const request = { clusterId, startFrom: { suffix: 0n, offset: after } };
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const { entity } of call as AsyncIterable<PullBinlogResp>) {
      const { payload } = entity;
      // Pumps before 2019 do not say the timestamps beside the payload.
      const { startTs, commitTs } = entity.commitTs === 0n ? decodeBinlog(payload) : entity;
      yield { binlogs: [{ startTs, commitTs, payload }], watermark: commitTs };
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

function pullError(code: number | undefined, details: string, cause: unknown): BinlogError {
  if (BinlogError.is(cause)) return cause;
  if (code === status.OUT_OF_RANGE) {
    return new BinlogError('POSITION_GONE', `${details}; take a fresh copy of the data and read from its timestamp`, {
      cause,
    });
  }
  if (details.includes('cluster ID are mismatch'))
    return new BinlogError('WRONG_CLUSTER', `${details}; check clusterId`, { cause });
  return new BinlogError('UNAVAILABLE', details, { cause });
}
