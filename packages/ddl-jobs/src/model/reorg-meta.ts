import type { ErrorObject } from './error-object.js';
import { isJsonObject, type Json } from './json.js';

/** How the session that submits a job converts values. A backfill, which runs elsewhere and later, follows it. */
export interface ReorgSession {
  /** The bits of its `sql_mode`, as MySQL numbers them. */
  readonly sqlMode: number;
  /** Its time zone: a name of the zone database, and how far that is, or a zone without a name is, east of UTC in seconds. */
  readonly location: { readonly name: string; readonly offset: number };
}

/** The member `reorg_meta` of a job that is submitted in that session, as TiDB 6.6 writes it. */
export function newReorgMeta({ sqlMode, location }: ReorgSession): Json {
  return {
    sql_mode: sqlMode,
    warnings: {},
    warnings_count: {},
    location: { name: location.name, offset: location.offset },
    reorg_tp: 0,
    is_dist_reorg: false,
  };
}

/** The session a `reorg_meta` speaks of; undefined when it does not. */
export function reorgSession(meta: Json): ReorgSession | undefined {
  if (!isJsonObject(meta) || meta.sql_mode === undefined) return undefined;
  const location = isJsonObject(meta.location) ? meta.location : {};
  return {
    sqlMode: Number(meta.sql_mode),
    location: { name: String(location.name ?? 'UTC'), offset: Number(location.offset ?? 0) },
  };
}

/** Warnings of one kind: the first of them, and how many there were. */
export interface CountedWarning {
  readonly warning: ErrorObject;
  readonly count: number;
}

/** What the backfill of a job warned of so far. */
export function reorgWarnings(meta: Json): readonly CountedWarning[] {
  if (!isJsonObject(meta) || !isJsonObject(meta.warnings)) return [];
  const counts = isJsonObject(meta.warnings_count) ? meta.warnings_count : {};
  return Object.entries(meta.warnings).map(([kind, warning]) => ({
    warning: warning as unknown as ErrorObject,
    count: Number(counts[kind] ?? 1),
  }));
}

/** `meta` once rows have been backfilled, by transactions as ours always are, with what that warned of. */
export function withReorg(meta: Json, warnings: readonly CountedWarning[]): Json {
  if (!isJsonObject(meta)) return meta;
  const first: Record<string, Json> = isJsonObject(meta.warnings) ? { ...meta.warnings } : {};
  const counts: Record<string, Json> = isJsonObject(meta.warnings_count) ? { ...meta.warnings_count } : {};
  for (const { warning, count } of warnings) {
    const kind = warning.rfccode ?? `${warning.class}:${warning.code}`;
    first[kind] ??= { ...warning };
    counts[kind] = Number(counts[kind] ?? 0) + count;
  }
  return { ...meta, warnings: first, warnings_count: counts, reorg_tp: byTransactions };
}

/** How rows were backfilled, by TiDB's numbers: 1 in transactions, 2 and 3 by TiDB's faster ways; 0 while none were. */
export function reorgType(meta: Json): number {
  return isJsonObject(meta) ? Number(meta.reorg_tp ?? 0) : 0;
}

/** TiDB's number for a backfill whose batches are ordinary transactions. */
const byTransactions = 1;
