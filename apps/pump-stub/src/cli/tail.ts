import { Client, credentials } from '@grpc/grpc-js';
import { type PulledBinlog, pumpStreamService } from '@tidb-js/binlog/wire';
import { describeBinlog } from '../describe-binlog.js';
import { PumpError } from '../errors.js';

interface TailOptions {
  readonly addr: string;
  readonly clusterId?: string;
  readonly from: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints what a Pump holds after a commit_ts. Without `follow` it ends at the watermark that the Pump had at the start. */
export async function tail(options: TailOptions): Promise<void> {
  if (!/^\d+$/.test(options.from)) {
    throw new PumpError(
      'INVALID_OPTION',
      `from is ${JSON.stringify(options.from)}: it must be a timestamp, a whole number`,
    );
  }
  const status = await statusOf(options.addr);
  const clusterId = BigInt(options.clusterId ?? numberIn(status, 'clusterId'));
  const until = BigInt(numberIn(status, 'CommitTS'));
  const after = BigInt(options.from);
  if (!options.follow && after >= until) return;
  const client = new Client(options.addr, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = pumpStreamService.pullBatches;
  const request = { clusterId, afterCommitTs: after, maxBatchBytes: 0 };
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  try {
    for await (const batch of stream) {
      for (const binlog of batch.binlogs) process.stdout.write(`${line(binlog, options.json === true)}\n`);
      if (!options.follow && batch.watermark >= until) return;
    }
  } finally {
    stream.on('error', () => {});
    stream.cancel();
    client.close();
  }
}

async function statusOf(address: string): Promise<string> {
  try {
    const answer = await fetch(`http://${address}/status`, { signal: AbortSignal.timeout(5000) });
    return await answer.text();
  } catch (cause) {
    throw new PumpError('REGISTRY_FAILED', `no Pump answers at ${address}: ${String(cause)}; check --addr`, { cause });
  }
}

function numberIn(json: string, key: string): string {
  const digits = new RegExp(`"${key}":(\\d+)`).exec(json)?.[1];
  if (digits === undefined)
    throw new PumpError('INVALID_OPTION', `the Pump does not tell its ${key}; set --cluster-id`);
  return digits;
}

function line({ payload }: PulledBinlog, asJson: boolean): string {
  const facts = describeBinlog(payload);
  if (asJson) return JSON.stringify(facts);
  const changes = facts.tables?.map(
    (table) => `table ${table.tableId} +${table.inserted} ~${table.updated} -${table.deleted}`,
  );
  return [facts.commitTs, facts.kind, facts.query ?? changes?.join(', ') ?? ''].join('\t').trimEnd();
}
