import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js';
import { cisternService } from '@tidb-js/binlog/wire';
import { PumpError } from '../errors.js';
import type { NodeStatus } from './node-status.js';

const tries = 3;
const totalMs = 10_000;
const pauseMs = 500;

/**
 * Tells every drainer that is online of a new Pump, so that none emits past binlogs that the new Pump will hold.
 *
 * @throws PumpError `NOTIFY_FAILED` naming the drainer that could not be told.
 */
export async function notifyDrainers(
  drainers: readonly NodeStatus[],
  tls: ChannelCredentials | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const online = drainers.filter(({ state }) => state === 'online');
  await Promise.all(online.map((drainer) => notify(drainer, tls, signal)));
}

async function notify(
  drainer: NodeStatus,
  tls: ChannelCredentials | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + totalMs;
  let failure: unknown;
  for (let attempt = 0; attempt < tries && Date.now() < deadline; attempt++) {
    try {
      await callNotify(drainer.host, tls, deadline);
      return;
    } catch (error) {
      failure = error;
      await sleep(pauseMs, undefined, signal && { signal });
    }
  }
  throw new PumpError(
    'NOTIFY_FAILED',
    `fail to notify all living drainer: ${drainer.nodeId} at ${drainer.host} does not answer (${String(failure)}); ` +
      'start it, or set its state to paused or offline',
    { cause: failure },
  );
}

function callNotify(host: string, tls: ChannelCredentials | undefined, deadline: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = cisternService.notify;
  const client = new Client(host, tls ?? credentials.createInsecure());
  return new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, { deadline }, (error) => {
      client.close();
      if (error) reject(error);
      else resolve();
    });
  });
}
