import { Client, credentials } from '@grpc/grpc-js';
import {
  decodeBinlog,
  decodePrewriteValue,
  type PrewriteValue,
  type PulledBinlog,
  pumpStreamService,
} from '@tidb-js/binlog/wire';
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

/** A Pump takes any bytes as the changes; some programs that try a Pump out send other things. */
function changesOf(bytes: Uint8Array | undefined): PrewriteValue | undefined {
  if (!bytes?.length) return undefined;
  try {
    return decodePrewriteValue(bytes);
  } catch {
    return undefined;
  }
}

function line(pulled: PulledBinlog, asJson: boolean): string {
  const binlog = decodeBinlog(pulled.payload);
  const kind = pulled.startTs === pulled.commitTs ? 'fake' : binlog.ddlJobId > 0n ? 'ddl' : 'dml';
  const query = binlog.ddlQuery && Buffer.from(binlog.ddlQuery).toString();
  const value = changesOf(binlog.prewriteValue);
  const tables = value?.mutations.map((mutation) => ({
    tableId: String(mutation.tableId),
    inserted: mutation.insertedRows.length,
    updated: mutation.updatedRows.length,
    deleted: mutation.deletedRows.length,
  }));
  const facts = {
    commitTs: String(pulled.commitTs),
    startTs: String(pulled.startTs),
    kind,
    ...(query && { ddlJobId: String(binlog.ddlJobId), query }),
    ...(value && { schemaVersion: String(value.schemaVersion), tables }),
  };
  if (asJson) return JSON.stringify(facts);
  const changes = tables?.map(
    (table) => `table ${table.tableId} +${table.inserted} ~${table.updated} -${table.deleted}`,
  );
  return [facts.commitTs, kind, query ?? changes?.join(', ') ?? ''].join('\t').trimEnd();
}
