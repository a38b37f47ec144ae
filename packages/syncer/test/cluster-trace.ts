import { readFileSync } from 'node:fs';
import type { WatchEvent } from '@tidb-js/etcd-session';
import { tidbKeys } from '../src/schema-keys.js';

/** A put or a delete, as a watch saw it. */
interface TraceEvent {
  readonly op: 'put' | 'delete';
  readonly key: string;
  readonly value?: string;
  readonly rev: string;
  readonly lease?: boolean;
}

/** What etcd saw of one statement in a real cluster. */
interface Trace {
  readonly name: string;
  readonly events: readonly TraceEvent[];
}

/** What happened to one version, from its raise to the next one's. */
interface Step {
  readonly version: bigint;
  /** The raise of the global version. */
  readonly raise: string;
  /** Keys of reports and their values; two nodes may report in either order. */
  readonly reports: readonly string[];
  /** Keys that were removed. */
  readonly removed: readonly string[];
  /** Whether all that was removed went at one revision, after the last report. */
  readonly removedAtOnce: boolean;
}

/** Statements of a cluster of two TiDB servers (v6.6/7.0), most of them with metadata lock. */
export const traces: readonly Trace[] = JSON.parse(
  readFileSync(new URL('fixtures/cluster-traces.json', import.meta.url), 'utf8'),
).cases;

/** TiDB v6.6 also writes each version under job 0, which nobody waits for; later versions do so only without metadata lock. */
export const isReload = ({ key }: TraceEvent): boolean => key.startsWith(`${tidbKeys.jobVersions}/0/`);

export function traceOf({ type, kv }: WatchEvent): TraceEvent {
  const at = { key: kv.key.toString(), rev: String(kv.modRevision) };
  return type === 'delete'
    ? { op: 'delete', ...at }
    : { op: 'put', ...at, value: kv.value.toString(), lease: kv.lease !== 0n };
}

/** Splits a trace at the raises of the global version. */
export function perVersion(events: readonly TraceEvent[]): (readonly TraceEvent[])[] {
  const starts = events.flatMap(({ key }, index) => (key === tidbKeys.globalVersion ? [index] : []));
  if (starts[0] !== 0) throw new Error('the trace does not begin with the raise of a version');
  return starts.map((start, index) => events.slice(start, starts[index + 1]));
}

/** What the events of one version come to. */
export function stepOf([raise, ...rest]: readonly TraceEvent[]): Step {
  const reports = rest.filter(({ op }) => op === 'put');
  const removals = rest.filter(({ op }) => op === 'delete');
  const removedAt = new Set(removals.map(({ rev }) => rev));
  return {
    version: BigInt(raise?.value ?? ''),
    raise: `${raise?.op} ${raise?.key} = ${raise?.value}`,
    reports: reports.map(({ key, value }) => `${key} = ${value}`).sort(),
    removed: removals.map(({ key }) => key).sort(),
    removedAtOnce: removedAt.size <= 1 && rest.slice(0, reports.length).every(({ op }) => op === 'put'),
  };
}

/** The last parts of the keys that nodes wrote: who took part. */
export function nodesOf(events: readonly TraceEvent[]): string[] {
  const written = events.filter(({ key }) => key !== tidbKeys.globalVersion);
  return [...new Set(written.map(({ key }) => key.slice(key.lastIndexOf('/') + 1)))].sort();
}

/** The job that nodes reported a version for; `undefined` without metadata lock. */
export function jobOf({ reports }: Step): bigint | undefined {
  const job = /all_schema_by_job_versions\/(\d+)\//.exec(reports[0] ?? '')?.[1];
  return job === undefined ? undefined : BigInt(job);
}
