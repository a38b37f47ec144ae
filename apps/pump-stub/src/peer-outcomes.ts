import { get as getByHttp } from 'node:http';
import { get as getByHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TlsOptions } from '@tidb-js/etcd-session';
import type { OutcomeSource, TransactionOutcome } from './outcome-source.js';
import type { NodeStatus } from './registry/node-status.js';

const answerMs = 2_000;
const listMs = 1_000;

export interface PeerOutcomesOptions {
  /** The Pumps of the registry. */
  readonly pumps: () => Promise<readonly NodeStatus[]>;
  readonly ownNodeId: () => string;
  readonly tls: TlsOptions | undefined;
}

/**
 * What other Pumps know of a transaction. A client that was not told whether a Pump took its Prewrite gives it to another one, which
 * then hears how it ended; the first is left with a Prewrite that never gets an end. So where no storage can be asked, the others
 * are. Only Pumps of this kind answer, and only for transactions that ended lately.
 */
export class PeerOutcomes implements OutcomeSource {
  #listed: { readonly atMs: number; readonly pumps: Promise<readonly NodeStatus[]> } | undefined;

  constructor(readonly options: PeerOutcomesOptions) {}

  async outcome(
    { startTs }: { readonly startTs: bigint },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<TransactionOutcome> {
    const own = this.options.ownNodeId();
    const peers = (await this.#pumps()).filter(({ nodeId, state }) => nodeId !== own && state !== 'offline');
    const ends = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const answers = await Promise.all(peers.map(({ host }) => this.#ask(host, startTs, ends).catch(() => undefined)));
    return (
      answers.find((answer) => answer !== undefined) ?? {
        kind: 'pending',
        reason:
          'its Commit or Rollback has not come, no other Pump knows how it ended, and no outcome source is configured',
      }
    );
  }

  /** Those that wait are asked for some at a time: the list is read once for all of them. */
  #pumps(): Promise<readonly NodeStatus[]> {
    const nowMs = performance.now();
    if (!this.#listed || nowMs - this.#listed.atMs > listMs) {
      this.#listed = { atMs: nowMs, pumps: this.options.pumps() };
    }
    return this.#listed.pumps;
  }

  /** @returns undefined when that Pump does not know. */
  async #ask(host: string, startTs: bigint, signal: AbortSignal): Promise<TransactionOutcome | undefined> {
    const { tls } = this.options;
    const path = `${endPath}${startTs}`;
    const answer = await new Promise<string | undefined>((resolve, reject) => {
      const request = tls
        ? getByHttps(`https://${host}${path}`, { ...pemOf(tls), signal, agent: false })
        : getByHttp(`http://${host}${path}`, { signal, agent: false });
      request.on('error', reject);
      request.on('response', (response) => {
        text(response).then((body) => resolve(response.statusCode === 200 ? body : undefined), reject);
      });
    });
    return answer === undefined ? undefined : parseEnd(answer);
  }
}

function pemOf({ ca, cert, key }: TlsOptions): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(ca !== undefined && { ca: Buffer.from(ca) }),
    ...(cert !== undefined && { cert: Buffer.from(cert) }),
    ...(key !== undefined && { key: Buffer.from(key) }),
  };
}

/** Where a Pump is asked how a transaction ended: this and its start_ts. */
export const endPath = '/end/';

/** How a transaction ended, in the text that Pumps tell each other: its commit_ts, or 0 when it was rolled back. */
export function formatEnd(commitTs: bigint): string {
  return `{"commitTs":"${commitTs}"}`;
}

function parseEnd(body: string): TransactionOutcome | undefined {
  const digits = /^\{"commitTs":"(\d{1,19})"\}$/.exec(body)?.[1];
  if (digits === undefined) return undefined;
  const commitTs = BigInt(digits);
  return commitTs === 0n ? { kind: 'rolled-back' } : { kind: 'committed', commitTs };
}
