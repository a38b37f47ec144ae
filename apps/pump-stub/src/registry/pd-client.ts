import { type ChannelCredentials, Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { PumpError } from '../errors.js';
import type { TimestampSource } from '../timestamp-source.js';

const callMs = 5_000;

// The part of PD's protocol that a Pump needs: who leads, what the cluster's id is, and timestamps.
const { root } = protobuf.parse(`
  syntax = "proto3";
  package pdpb;
  message RequestHeader { uint64 cluster_id = 1; }
  message Error { int32 type = 1; string message = 2; }
  message ResponseHeader { uint64 cluster_id = 1; Error error = 2; }
  message Member { string name = 1; repeated string client_urls = 4; }
  message GetMembersRequest { RequestHeader header = 1; }
  message GetMembersResponse { ResponseHeader header = 1; repeated Member members = 2; Member leader = 3; }
  message Timestamp { int64 physical = 1; int64 logical = 2; }
  message TsoRequest { RequestHeader header = 1; uint32 count = 2; }
  message TsoResponse { ResponseHeader header = 1; uint32 count = 2; Timestamp timestamp = 3; }
`);
const messages = {
  membersRequest: root.lookupType('pdpb.GetMembersRequest'),
  membersResponse: root.lookupType('pdpb.GetMembersResponse'),
  tsoRequest: root.lookupType('pdpb.TsoRequest'),
  tsoResponse: root.lookupType('pdpb.TsoResponse'),
};

interface Header {
  readonly clusterId?: string;
  readonly error?: { readonly message?: string };
}
interface Members {
  readonly header?: Header;
  readonly leader?: { readonly clientUrls?: readonly string[] };
}
interface Tso {
  readonly header?: Header;
  readonly timestamp?: { readonly physical?: string; readonly logical?: string };
}

/** What a PD says of its cluster. */
export interface PdCluster {
  readonly clusterId: bigint;
  /** `host:port` of the member that hands out timestamps. */
  readonly leader: string;
}

/**
 * Asks the addresses in turn for the cluster's id and leader.
 *
 * @returns undefined when one answers that it is no PD: then they are an etcd's.
 * @throws PumpError `REGISTRY_FAILED` when none answers.
 */
export async function findPd(
  addresses: readonly string[],
  tls: ChannelCredentials | undefined,
): Promise<PdCluster | undefined> {
  let failure: unknown;
  for (const address of addresses) {
    const client = new Client(address, tls ?? credentials.createInsecure());
    try {
      const answer = await getMembers(client);
      const url = answer.leader?.clientUrls?.[0];
      if (answer.header?.clusterId && url) return { clusterId: BigInt(answer.header.clusterId), leader: hostOf(url) };
      failure = new Error(`${address} names no leader`);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 12) return undefined;
      failure = error;
    } finally {
      client.close();
    }
  }
  throw new PumpError(
    'REGISTRY_FAILED',
    `neither PD nor etcd answers at ${addresses.join(', ')}: ${String(failure)}; check --pd-urls`,
    { cause: failure },
  );
}

/** Takes `http://host:port` and `host:port`. */
export function hostOf(url: string): string {
  return url.replace(/^\w+:\/\//, '').replace(/\/+$/, '');
}

function getMembers(client: Client): Promise<Members> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/pdpb.PD/GetMembers',
      (request: object) => Buffer.from(messages.membersRequest.encode(request).finish()),
      (bytes: Buffer): Members => decode(messages.membersResponse, bytes),
      { header: {} },
      { deadline: Date.now() + callMs },
      (error, answer) => {
        if (error) reject(error);
        else resolve(answer ?? {});
      },
    );
  });
}

function decode<T>(type: protobuf.Type, bytes: Buffer): T {
  return type.toObject(type.decode(bytes), { longs: String }) as T;
}

type TsoStream = ClientDuplexStream<object, Tso>;

/** PD's oracle. Timestamps are asked for over one stream to the leader, which is found again when it moves. */
export class PdTimestampSource implements TimestampSource {
  #connection: { client: Client; stream: TsoStream } | undefined;
  #leader: string;
  readonly #waiting: { resolve: (ts: bigint) => void; reject: (error: PumpError) => void }[] = [];

  constructor(
    readonly cluster: PdCluster,
    readonly addresses: readonly string[],
    readonly tls?: ChannelCredentials,
  ) {
    this.#leader = cluster.leader;
  }

  async next(options: { readonly signal: AbortSignal }): Promise<bigint> {
    options.signal.throwIfAborted();
    const { stream } = this.#connect();
    return new Promise<bigint>((resolve, reject) => {
      const late = setTimeout(() => this.#fail(new Error(`no timestamp within ${callMs} ms`)), callMs);
      const settle = (): void => {
        clearTimeout(late);
        options.signal.removeEventListener('abort', aborted);
      };
      // Its answer still comes, and must not be taken for the next one's: the place in the row stays.
      const aborted = (): void => {
        settle();
        reject(options.signal.reason);
      };
      options.signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push({
        resolve: (ts) => {
          settle();
          resolve(ts);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      stream.write({ header: { clusterId: String(this.cluster.clusterId) }, count: 1 });
    });
  }

  async close(): Promise<void> {
    this.#fail(new PumpError('CLOSED', 'the timestamp source is closed'));
  }

  #connect(): { client: Client; stream: TsoStream } {
    if (this.#connection) return this.#connection;
    const client = new Client(this.#leader, this.tls ?? credentials.createInsecure());
    const stream: TsoStream = client.makeBidiStreamRequest(
      '/pdpb.PD/Tso',
      (request: object) => Buffer.from(messages.tsoRequest.encode(messages.tsoRequest.fromObject(request)).finish()),
      (bytes: Buffer): Tso => decode(messages.tsoResponse, bytes),
    );
    stream.on('data', (answer: Tso) => this.#take(answer));
    stream.on('error', (error) => this.#fail(error));
    stream.on('end', () => this.#fail(new Error('PD ended the stream of timestamps')));
    this.#connection = { client, stream };
    return this.#connection;
  }

  #take(answer: Tso): void {
    const refused = answer.header?.error?.message;
    if (refused || !answer.timestamp) {
      this.#fail(new Error(refused ?? 'PD sent no timestamp'));
      return;
    }
    const { physical = '0', logical = '0' } = answer.timestamp;
    this.#waiting.shift()?.resolve((BigInt(physical) << 18n) + BigInt(logical));
  }

  #fail(cause: unknown): void {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new PumpError('REGISTRY_FAILED', `no timestamp from PD at ${this.#leader}: ${String(cause)}`, { cause }));
    }
    if (!connection) return;
    connection.stream.cancel();
    connection.client.close();
    // Leadership may have moved: the next call goes to whoever leads then.
    findPd(this.addresses, this.tls).then(
      (found) => {
        if (found) this.#leader = found.leader;
      },
      () => {},
    );
  }
}
