import { jobStateName } from '../model/job-state.js';
import { type SchemaState, schemaStateName } from '../model/schema-state.js';
import type { Action, Edge } from './action.js';

/** An action's state tables as Markdown: the README is made of these, and so can be the page of a team's own action. */
export function stateTable(action: Action): string {
  const rows = [
    ...action.forward.map((edge) => row('forward', edge)),
    ...action.turn.map((edge) => row('turns round', edge)),
    ...action.rollback.map((edge) => row('back', edge)),
  ];
  const where = action.cancellable.map((state) => wordOf(action, state)).join(', ');
  const title = `**${action.name}** (${action.type}, ${action.queue} queue; can be cancelled and paused in: ${where})`;
  return [title, '', ...aligned([['way', 'from', 'to', 'job', 'version', 'what it does'], ...rows])].join('\n');
}

function row(way: string, edge: Edge): readonly string[] {
  const [from, to] = [schemaStateName(edge.from), schemaStateName(edge.to)];
  return [way, from, to, jobStateName(edge.job), edge.version ? '+1' : '', edge.does];
}

/** Columns under one another, as formatters of Markdown leave them. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
}

function wordOf(action: Action, state: SchemaState): string {
  return state === action.initial ? `${schemaStateName(state)} (not begun)` : schemaStateName(state);
}
