import { SqlError } from './errors.js';
import type { Expression, Query } from './parse/ast.js';
import { mapExpression, some } from './plan/walk.js';
import { toDouble } from './types/number.js';
import { toText } from './types/text.js';
import type { SqlValue } from './types/value.js';

/** A lock of the cluster that somebody holds. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Takes the lock of a name in the whole cluster, waiting until `signal` aborts. */
export type LockTaker = (name: string, signal: AbortSignal) => Promise<HeldLock>;

type Call = Extract<Expression, { kind: 'call' }>;

/** The longest that GET_LOCK waits, in milliseconds, where it is told to wait for ever. */
const LONGEST_WAIT = 3_600_000;
/** GET_LOCK with no time to wait still asks the cluster: it takes what is free in this many milliseconds. */
const SHORTEST_WAIT = 500;
const NAMES = new Set(['get_lock', 'release_lock', 'release_all_locks']);

/** The locks that a session took by GET_LOCK. A lock taken twice is to be released twice. */
export class UserLocks {
  private readonly held = new Map<string, { readonly lock: HeldLock; count: number }>();

  constructor(private readonly take: LockTaker | undefined) {}

  /** Runs those of a SELECT list, see {@link UserLocks.runIn}. */
  async run(query: Query, values: readonly SqlValue[], signal: AbortSignal | undefined): Promise<Query> {
    if (query.kind !== 'select') return query;
    const written = query.items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : []));
    const made = await this.runIn(written, values, signal);
    if (made === written) return query;
    const left = made.values();
    const items = query.items.map((item) =>
      item.kind === 'expression' ? { ...item, expression: left.next().value ?? item.expression } : item,
    );
    return { ...query, items };
  }

  /**
   * Runs GET_LOCK, RELEASE_LOCK and RELEASE_ALL_LOCKS of some expressions, in their order, and puts their results in their places. Calls whose
   * arguments are no literals or parameters are left.
   *
   * @throws SqlError 3057 for a name that is none, 1317 when the statement is killed meanwhile.
   */
  async runIn(
    expressions: readonly Expression[],
    values: readonly SqlValue[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Expression[]> {
    const calls: Call[] = [];
    for (const expression of expressions) {
      some(expression, (part) => {
        if (part.kind === 'call' && NAMES.has(part.name)) calls.push(part);
        return false;
      });
    }
    if (this.take === undefined || calls.length === 0) return expressions;
    const results = new Map<Expression, Expression>();
    for (const call of calls) {
      const args = call.args.map((each) => constantOf(each, values));
      if (args.some((each) => each === undefined)) continue;
      const value = await this.call(call.name, args as SqlValue[], this.take, signal);
      results.set(call, { kind: 'literal', literal: 'integer', value, text: call.text });
    }
    return expressions.map((expression) => mapExpression(expression, (part) => results.get(part)));
  }

  /** Releases all; how many there were, counted as often as they were taken. */
  async releaseAll(): Promise<bigint> {
    const all = [...this.held.values()];
    this.held.clear();
    await Promise.all(all.map(({ lock }) => lock.release()));
    return BigInt(all.reduce((sum, { count }) => sum + count, 0));
  }

  private call(name: string, args: readonly SqlValue[], take: LockTaker, signal?: AbortSignal): Promise<bigint> {
    if (args.length !== (name === 'get_lock' ? 2 : name === 'release_lock' ? 1 : 0))
      throw new SqlError(1582, `Incorrect parameter count in the call to native function '${name}'`);
    if (name === 'release_all_locks') return this.releaseAll();
    const lock = lockName(args[0] ?? null);
    return name === 'release_lock' ? this.release(lock) : this.get(lock, args[1] ?? null, take, signal);
  }

  private async get(name: string, wait: SqlValue, take: LockTaker, signal?: AbortSignal): Promise<bigint> {
    const mine = this.held.get(name);
    if (mine !== undefined) {
      mine.count++;
      return 1n;
    }
    const seconds = wait === null ? 0 : toDouble(wait, () => undefined);
    const ms = seconds < 0 ? LONGEST_WAIT : Math.min(Math.max(seconds * 1000, SHORTEST_WAIT), LONGEST_WAIT);
    const late = AbortSignal.timeout(ms);
    try {
      const lock = await take(name, signal === undefined ? late : AbortSignal.any([late, signal]));
      if (signal?.aborted === true) {
        await lock.release();
        throw signal.reason;
      }
      this.held.set(name, { lock, count: 1 });
      return 1n;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (late.aborted) return 0n;
      throw error;
    }
  }

  private async release(name: string): Promise<bigint> {
    const mine = this.held.get(name);
    if (mine === undefined) return 0n;
    if (--mine.count === 0) {
      this.held.delete(name);
      await mine.lock.release();
    }
    return 1n;
  }
}

function constantOf(e: Expression, values: readonly SqlValue[]): SqlValue | undefined {
  if (e.kind === 'literal') return e.value;
  return e.kind === 'parameter' ? (values[e.index] ?? null) : undefined;
}

/** Names do not tell case apart. */
function lockName(value: SqlValue): string {
  const name = value === null ? '' : toText(value);
  if (name === '' || name.length > 64)
    throw new SqlError(3057, `Incorrect user-level lock name '${value === null ? 'NULL' : name}'.`);
  return name.toLowerCase();
}
