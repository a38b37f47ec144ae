import { SqlError } from '../errors.js';
import { commonType, convertTo } from '../functions/control.js';
import type { Expression, Union } from '../parse/ast.js';
import type { Row } from '../types/value.js';
import { compile } from './compile.js';
import { batches, below, collect, type Node, type Runtime } from './node.js';
import { type SortKey, sortRows } from './order.js';
import type { Planner } from './planner.js';
import { distinctKey, firstTime, limited, limitOf, planQuery } from './query.js';
import { Scope, type ScopeColumn } from './scope.js';

/** Plans a UNION, EXCEPT or INTERSECT. */
export function planSetOperation(union: Union, planner: Planner, outer: Scope | undefined): Node {
  const left = planQuery(union.left, planner, outer);
  const right = planQuery(union.right, planner, outer);
  if (left.columns.length !== right.columns.length) {
    throw new SqlError(1222, 'The used SELECT statements have a different number of columns');
  }
  const columns = left.columns.map(
    (column, index): ScopeColumn => ({
      db: '',
      table: '',
      orgTable: '',
      name: column.name,
      orgName: column.name,
      type: commonType([column.type, right.columns[index]?.type ?? column.type]),
    }),
  );
  const scope = new Scope(columns);
  const keys: SortKey[] = union.orderBy.map(({ expression, descending }) => {
    const index =
      expression.kind === 'literal' && typeof expression.value === 'bigint' ? Number(expression.value) - 1 : undefined;
    const column = index === undefined ? undefined : columns[index];
    const e: Expression = column === undefined ? expression : { kind: 'column', name: column.name, text: column.name };
    return { compiled: compile(e, planner.context(scope, 'order clause')), descending };
  });
  const limit = limitOf(union.limit, planner);
  async function* rowsOf(side: Node, runtime: Runtime): AsyncGenerator<Row[]> {
    for await (const batch of side.run(runtime)) {
      yield batch.map((row) =>
        row.map((value, index) => convertTo(value, columns[index]?.type ?? left.columns[0]?.type ?? commonType([]))),
      );
    }
  }
  async function* merged(runtime: Runtime): AsyncGenerator<readonly Row[]> {
    const isPicked = union.operator === 'union' ? undefined : await pickedBy(rowsOf(right, runtime), runtime);
    const isNew = firstTime();
    for (const side of union.operator === 'union' ? [left, right] : [left]) {
      for await (const batch of rowsOf(side, runtime)) {
        const fresh = batch.filter((row) => {
          if (union.all && union.operator === 'union') return true;
          const key = distinctKey(row, columns);
          return (isPicked === undefined || isPicked(key)) && (union.all || isNew(key));
        });
        if (fresh.length > 0) yield fresh;
      }
    }
  }
  /** Which rows of the left side EXCEPT or INTERSECT leaves: with ALL each row on the right counts for one on the left. */
  async function pickedBy(rows: AsyncIterable<readonly Row[]>, runtime: Runtime): Promise<(key: string) => boolean> {
    const counts = new Map<string, number>();
    for await (const batch of rows) {
      runtime.hold(batch);
      for (const row of batch) {
        const key = distinctKey(row, columns);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return (key) => {
      const count = counts.get(key) ?? 0;
      if (union.all && count > 0) counts.set(key, count - 1);
      return count > 0 === (union.operator === 'intersect');
    };
  }
  return {
    columns,
    async *run(runtime) {
      if (keys.length === 0) {
        yield* limited(merged(runtime), limit);
        return;
      }
      const all = await collect({ columns, run: merged, explain: () => [] }, runtime);
      const withKeys = all.map((row) => [...row, ...keys.map((key) => key.compiled.evaluate(row, runtime.evaluation))]);
      yield* limited(
        batches(sortRows(withKeys, keys, columns.length).map((row) => row.slice(0, columns.length))),
        limit,
      );
    },
    explain: () => [
      { id: unionName(union), rows: '10000.00', task: 'root', object: '', info: '' },
      ...below(left.explain(), right.explain()),
    ],
  };
}

function unionName({ operator, all }: Union): string {
  if (operator === 'union') return all ? 'Union' : 'HashAgg';
  return operator === 'except' ? 'HashJoin(anti semi)' : 'HashJoin(semi)';
}
