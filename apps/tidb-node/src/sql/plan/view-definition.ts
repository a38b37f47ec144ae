import type { Query, Select, SelectItem, TableReference } from '../parse/ast.js';
import { restoreQuery } from '../parse/restore.js';
import { planFrom } from './from.js';
import type { Planner } from './planner.js';
import { expandItems } from './query.js';

/** The text that a view keeps: what `*` means now, and the database of each table, whatever changes later. */
export function viewDefinition(query: Query, planner: Planner, database: string): string {
  return restoreQuery(explicit(query, planner), database);
}

function explicit(query: Query, planner: Planner): Query {
  return planner.withCommon(query.with, undefined, () => {
    if (query.kind === 'union')
      return { ...query, left: explicit(query.left, planner), right: explicit(query.right, planner) };
    return explicitSelect(query, planner);
  });
}

function explicitSelect(select: Select, planner: Planner): Select {
  const { from } = select;
  const columns = from === undefined ? [] : planFrom(from, planner, []).columns;
  const items = select.items.flatMap((item): SelectItem[] =>
    expandItems([item], columns, from !== undefined).map(({ expression, name }) => ({
      kind: 'expression',
      expression,
      alias: name,
    })),
  );
  return { ...select, items, from: from === undefined ? undefined : explicitFrom(from, planner) };
}

function explicitFrom(from: TableReference, planner: Planner): TableReference {
  switch (from.kind) {
    case 'table':
      return from;
    case 'derived':
      return { ...from, query: explicit(from.query, planner) };
    case 'join':
      return { ...from, left: explicitFrom(from.left, planner), right: explicitFrom(from.right, planner) };
  }
}
