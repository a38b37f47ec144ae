import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { compare } from './compare.js';
import { EtcdError } from './errors.js';
import type { EtcdClient } from './etcd-client.js';
import { op } from './op.js';
import { persist } from './persist.js';
import type { CallOptions, Op, OpResult, OutcomeMarker, Txn, TxnResult } from './types.js';

const defaultWithinMs = 30_000;
const pauseMs = 100;

type Branch = 'success' | 'failure';

/** The marker as it stood before a try, and what the try writes into it. */
interface Try {
  readonly id: string;
  readonly markerRevision: bigint;
}

/**
 * Makes a change once, and finds out by reading back what became of a try whose answer was lost.
 *
 * The change travels in a transaction with a unique value for the marker, under the condition that the marker is as it was read before. So
 * the marker tells whether the change happened, at which revision, and by which branch; and whoever writes the marker instead takes
 * care that a try which etcd has not had yet will never happen.
 */
export async function resolveUnknown(
  client: EtcdClient,
  request: Op,
  { resolveUnknown: marker, signal, timeoutMs }: CallOptions & { readonly resolveUnknown: OutcomeMarker },
): Promise<OpResult> {
  const txn = asTxn(request);
  const withinMs = marker.withinMs ?? defaultWithinMs;
  const limit = AbortSignal.any([AbortSignal.timeout(withinMs), ...(signal ? [signal] : [])]);
  const call = { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) };
  for (;;) {
    const attempt = { id: randomUUID(), markerRevision: await readMarker(client, marker, limit) };
    try {
      const { succeeded, results } = await client.txn(guarded(txn, marker, attempt), call);
      const [result] = results;
      if (succeeded && result?.kind === 'txn') return asAnswered(request, withoutMarker(result));
    } catch (caught) {
      const error = EtcdError.from(caught);
      if (!error.outcomeUnknown || error.code === 'ABORTED') throw error;
      const found = await readBack(client, marker, attempt, limit, error);
      if (found !== undefined) return asAnswered(request, await reconstruct(client, txn, found, limit, error));
    }
    // It did not happen and will not: another call wrote the marker, or the try was lost on its way.
    await pause(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: limit }).catch(() => undefined);
    if (limit.aborted) throw notDone(`it was tried in vain for ${withinMs} ms`, limit.reason);
  }
}

function notDone(why: string, cause: unknown): EtcdError {
  return new EtcdError('UNAVAILABLE', `resolveUnknown: nothing was changed: ${why}`, { retryable: true, cause });
}

/**
 * The change as a transaction of puts and deletes.
 *
 * @throws EtcdError `INVALID_ARGUMENT` for what cannot be told from its traces: what it read, and what it replaced.
 */
function asTxn(request: Op): Txn {
  const txn = request.kind === 'txn' ? request.txn : { success: [request] };
  for (const each of [...(txn.success ?? []), ...(txn.failure ?? [])]) {
    const untold =
      each.kind === 'range' || each.kind === 'txn'
        ? `holds a ${each.kind === 'txn' ? 'nested transaction' : 'read'}`
        : each.options.prevKv && 'asks for prevKv';
    if (untold) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `resolveUnknown: the request ${untold}, whose answer cannot be had again once it is lost; leave that out, or read it in a call of its own`,
      );
    }
  }
  return txn;
}

function guarded(txn: Txn, marker: OutcomeMarker, { id, markerRevision }: Try): Txn {
  const mark = (branch: Branch) => [...(txn[branch] ?? []), putMarker(marker, `${branch} ${id}`)];
  const marked = { ...txn, success: mark('success'), failure: mark('failure') };
  return { compare: [compare.mod(marker.key, '=', markerRevision)], success: [op.txn(marked)] };
}

function putMarker({ key, lease }: OutcomeMarker, value: string): Op {
  return op.put(key, value, lease === undefined ? {} : { lease });
}

/** The marker's revision; a marker that is not there is made, so that one which goes later cannot pass for untouched. */
async function readMarker(client: EtcdClient, marker: OutcomeMarker, limit: AbortSignal): Promise<bigint> {
  const absent = compare.create(marker.key, '=', 0n);
  const make = {
    compare: [absent],
    success: [putMarker(marker, '')],
    failure: [op.get(marker.key, { keysOnly: true })],
  };
  try {
    const { results, revision } = await persist(limit, () => client.txn(make, { signal: limit }));
    const [seen] = results;
    return seen?.kind === 'range' ? (seen.kvs[0]?.modRevision ?? 0n) : revision;
  } catch (error) {
    const { code, rawMessage } = EtcdError.from(error);
    throw new EtcdError(code, `resolveUnknown: nothing was changed: ${rawMessage}`, { cause: error });
  }
}

interface Found {
  readonly branch: Branch;
  readonly revision: bigint;
}

/** What became of a try: where it happened, or undefined when it did not and never will. Throws `unknown` when that cannot be found out. */
async function readBack(
  client: EtcdClient,
  marker: OutcomeMarker,
  { id, markerRevision }: Try,
  limit: AbortSignal,
  unknown: EtcdError,
): Promise<Found | undefined> {
  const untouched = compare.mod(marker.key, '=', markerRevision);
  const settle = { compare: [untouched], success: [putMarker(marker, `void ${id}`)], failure: [op.get(marker.key)] };
  const answer = await persist(limit, () => client.txn(settle, { signal: limit })).catch(() => undefined);
  if (answer?.succeeded) return undefined;
  const [seen] = answer?.results ?? [];
  const kv = seen?.kind === 'range' ? seen.kvs[0] : undefined;
  const [what, whose] = kv?.value.toString().split(' ') ?? [];
  // A marker that was deleted, or has been written by another call since, tells nothing.
  if (kv === undefined || whose !== id) throw unknown;
  // An earlier one of the answers that did not come.
  if (what === 'void') return undefined;
  return { branch: what === 'success' ? 'success' : 'failure', revision: kv.modRevision };
}

/** The answer that was lost: the revision is the marker's, and what was deleted is counted just before it. */
async function reconstruct(
  client: EtcdClient,
  txn: Txn,
  { branch, revision }: Found,
  limit: AbortSignal,
  unknown: EtcdError,
): Promise<TxnResult> {
  const before = { revision: revision - 1n, countOnly: true, signal: limit };
  const results: OpResult[] = [];
  for (const each of txn[branch] ?? []) {
    if (each.kind !== 'delete') {
      results.push({ kind: 'put', prevKv: undefined, revision });
      continue;
    }
    const counted = await persist(limit, () => client.range(each.key, before)).catch(() => undefined);
    if (counted === undefined) throw unknown;
    results.push({ kind: 'delete', deleted: counted.count, prevKvs: [], revision });
  }
  return { kind: 'txn', succeeded: branch === 'success', results, revision };
}

function withoutMarker(result: TxnResult): TxnResult {
  return { ...result, results: result.results.slice(0, -1) };
}

/** A single change's answer out of that of its transaction. */
function asAnswered(request: Op, result: TxnResult): OpResult {
  return request.kind === 'txn' ? result : (result.results[0] ?? result);
}
