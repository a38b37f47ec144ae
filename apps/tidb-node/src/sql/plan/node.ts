import { setImmediate } from 'node:timers/promises';
import type { Snapshot, Transaction } from '../../storage/types.js';
import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import type { OrderItem } from '../parse/ast.js';
import type { Row } from '../types/value.js';
import type { ScopeColumn } from './scope.js';

/** What a plan runs with. */
export interface Runtime {
  readonly evaluation: Evaluation;
  /** Where rows are read: the transaction, or a snapshot. */
  readonly reader: Snapshot;
  /** Set for SELECT … FOR UPDATE: keys read are locked in it. */
  readonly lockIn?: Transaction | undefined;
  readonly signal: AbortSignal | undefined;
  /** Counts rows held in memory against the limit of a query. */
  hold(rows: readonly Row[]): void;
}

/** One line of EXPLAIN: name, rows estimated, task, object, information. */
export interface ExplainLine {
  readonly id: string;
  readonly rows: string;
  readonly task: string;
  readonly object: string;
  readonly info: string;
}

/** A step of a plan: rows with their columns. */
export interface Node {
  readonly columns: readonly ScopeColumn[];
  run(runtime: Runtime): AsyncIterable<readonly Row[]>;
  explain(): readonly ExplainLine[];
  /** At most one row, found by its key alone: one read gives all of it. */
  readonly isPoint?: boolean;
  /** The same step with its rows in this order, when it can give them so without a sort. */
  inOrder?(orderBy: readonly OrderItem[]): Node | undefined;
}

/** Lines of the steps below, indented under their parent. */
export function below(...lines: readonly (readonly ExplainLine[])[]): ExplainLine[] {
  return lines.flatMap((block, index) => {
    const last = index === lines.length - 1;
    return block.map((line, at) => ({
      ...line,
      id: `${at === 0 ? (last ? '└─' : '├─') : last ? '  ' : '│ '}${line.id}`,
    }));
  });
}

/** All rows of a step, counted against the memory limit. */
export async function collect(node: Node, runtime: Runtime): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of node.run(runtime)) {
    runtime.hold(batch);
    for (const row of batch) rows.push(row);
  }
  return rows;
}

/** The first row of a step, if it has one. */
export async function firstRow(node: Node, runtime: Runtime): Promise<Row[]> {
  for await (const [row] of node.run(runtime)) if (row !== undefined) return [row];
  return [];
}

const BATCH = 256;
/** So long a step may compute before others have their turn. */
const BREATH_MS = 10;

/** Lets other connections go on, and a KILL be heard, in the middle of long computing. */
export class Breath {
  private since = performance.now();

  constructor(private readonly signal: AbortSignal | undefined) {}

  /** Error 1317 when the statement was ended meanwhile. */
  async take(): Promise<void> {
    if (performance.now() - this.since < BREATH_MS) return;
    await setImmediate();
    if (this.signal?.aborted === true)
      throw this.signal.reason instanceof Error
        ? this.signal.reason
        : new SqlError(1317, 'Query execution was interrupted');
    this.since = performance.now();
  }
}

/** Rows in batches. */
export async function* batches(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (let at = 0; at < rows.length; at += BATCH) yield rows.slice(at, at + BATCH);
}
